"""A page of a list: some rows, and where the next ones begin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
LONGEST_PAGE = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of a list. `next` is the key after which the next page begins, or None at the end."""

    items: Sequence[T]
    next: str | None = None


def cut(rows: Sequence[T], limit: int, key: Callable[[T], str]) -> Page[T]:
    """A page of at most `limit` rows, made of a query that asked for one more than that."""
    if len(rows) <= limit:
        return Page(rows)
    kept = rows[:limit]
    return Page(kept, key(kept[-1]))
