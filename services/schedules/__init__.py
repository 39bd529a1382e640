"""Schedules: runs that start by themselves at planned times, and a ledger of every one of them."""

from services.schedules.firing import Key, Settled, due, settle
from services.schedules.inputs import request_of, variables_of
from services.schedules.kept import (
    NewSchedule,
    ScheduleLine,
    create,
    delete,
    edit,
    get,
    line_of,
    page,
    scope_of,
    when_of,
)
from services.schedules.timing import Look, look, lost_zone, upcoming, words_of
from services.schedules.verbs import (
    LedgerLine,
    forget,
    ledger,
    pause,
    resume,
    run_now,
    skip_next,
    skipped_ahead,
    take_back,
)

__all__ = [
    "Key",
    "LedgerLine",
    "Look",
    "NewSchedule",
    "ScheduleLine",
    "Settled",
    "create",
    "delete",
    "due",
    "edit",
    "forget",
    "get",
    "ledger",
    "line_of",
    "look",
    "lost_zone",
    "page",
    "pause",
    "request_of",
    "resume",
    "run_now",
    "scope_of",
    "settle",
    "skip_next",
    "skipped_ahead",
    "take_back",
    "upcoming",
    "variables_of",
    "when_of",
    "words_of",
]
