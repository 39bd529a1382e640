"""Which elements of two lists belong together. A plan does not tell lists from sets."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from services.comparison import alignment
from services.comparison.rows import UNKNOWN, compact

#: What objects in lists are commonly known by, most telling first.
_LONGEST_NAME = 80
_IDENTITIES = ("name", "id", "key", "sid", "Name", "Id", "Key", "Sid", "address", "address_prefix")


@dataclass(frozen=True)
class Match:
    """One element: its position on either side, or None. ``moved`` when only its place differs."""

    left: int | None
    right: int | None
    moved: bool = False


def match(left: list[Any], right: list[Any], touched: set[str | int]) -> list[Match]:
    """Return the elements of both lists in reading order.

    Objects are matched by what names them, if that is unique on both sides; others by being equal.
    ``touched`` are positions whose values look alike but are known to differ.
    """
    identity = _identity(left, right)
    if identity is not None:
        return _by_identity(left, right, identity)
    ours = [_token(value, at, touched) for at, value in enumerate(left)]
    theirs = [_token(value, at, touched) for at, value in enumerate(right)]
    pairs, moved = alignment.with_moves(alignment.align(ours, theirs), ours, theirs)
    matches = [Match(i, j, moved=j in moved) for i, j in pairs]
    return _joined_in_gaps(matches, left, right)


def name_of(element: Any) -> str:
    """Return what an object in a list is commonly called by, or nothing."""
    if not isinstance(element, dict):
        return ""
    values = (element.get(name) for name in _IDENTITIES)
    found = next((v for v in values if isinstance(v, str) and v not in {"", "(sensitive)"}), "")
    return found if len(found) <= _LONGEST_NAME else ""


def _identity(left: list[Any], right: list[Any]) -> str | None:
    elements = [*left, *right]
    if not left or not right or not all(isinstance(e, dict) for e in elements):
        return None
    for name in _IDENTITIES:
        if _names_all(name, left) and _names_all(name, right):
            shared = {e[name] for e in left} & {e[name] for e in right}
            if shared:
                return name
    return None


def _names_all(name: str, elements: list[dict[str, Any]]) -> bool:
    values = [element.get(name) for element in elements]
    if not all(isinstance(value, str | int) and value != "(sensitive)" for value in values):
        return False
    return len(set(values)) == len(values)


def _by_identity(left: list[Any], right: list[Any], identity: str) -> list[Match]:
    place = {element[identity]: at for at, element in enumerate(left)}
    origins = [place.get(element[identity]) for element in right]
    staying = _longest_rising([i for i in origins if i is not None])
    kept = set(origins)
    gone = [Match(i, None) for i in range(len(left)) if i not in kept]
    come: list[Match] = []
    matches: list[Match] = []
    # Between two that stay: first what is gone from there, then what came or moved there.
    for j, i in enumerate([*origins, None]):
        if i in staying or j == len(right):
            before = [m for m in gone if i is None or (m.left or 0) < i]
            gone = gone[len(before) :]
            matches += _renamed(before, come, (left, right), identity)
            come = []
        if j < len(right):
            (matches if i in staying else come).append(Match(i, j, moved=i not in {None, *staying}))
    return matches


def _renamed(
    gone: list[Match], come: list[Match], sides: tuple[list[Any], list[Any]], identity: str
) -> list[Match]:
    """Take one that went and the one that came in its place as the same, if the rest is alike."""
    if len(gone) == len(come) == 1 and come[0].left is None:
        old, new = sides[0][gone[0].left or 0], sides[1][come[0].right or 0]
        others = (old.keys() | new.keys()) - {identity}
        alike = sum(old.get(key) == new.get(key) for key in others)
        if alike * 2 >= len(others):
            return [Match(gone[0].left, come[0].right)]
    return gone + come


def _longest_rising(numbers: list[int]) -> set[int]:
    """Return a longest increasing subsequence: the elements that need not have moved."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(tails, number)
        before[number] = tails[at - 1] if at else None
        tails[at : at + 1] = [number]
    rising = set()
    last: int | None = tails[-1] if tails else None
    while last is not None:
        rising.add(last)
        last = before[last]
    return rising


def _token(value: Any, at: int, touched: set[str | int]) -> str:
    return f"\0{at}" if value is UNKNOWN or at in touched else compact(value)


def _joined_in_gaps(matches: list[Match], left: list[Any], right: list[Any]) -> list[Match]:
    """Between two equal elements, take objects gone and objects come, in order, as changed."""
    joined: list[Match] = []
    gone: list[Match] = []
    come: list[Match] = []
    for item in [*matches, Match(-1, -1)]:
        if item.right is None:
            gone.append(item)
        elif item.left is None:
            come.append(item)
        else:
            joined += _joined(gone, come, left, right)
            gone, come = [], []
            joined.append(item)
    return joined[:-1]


def _joined(gone: list[Match], come: list[Match], left: list[Any], right: list[Any]) -> list[Match]:
    joined: list[Match] = []
    while gone and come and _alike(left[gone[0].left or 0], right[come[0].right or 0]):
        joined.append(Match(gone.pop(0).left, come.pop(0).right))
    return joined + gone + come


def _alike(left: Any, right: Any) -> bool:
    if right is UNKNOWN:
        return True
    return isinstance(left, dict | list) and type(left) is type(right)
