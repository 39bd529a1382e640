"""The walk through both sides of a change, from the outside in."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from services.comparison import leaves, lists, texts
from services.comparison.leaves import Place
from services.comparison.rows import ABSENT, UNKNOWN, Action, Comparison, Missing, Path, Row

#: Beyond these a comparison is cut short: no page shows, and no reader reads, more of one change.
MOST_ROWS = 4_000
MOST_UNCHANGED_ROWS = 600
DEEPEST = 60
_FORMATTING = "formatting only"


@dataclass(frozen=True)
class Marks:
    """The places of which the change document says something; ``changed`` ones are sensitive.

    In a resource an attribute that is null is one that is not set, and goes without saying.
    """

    unknown: frozenset[Path] = frozenset()
    sensitive: frozenset[Path] = frozenset()
    changed: frozenset[Path] = frozenset()
    replace: frozenset[Path] = frozenset()
    null_is_unset: bool = False


class Walk:
    """One comparison in the making."""

    def __init__(self, marks: Marks) -> None:
        """Begin without rows."""
        self._marks = marks
        self._rows: list[Row] = []
        self._unchanged_rows = 0
        self._unchanged = 0
        self._cut_short = False
        told = marks.unknown | marks.changed
        # Every place with something to tell at it or below: equal values there are not "the same".
        self._touched = {path[:n] for path in told for n in range(len(path) + 1)}
        self._unknown_below: dict[Path, list[str | int]] = {}
        for path in marks.unknown:
            if path:
                self._unknown_below.setdefault(path[:-1], []).append(path[-1])

    def compare(self, left: Any, right: Any, label: str) -> Comparison:
        """Return the comparison; an object's attributes are its outermost rows."""
        place = Place((), (), -1, label)
        whole = left if isinstance(left, dict) else right
        other = right if whole is left else left
        plain = () not in self._marks.sensitive | self._marks.unknown
        if (
            plain
            and isinstance(whole, dict)
            and (isinstance(other, dict | Missing) or other is None)
        ):
            self._attributes(left, right, place)
        else:
            self._value(left, right, dataclasses.replace(place, depth=0))
        return Comparison(tuple(self._with_replacements()), self._unchanged, self._cut_short)

    def _value(self, left: Any, right: Any, place: Place) -> None:
        if len(self._rows) >= MOST_ROWS:
            self._cut_short = True
            return
        if place.right in self._marks.unknown:
            right = UNKNOWN
        if left is UNKNOWN or right is UNKNOWN or self._is_sensitive(place):
            self._scalar(left, right, place)
        elif place.depth > DEEPEST:
            self._set_aside(left, right, place, "too deeply nested to compare here")
        elif isinstance(left, dict | list) or isinstance(right, dict | list):
            self._container(left, right, place)
        elif isinstance(left, str) or isinstance(right, str):
            self._string(left, right, place)
        else:
            self._scalar(left, right, place)

    def _container(self, left: Any, right: Any, place: Place) -> None:
        sides = [side for side in (left, right) if side is not ABSENT and side is not None]
        if len({type(side) for side in sides}) > 1:
            # Another kind of value: one goes, the other comes.
            self._value(left, ABSENT, place)
            self._value(ABSENT, right, place)
            return
        self._group(left, right, place)
        if self._is_same(left, right, place) and self._unchanged_rows >= MOST_UNCHANGED_ROWS:
            return
        self._parts(left, right, place)

    def _parts(self, left: Any, right: Any, place: Place) -> None:
        if isinstance(left, dict) or isinstance(right, dict):
            self._attributes(left, right, place)
        else:
            self._elements(left, right, place)

    def _group(self, left: Any, right: Any, place: Place, **said: Any) -> None:
        action = self._action(left, right, place)
        value = right if isinstance(right, dict | list) else left
        form = "object" if isinstance(value, dict) else "list"
        cells = [
            leaves.counted(side, null_is_unset=self._marks.null_is_unset) for side in (left, right)
        ]
        row = Row(place.right, place.depth, place.label, cells[0], cells[1], "group", action)
        label = f"{place.label} {lists.name_of(value)}" if place.in_list else place.label
        self._add(dataclasses.replace(row, **{"form": form, "label": label.rstrip(), **said}))

    def _attributes(self, left: Any, right: Any, place: Place) -> None:
        ours = left if isinstance(left, dict) else {}
        theirs = right if isinstance(right, dict) else {}
        below = [k for k in self._unknown_below.get(place.right, []) if isinstance(k, str)]
        for key in sorted({*ours, *theirs, *below}, key=str):
            inner = place.child(str(key))
            one, other = ours.get(key, ABSENT), theirs.get(key, ABSENT)
            if self._marks.null_is_unset and self._is_unset(one, other, inner):
                continue
            self._unchanged += place.depth < 0 and self._is_same(one, other, inner)
            self._value(one, other, inner)

    def _elements(self, left: Any, right: Any, place: Place) -> None:
        ours = left if isinstance(left, list) else []
        theirs = list(right) if isinstance(right, list) else []
        below = [k for k in self._unknown_below.get(place.right, []) if isinstance(k, int)]
        theirs += [None] * (max(below, default=-1) + 1 - len(theirs))
        for at in below:
            theirs[at] = UNKNOWN
        changed = {p[-1] for p in self._marks.changed if p[:-1] == place.right and p}
        for match in lists.match(ours, theirs, changed):
            one = ABSENT if match.left is None else ours[match.left]
            other = ABSENT if match.right is None else theirs[match.right]
            inner = place.element(match)
            first = len(self._rows)
            self._value(one, other, inner)
            if match.moved and first < len(self._rows) and self._rows[first].action == "same":
                self._rows[first] = dataclasses.replace(self._rows[first], action="reordered")

    def _string(self, left: Any, right: Any, place: Place) -> None:
        one = left if isinstance(left, str) else None
        other = right if isinstance(right, str) else None
        nothing = (ABSENT, None)
        mixed = not all(isinstance(side, str) or side in nothing for side in (left, right))
        if mixed or left == right:
            self._scalar(left, right, place)
        elif len(one or "") + len(other or "") > texts.LARGEST_PAIR:
            self._set_aside(left, right, place, leaves.too_large(left, right))
        elif (found := texts.structures(one, other)) is not None:
            self._structure(found, left, right, place)
        elif "\n" in (one or "") + (other or ""):
            self._lines(left, right, place)
        else:
            self._scalar(left, right, place)

    def _structure(self, found: tuple[str, Any, Any], left: Any, right: Any, place: Place) -> None:
        form, one, other = found
        one = ABSENT if not isinstance(left, str) else one
        other = ABSENT if not isinstance(right, str) else other
        if _equal(one, other):
            self._scalar(left, right, place, form=form, note=_FORMATTING)
            return
        self._group(one, other, place, form=form)
        # Inside, the document's marks mean nothing: its paths end at the string.
        outer, self._marks = self._marks, Marks()
        try:
            self._parts(one, other, place)
        finally:
            self._marks = outer

    def _lines(self, left: Any, right: Any, place: Place) -> None:
        for row in leaves.lines(left, right, place, self._action(left, right, place)):
            if len(self._rows) >= MOST_ROWS:
                self._cut_short = True
                return
            self._add(row)

    def _scalar(self, left: Any, right: Any, place: Place, **said: Any) -> None:
        action = self._action(left, right, place)
        row = leaves.value(left, right, place, action, sensitive=self._is_sensitive(place))
        changed = bool({place.left, place.right} & self._marks.changed)
        self._add(dataclasses.replace(row, sensitive_changed=changed, **said))

    def _set_aside(self, left: Any, right: Any, place: Place, why: str) -> None:
        row = leaves.set_aside(left, right, place, self._action(left, right, place))
        self._add(dataclasses.replace(row, note=why))

    def _add(self, row: Row) -> None:
        if row.action == "same":
            self._unchanged_rows += 1
        self._rows.append(row)

    def _action(self, left: Any, right: Any, place: Place) -> Action:
        if self._is_same(left, right, place):
            return "same"
        # In terraform's values null means "not set".
        if left is ABSENT or (left is None and right is not ABSENT):
            return "add"
        return "remove" if right is ABSENT or right is None else "change"

    def _is_same(self, left: Any, right: Any, place: Place) -> bool:
        if right is UNKNOWN or left is UNKNOWN or self._touched & {place.left, place.right}:
            return False
        return _equal(left, right)

    def _is_unset(self, left: Any, right: Any, place: Place) -> bool:
        nothing = (left is ABSENT or left is None) and (right is ABSENT or right is None)
        return nothing and place.right not in self._marks.unknown

    def _is_sensitive(self, place: Place) -> bool:
        return place.left in self._marks.sensitive or place.right in self._marks.sensitive

    def _with_replacements(self) -> list[Row]:
        """Return the rows, those that force a replacement marked.

        A cause that has no row of its own marks the row that holds it.
        """
        rows = list(self._rows)
        at: dict[Path, list[int]] = {}
        for index, row in enumerate(rows):
            if row.kind != "line":
                at.setdefault(row.path, []).append(index)
        for path in self._marks.replace:
            nearest = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in at), None)
            for index in at.get(nearest, []) if nearest else []:
                rows[index] = dataclasses.replace(rows[index], forces_replacement=True)
        return rows


def _equal(left: Any, right: Any) -> bool:
    """Whether two values are the same in JSON, where 1 is not true."""
    if left is ABSENT or right is ABSENT or left is None or right is None:
        return left is right
    if left != right:
        return False
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
