"""Terraform's sensitivity masks: hiding values before anything else sees them.

A mask is ``true`` (all of it), ``false``, or an object or list of masks beside the value's own
shape. What was or becomes sensitive is hidden on both sides: a value that ceases to be sensitive
stays hidden on the left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engines.base import Json, JsonPath

SENSITIVE = "(sensitive)"
#: Deeper values than this are kept as they are or hidden whole: recursion must end.
DEEPEST = 120


@dataclass
class Hidden:
    """Both sides of a change without sensitive values, and where those were."""

    before: Json
    after: Json
    paths: list[JsonPath] = field(default_factory=list)
    changed: list[JsonPath] = field(default_factory=list)


def hide(before: Json, after: Json, before_mask: Json, after_mask: Json) -> Hidden:
    """Return both sides with every value under either mask replaced by ``(sensitive)``."""
    mask = union(before_mask, after_mask)
    paths: dict[JsonPath, None] = {}
    hidden = Hidden(_hide(before, mask, (), paths), _hide(after, mask, (), paths))
    hidden.paths = list(paths)
    hidden.changed = [p for p in paths if value_at(before, p) != value_at(after, p)]
    return hidden


def union(left: Json, right: Json, depth: int = 0) -> Json:
    """Return the mask that hides what either hides; None when that is nothing."""
    left, right = left or None, right or None
    if left is True or right is True:
        return True
    if left is None and right is None:
        return None
    if depth > DEEPEST:
        return True
    if isinstance(left or {}, dict) and isinstance(right or {}, dict):
        left, right = left or {}, right or {}
        merged = {k: union(left.get(k), right.get(k), depth + 1) for k in {**left, **right}}
        return {k: mask for k, mask in merged.items() if mask is not None} or None
    if isinstance(left or [], list) and isinstance(right or [], list):
        left, right = left or [], right or []
        longest = max(len(left), len(right))
        masks = [union(_at(left, i), _at(right, i), depth + 1) for i in range(longest)]
        return masks if any(mask is not None for mask in masks) else None
    # The value changed its shape: hide all of it, if anything in it is to be hidden.
    return True if union(left, None) is not None or union(right, None) is not None else None


def texts(value: Json, mask: Json) -> Iterator[str]:
    """Every text that is marked by itself, not only as part of something that is hidden whole.

    A set with one sensitive member is marked whole; its other members are no secrets elsewhere.
    """
    if mask is True and isinstance(value, str):
        yield value
    elif isinstance(mask, dict) and isinstance(value, dict):
        for key, inner in mask.items():
            yield from texts(value.get(key), inner)
    elif isinstance(mask, list) and isinstance(value, list):
        for item, inner in zip(value, mask, strict=False):
            yield from texts(item, inner)


def marked(mask: Json, path: JsonPath = ()) -> list[JsonPath]:
    """Return the places at which a mask is ``true``."""
    if mask is True:
        return [path]
    if len(path) > DEEPEST:
        return []
    if isinstance(mask, dict):
        return [p for key, inner in mask.items() for p in marked(inner, (*path, key))]
    if isinstance(mask, list):
        return [p for at, inner in enumerate(mask) for p in marked(inner, (*path, at))]
    return []


def value_at(value: Json, path: JsonPath) -> Json:
    """Return what stands at a path, or None when there is nothing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _hide(value: Json, mask: Json, path: JsonPath, paths: dict[JsonPath, None]) -> Json:
    if mask is None or value is None:
        return value
    if isinstance(mask, dict) and isinstance(value, dict):
        return {k: _hide(v, mask.get(k), (*path, k), paths) for k, v in value.items()}
    if isinstance(mask, list) and isinstance(value, list):
        return [_hide(v, _at(mask, i), (*path, i), paths) for i, v in enumerate(value)]
    # Masked as a whole, or by a mask of another shape than the value has.
    paths[path] = None
    return SENSITIVE


def _at(items: list[Json], index: int) -> Json:
    return items[index] if index < len(items) else None
