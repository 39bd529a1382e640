"""Strings: as the structure they hold, line by line, or as they are."""

from __future__ import annotations

import json
from typing import Any

import yaml

from services.comparison.alignment import Pair, align
from services.comparison.rows import Cell, printable

#: Larger pairs are not compared.
LARGEST_PAIR = 256 << 10
_LARGEST_YAML = 64 << 10
_DEEPEST_YAML = 50
_LONGEST_LINE = 4_000
_LONGEST_NUMBER = 400

# The C parser is some twenty times as quick; a Python without it does with the other.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NotSimple(ValueError):
    """YAML whose meaning hangs on more than its nesting."""


class _Loader(_Base):  # type: ignore[misc]  # its library has no types
    """Safe YAML without dates: they would be no JSON, and 2024-01-01 should stay what it is."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))
    ]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def structures(left: str | None, right: str | None) -> tuple[str, Any, Any] | None:
    """Return ``json`` or ``yaml`` and what the strings hold, or None when they are but text.

    Both must hold an object or a list of the same kind; a side that is None is passed through.
    """
    for form, read in (("json", _json), ("yaml", _yaml)):
        values = [None if text is None else read(text) for text in (left, right)]
        found = [value for value in values if value is not None]
        wanted = sum(text is not None for text in (left, right))
        if len(found) == wanted and len({type(value) for value in found}) == 1:
            if form == "yaml" and _comments(left) != _comments(right):
                # Compared as structures, a changed comment would go unseen.
                return None
            return form, values[0], values[1]
    return None


def line_pairs(left: str | None, right: str | None) -> tuple[list[str], list[str], list[Pair]]:
    """Return both texts' lines and which belong together; changed ones stand side by side."""
    ours, theirs = _lines(left), _lines(right)
    if all(not lines or lines[-1] == "" for lines in (ours, theirs)):
        ours, theirs = ours[:-1], theirs[:-1]
    pairs: list[Pair] = []
    gone: list[int] = []
    come: list[int] = []
    for i, j in [*align(ours, theirs), (-1, -1)]:
        if i is not None and j is not None:
            pairs += _side_by_side(gone, come)
            gone, come = [], []
            pairs.append((i, j))
        elif i is not None:
            gone.append(i)
        elif j is not None:
            come.append(j)
    return ours, theirs, pairs[:-1]


def marked(left: str, right: str, kind: Any) -> tuple[Cell, Cell]:
    """Return the cells of a changed string, with what differs between common beginning and end."""
    one, other = printable(left[:_LONGEST_LINE]), printable(right[:_LONGEST_LINE])
    cut = (max(0, len(left) - _LONGEST_LINE), max(0, len(right) - _LONGEST_LINE))
    shortest = min(len(one), len(other))
    head = next((n for n in range(shortest) if one[n] != other[n]), shortest)
    rest = shortest - head
    tail = next((n for n in range(rest) if one[-1 - n] != other[-1 - n]), rest)
    # Words with nothing in common are clearer without marks.
    if not head and not tail:
        return Cell(one, kind, cut[0]), Cell(other, kind, cut[1])
    ends = [(head, len(text) - tail) for text in (one, other)]
    marks = [(end,) if end[0] < end[1] else () for end in ends]
    return Cell(one, kind, cut[0], marks[0]), Cell(other, kind, cut[1], marks[1])


def _side_by_side(gone: list[int], come: list[int]) -> list[Pair]:
    paired = min(len(gone), len(come))
    pairs: list[Pair] = list(zip(gone, come, strict=False))
    pairs += [(i, None) for i in gone[paired:]]
    pairs += [(None, j) for j in come[paired:]]
    return pairs


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.split("\n")


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value = json.loads(text, parse_int=_number)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and value else None


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _yaml(text: str) -> Any:
    """Return the structure of simple YAML: one document, no anchors, no tags, no merging."""
    if "\n" not in text.strip() or ":" not in text or len(text) > _LARGEST_YAML:
        return None
    try:
        value = _simple_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return None
    return value if isinstance(value, dict | list) else None


def _simple_yaml(text: str) -> Any:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _NotSimple
        if getattr(event, "tag", None):
            raise _NotSimple
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_YAML:
            raise _NotSimple
    value = yaml.load(text, Loader=_Loader)  # noqa: S506 - the loader is a safe one
    json.dumps(value, allow_nan=False)
    return value


def _comments(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").split("\n") if line.lstrip().startswith("#")]
