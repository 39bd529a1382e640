"""The client: every noun and verb of a portal, from anywhere, over its API.

It imports nothing of the server, so that it starts quickly; `cli.GROUPS` names its modules.
"""
