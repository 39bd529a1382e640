"""Lists of runs for programs: their order and their cursors."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from blueprints._shared import current, paging
from services.errors import Unreadable
from services.runs import listing, ordered
from services.runs.filters import RunFilter
from services.runs.listing import Cursor, RunLine
from services.runs.ordered import Order, Place


@dataclass(frozen=True)
class Lines:
    """A page of a list, and the cursor of the next one, or None."""

    lines: Sequence[RunLine]
    next: str | None


def page(wanted: RunFilter) -> Lines:
    """The page that the query asks for.

    Raises:
        Invalid: when there is no such order.
        Unreadable: when the cursor is of another list.
    """
    order = ordered.order_of(request.args.get("sort", ""))
    if order is Order.NEWEST:
        return _newest(wanted)
    found = ordered.page(current.actor(), wanted, order, after=_place(order), limit=paging.limit())
    return Lines(found.lines, _cursor(order, found.next) if found.next else None)


def _newest(wanted: RunFilter) -> Lines:
    after = paging.after()
    cursor = Cursor(after) if after else None
    found = listing.page(current.actor(), wanted, cursor=cursor, limit=paging.limit())
    return Lines(found.lines, paging.encode(found.older.run_id) if found.older else None)


def _cursor(order: Order, place: Place) -> str:
    at = place.ended_at.isoformat() if place.ended_at and order.is_by_end else ""
    return paging.encode(order.value, at, place.run_id)


def _place(order: Order) -> Place | None:
    text = request.args.get("cursor", "")
    if not text:
        return None
    of, at, run_id = paging.decode(text, str, str, str)
    try:
        ended_at = dt.datetime.fromisoformat(at) if at else None
    except ValueError:
        ended_at = None
    if of != order or (ended_at is None) == order.is_by_end:
        raise Unreadable("This cursor is of a list in another order. Start from the first page.")
    return Place(run_id, ended_at)
