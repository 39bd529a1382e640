"""Rows for values that have no parts, or whose parts are lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from services.comparison import lists, texts
from services.comparison.rows import (
    ABSENT,
    LONGEST_COMPACT,
    UNKNOWN,
    Action,
    Cell,
    Path,
    Row,
    cell,
    compact,
    text_cell,
)


@dataclass(frozen=True)
class Place:
    """Where the walk is: the path on either side, how deep, and what the row is called."""

    left: Path
    right: Path
    depth: int
    label: str
    in_list: bool = False

    def child(self, key: str) -> Place:
        """Return the place of an object's attribute."""
        return Place((*self.left, key), (*self.right, key), self.depth + 1, key)

    def element(self, match: lists.Match) -> Place:
        """Return the place of a list's element, called by where it is, or was."""
        left, right = match.left, match.right
        at = right if right is not None else left or 0
        ours = (*self.left, at if left is None else left)
        theirs = (*self.right, at)
        if left is None:
            ours = theirs
        if right is None:
            theirs = ours
        return Place(ours, theirs, self.depth + 1, f"[{at}]", in_list=True)


def value(left: Any, right: Any, place: Place, action: Action, *, sensitive: bool) -> Row:
    """Return the row of a value shown whole on either side."""
    ours = None if action == "add" and left is None else left
    cells = (
        None if ours is None and action == "add" else cell(ours, sensitive=sensitive),
        cell(right, sensitive=sensitive),
    )
    texts_changed = action == "change" and isinstance(left, str) and isinstance(right, str)
    if texts_changed and not sensitive:
        cells = texts.marked(left, right, "string")
    row = Row(place.right, place.depth, place.label, *cells, "value", action)
    return replace(row, unknown=right is UNKNOWN, sensitive=sensitive)


def set_aside(left: Any, right: Any, place: Place, action: Action) -> Row:
    """Return the row of a value that is not compared; of each side its beginning."""
    cells = (_beginning(left), _beginning(right))
    return Row(place.right, place.depth, place.label, *cells, "value", action)


def too_large(left: Any, right: Any) -> str:
    """Say that a pair of strings is not compared, and how large they are."""
    ours, theirs = (
        f"{len(s) / 1024:,.0f} KB" if isinstance(s, str) else "nothing" for s in (left, right)
    )
    return f"too large to compare here ({ours} → {theirs})"


def lines(left: Any, right: Any, place: Place, action: Action) -> Iterator[Row]:
    """Yield the group row of a text and a row for each of its lines, called by their numbers."""
    one = left if isinstance(left, str) else None
    other = right if isinstance(right, str) else None
    ours, theirs, pairs = texts.line_pairs(one, other)
    counts = (
        None if one is None else Cell(_many(len(ours), "line"), "group"),
        None if other is None else Cell(_many(len(theirs), "line"), "group"),
    )
    yield Row(place.right, place.depth, place.label, *counts, "group", action, form="text")
    for i, j in pairs:
        number = str((j if j is not None else i or 0) + 1)
        before = None if i is None else ours[i]
        after = None if j is None else theirs[j]
        yield _line(Place(place.left, place.right, place.depth + 1, number), before, after)


def counted(side: Any, *, null_is_unset: bool) -> Cell | None:
    """Return a cell that says how many parts a structure has."""
    if isinstance(side, list):
        return Cell(_many(len(side), "element"), "group")
    if isinstance(side, dict):
        unset = sum(part is None for part in side.values()) if null_is_unset else 0
        return Cell(_many(len(side) - unset, "attribute"), "group")
    return None


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _line(place: Place, left: str | None, right: str | None) -> Row:
    cells = (
        None if left is None else text_cell(left, "line"),
        None if right is None else text_cell(right, "line"),
    )
    if left is None or right is None:
        action: Action = "add" if left is None else "remove"
    elif left == right:
        action = "same"
    else:
        action = "change"
        cells = texts.marked(left, right, "line")
    return Row(place.right, place.depth, place.label, *cells, "line", action)


def _beginning(side: Any) -> Cell | None:
    if side is ABSENT or side is None:
        return None
    if isinstance(side, str):
        return text_cell(side, "string", LONGEST_COMPACT)
    return text_cell(compact(side), "group", LONGEST_COMPACT)
