"""Lists of runs in other orders than newest first: for programs, by key in each of them.

Runs are ordered by when they were made, or by when they ended; the latter are those that have.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement

from lib import clock
from models import run_lists
from services.access import Actor
from services.errors import Invalid
from services.page import LONGEST_PAGE
from services.runs import listing
from services.runs.filters import RunFilter
from services.runs.listing import RunLine
from services.transaction import session


class Order(StrEnum):
    """What a list is ordered by; a minus puts the latest first."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    LATEST = "-finished_at"
    EARLIEST = "finished_at"

    @property
    def is_by_end(self) -> bool:
        """Whether it is by when runs ended."""
        return self in {Order.LATEST, Order.EARLIEST}

    @property
    def is_descending(self) -> bool:
        """Whether the latest come first."""
        return self.value.startswith("-")


@dataclass(frozen=True)
class Place:
    """Where a page begins: after this run, which ended then (or never, when that is no matter)."""

    run_id: str
    ended_at: dt.datetime | None = None


@dataclass(frozen=True)
class OrderedPage:
    """Some runs in an order, and where the next ones begin, or None."""

    lines: Sequence[RunLine]
    next: Place | None


def order_of(text: str) -> Order:
    """The order that a query names.

    Raises:
        Invalid: when there is no such order.
    """
    try:
        return Order(text or Order.NEWEST)
    except ValueError:
        raise Invalid({"sort": f"Say one of: {', '.join(Order)}."}) from None


def page(
    actor: Actor, narrowed: RunFilter, order: Order, *, after: Place | None, limit: int
) -> OrderedPage:
    """One page of the runs that the actor sees, as the filter narrows them, in an order.

    Raises:
        Invalid: when a search by text, which looks back from now, is asked for in another order.
    """
    if narrowed.q and order is not Order.NEWEST:
        raise Invalid({"sort": "A search by text goes with -created_at only."})
    found = listing.where(actor, narrowed)
    if found is None:
        return OrderedPage((), None)
    limit = max(1, min(limit, LONGEST_PAGE))
    query = run_lists.lines(
        RunLine._fields,
        [*found.where, *_beyond(order, after)],
        found.arms,
        newest_first=order.is_descending,
        by_end=order.is_by_end,
        limit=limit + 1,
    )
    rows = [RunLine._make(row) for row in session().execute(query)]
    kept = rows[:limit]
    following = Place(kept[-1].id, kept[-1].finished_at) if len(rows) > limit else None
    return OrderedPage(kept, following)


def _beyond(order: Order, after: Place | None) -> list[ColumnElement[bool]]:
    """The conditions that an order and the place of a page put on runs."""
    conditions = [run_lists.ended()] if order.is_by_end else []
    if after is None:
        return conditions
    if order.is_by_end:
        at, earlier = after.ended_at or clock.now(), order.is_descending
        return [*conditions, run_lists.ended_beyond(at, after.run_id, earlier=earlier)]
    side = run_lists.older_than if order.is_descending else run_lists.newer_than
    return [side(after.run_id)]
