"""Repositories: what they are linked to, what their services say, what that starts, what is told.

A delivery is kept first (`deliveries`), then dealt with (`processing`) by the rules of the links
(`rules`); what a run does is told to its commit and its pull request (`reports`).
"""
