"""E-mail triggers: addresses to which people write to start runs."""

from services.email_triggers.changing import (
    Change,
    NewTrigger,
    create,
    delete,
    edit,
    pause,
    resume,
    rotate,
)
from services.email_triggers.reading import TriggerLine, address_of, find, get, lines, of_places
from services.email_triggers.rules import SENDER_KINDS, TYPES

__all__ = [
    "SENDER_KINDS",
    "TYPES",
    "Change",
    "NewTrigger",
    "TriggerLine",
    "address_of",
    "create",
    "delete",
    "edit",
    "find",
    "get",
    "lines",
    "of_places",
    "pause",
    "resume",
    "rotate",
]
