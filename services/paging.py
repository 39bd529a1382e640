"""Lists read by key: each page is one query, however long the list."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Select

from services.page import LONGEST_PAGE, Page, cut
from services.transaction import session

T = TypeVar("T")
USUAL_PAGE = 50


def fetch(
    rows: Select[*tuple[Any, ...]],
    key: Any,
    *,
    after: str | None,
    limit: int,
    line: Callable[..., T],
    key_of: Callable[[T], str],
) -> Page[T]:
    """One page of `rows`, which are ordered by `key` ascending; `line` makes an item of a row.

    `limit` is held between 1 and 200.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    if after is not None:
        rows = rows.where(key > after)
    found = session().execute(rows.limit(limit + 1)).all()
    return cut([line(*row) for row in found], limit, key_of)
