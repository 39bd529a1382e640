"""The mail room of a test's house: its domain, its keys, its server."""

from contextlib import contextmanager
from dataclasses import replace

from integrations.mail import smtp
from services.house import MailRoom, house, move_in

DOMAIN = "in.example.com"


@contextmanager
def furnished(**room):
    """The house with this mail room, until the block ends."""
    before = house()
    server = room.pop("url", None)
    usual = {"domain": DOMAIN, "sender": f"Gantry <gantry@{DOMAIN}>"}
    found = MailRoom(**(usual | room), server=smtp.server(server) if server else None)
    move_in(replace(before, mail=found))
    try:
        yield found
    finally:
        move_in(before)
