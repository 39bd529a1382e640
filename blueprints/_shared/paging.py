"""Cursors: opaque outside, a few checked values inside."""

import base64
import binascii
import json
from typing import Any

from flask import request

from services.errors import Invalid, Unreadable
from services.page import LONGEST_PAGE

DEFAULT_LIMIT = 50
LONGEST_CURSOR = 1024


def encode(*parts: str | int) -> str:
    """A cursor that holds these values."""
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, *types: type) -> tuple[Any, ...]:
    """The values of a cursor, which must be of these types.

    Raises:
        Unreadable: when it is not one of ours.
    """
    try:
        padded = cursor[:LONGEST_CURSOR] + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        parts = None
    is_ours = isinstance(parts, list) and [type(part) for part in parts] == list(types)
    if not is_ours:
        raise Unreadable("The cursor is not one that Gantry gave. Start from the first page.")
    return tuple(parts)


def after() -> str | None:
    """The key after which the asked-for page begins, from `?cursor=`."""
    cursor = request.args.get("cursor", "")
    return decode(cursor, str)[0] if cursor else None


def limit(default: int = DEFAULT_LIMIT) -> int:
    """How many rows are asked for, from `?limit=`.

    Raises:
        Invalid: when it is no number from 1 to 200.
    """
    text = request.args.get("limit", "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= LONGEST_PAGE):
        raise Invalid({"limit": f"Say a number from 1 to {LONGEST_PAGE}."})
    return int(text)
