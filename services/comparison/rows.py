"""What a comparison is made of: rows with a left and a right cell. Pure data, ready for a page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

#: A place inside a value: keys and list positions.
Path = tuple[str | int, ...]

#: A longer value is cut in its cell.
LONGEST_CELL = 64 << 10
#: A structure that stands in one cell is cut much sooner: nobody reads it there.
LONGEST_COMPACT = 2_000
_DEEPEST_COMPACT = 200


class Missing:
    """The type of the two values that are no value."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


#: There is nothing on this side.
ABSENT = Missing("ABSENT")
#: The value is known after apply.
UNKNOWN = Missing("UNKNOWN")

CellKind = Literal["string", "number", "bool", "null", "unknown", "sensitive", "group", "line"]
RowKind = Literal["value", "group", "line"]
Action = Literal["add", "remove", "change", "same", "reordered"]


@dataclass(frozen=True)
class Cell:
    """One side of a row. ``marks`` are the ranges that differ; ``cut`` characters are left out."""

    text: str
    kind: CellKind
    cut: int = 0
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Row:
    """One line of the comparison.

    A ``group`` has its parts in the deeper rows that follow. ``form`` says how the parts were read
    (object, list, json, yaml, text), ``note`` why there is no more to see. ``folded`` rows are
    unchanged: a page keeps them closed.
    """

    path: Path
    depth: int
    label: str
    left: Cell | None
    right: Cell | None
    kind: RowKind
    action: Action
    form: str = ""
    note: str = ""
    forces_replacement: bool = False
    unknown: bool = False
    sensitive: bool = False
    sensitive_changed: bool = False

    @property
    def folded(self) -> bool:
        """Whether nothing changes here."""
        return self.action == "same"


@dataclass(frozen=True)
class Comparison:
    """All rows of a change. ``unchanged`` counts attributes; ``cut_short``: rows are missing."""

    rows: tuple[Row, ...]
    unchanged: int = 0
    cut_short: bool = False


def cell(value: Any, *, sensitive: bool = False) -> Cell | None:
    """Return the cell that shows a value; None for nothing."""
    if value is ABSENT:
        return None
    if value is UNKNOWN:
        return Cell("(known after apply)", "unknown")
    if sensitive and value is not None:
        return Cell("(sensitive value)", "sensitive")
    if isinstance(value, str):
        return text_cell(value, "string")
    if isinstance(value, dict | list):
        return text_cell(compact(value), "group", LONGEST_COMPACT)
    return Cell(json.dumps(value), _scalar_kind(value))


def _scalar_kind(value: Any) -> CellKind:
    if value is None:
        return "null"
    return "bool" if isinstance(value, bool) else "number"


def text_cell(text: str, kind: CellKind, longest: int = LONGEST_CELL) -> Cell:
    """Return a cell with at most ``longest`` characters of a text."""
    return Cell(printable(text[:longest]), kind, max(0, len(text) - longest))


def printable(text: str) -> str:
    """Return the text without halves of surrogate pairs, which no page could carry."""
    return text.encode("utf-8", "replace").decode()


def compact(value: Any) -> str:
    """Return a structure on one line, with what is missing said in words."""
    return json.dumps(_plain(value, 0), ensure_ascii=False, sort_keys=True)


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEEPEST_COMPACT:
        return "…"
    if isinstance(value, Missing):
        return "(known after apply)" if value is UNKNOWN else None
    if isinstance(value, dict):
        return {str(k): _plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v, depth + 1) for v in value]
    return value
