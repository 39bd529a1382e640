"""A change record as rows with a left and a right side.

Pure: a record of the change document in, rows out. Whatever the values are, it ends soon, and it
raises nothing: what cannot be compared here says so in a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.comparison.rows import ABSENT, Cell, Comparison, Path, Row
from services.comparison.walk import Marks, Walk

__all__ = ["Cell", "Comparison", "Row", "compare", "compare_values"]

_TOO_DEEP = "too deeply nested to compare here"


def compare(record: Mapping[str, Any]) -> Comparison:
    """Compare the two sides of a change, a drift or an output record of the change document."""
    marks = Marks(
        unknown=_paths(record.get("unknown")),
        sensitive=_paths(record.get("sensitive")),
        changed=_paths(record.get("sensitive_changed")),
        replace=_paths(record.get("replace_paths")),
        null_is_unset="address" in record,
    )
    action = record.get("action")
    before, after = record.get("before"), record.get("after")
    left = ABSENT if before is None and action in {"create", "read"} else before
    right = ABSENT if after is None and action in {"delete", "forget"} else after
    return _walked(left, right, marks, str(record.get("name") or "value"))


def compare_values(left: Any, right: Any, label: str = "value") -> Comparison:
    """Compare two plain values, of a Spec for instance; strings of JSON or YAML as structures."""
    return _walked(left, right, Marks(), label)


def _walked(left: Any, right: Any, marks: Marks, label: str) -> Comparison:
    walk = Walk(marks)
    try:
        return walk.compare(left, right, label)
    except RecursionError:
        row = Row((), 0, label, None, None, "value", "change", note=_TOO_DEEP)
        return Comparison((row,), cut_short=True)


def _paths(raw: Any) -> frozenset[Path]:
    paths = raw if isinstance(raw, list | tuple) else []
    return frozenset(tuple(path) for path in paths if isinstance(path, list | tuple))
