"""Received mail: taken in, looked at, answered, listed, forgotten."""

from services.emails.intake import KIND, take_in
from services.emails.keeping import forget
from services.emails.listing import EmailLine, Headers, Query, get, headers_of, may_read, page
from services.emails.processing import give_up, process
from services.emails.trying import Trial, run_pasted, try_out

__all__ = [
    "KIND",
    "EmailLine",
    "Headers",
    "Query",
    "Trial",
    "forget",
    "get",
    "give_up",
    "headers_of",
    "may_read",
    "page",
    "process",
    "run_pasted",
    "take_in",
    "try_out",
]
