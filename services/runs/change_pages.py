"""Reading a run's changes: heads by the page, one resource at a time, or all as a file.

Ten thousand changes cost what one page of heads costs; a record is unpacked when it is opened.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models import run_pages
from models.run import Run
from models.run_content import RunChange, RunDocument
from models.run_pages import ChangeFilter
from services import changes
from services.comparison import Cell, Comparison, Row, compare
from services.errors import NotFound
from services.transaction import session

HEADS_LIMIT = 200
OPEN_LIMIT = 50
EVERYTHING = ChangeFilter()
OPEN_LIMIT_BYTES = 256 * 1024
LONGEST_SHOWN = 2_000
MOST_SHOWN = 400_000
_BATCH = 200
_REASONS: Mapping[str, str] = {
    "replace_because_cannot_update": "",
    "replace_because_tainted": "it is tainted",
    "replace_by_request": "it was asked for",
    "replace_by_triggers": "replace_triggered_by",
    "delete_because_no_resource_config": "it is not in the code any more",
    "delete_because_no_module": "its module is not in the code any more",
    "delete_because_wrong_repetition": "count or for_each has changed",
    "delete_because_count_index": "its index is out of the count’s range",
    "delete_because_each_key": "its key is not in for_each any more",
    "delete_because_no_move_target": "where it moved to is not in the code",
    "read_because_config_unknown": "its configuration is known after apply",
    "read_because_dependency_pending": "what it depends on changes first",
    "read_because_check_nested": "for a check",
}


@dataclass(frozen=True)
class Head:
    """What is shown of a change before it is opened. `why` is a few words or ''."""

    position: int
    address: str
    type: str
    action: str
    why: str
    order: str
    previous: str
    deposed: str
    import_id: str
    size_bytes: int


@dataclass(frozen=True)
class Heads:
    """A page of changes. `next` is the position after which the next page begins, or None."""

    items: Sequence[Head]
    next: int | None


@dataclass(frozen=True)
class Change:
    """One change, opened."""

    head: Head
    comparison: Comparison


@dataclass(frozen=True)
class Survey:
    """What can be chosen from: how many changes by action (under the filter), and the types."""

    by_action: Mapping[str, int]
    types: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        """How many changes there are, whatever their action."""
        return sum(self.by_action.values())


def document(run: Run) -> Mapping[str, Any] | None:
    """The change document of a run, all but its changes; None when there is none (yet)."""
    row = session().scalars(run_pages.document(run.id)).first()
    return row.document if isinstance(row, RunDocument) else None


def heads(
    run: Run, wanted: ChangeFilter = EVERYTHING, after: int = -1, limit: int = HEADS_LIMIT
) -> Heads:
    """The changes after a position, destroy and replace first."""
    query = run_pages.change_heads(run.id, wanted, after, limit + 1)
    rows = session().execute(query).all()
    items = [_head(*row) for row in rows[:limit]]
    return Heads(items, items[-1].position if len(rows) > limit else None)


def survey(run: Run, wanted: ChangeFilter = EVERYTHING) -> Survey:
    """What the filters offer."""
    here = session()
    counts = dict(here.execute(run_pages.change_counts(run.id, wanted)).all())
    return Survey(
        counts, [(name, count) for name, count in here.execute(run_pages.change_types(run.id))]
    )


def one(run: Run, position: int) -> Change:
    """One change, compared side by side.

    Raises:
        NotFound: when the run has no such change.
    """
    row = session().scalars(run_pages.change_at(run.id, position)).first()
    if row is None:
        raise NotFound("This run has no such change.")
    return _opened(row)


def opened(run: Run, wanted: ChangeFilter, after: int = -1) -> tuple[list[Change], int | None]:
    """The next changes all opened, no more than a page can bear; and where to go on, or None."""
    query = run_pages.change_records(run.id, wanted, after, OPEN_LIMIT + 1)
    rows = session().scalars(query).all()
    found, spent = list[Change](), 0
    for row in rows[:OPEN_LIMIT]:
        spent += row.size_bytes
        if found and spent > OPEN_LIMIT_BYTES:
            break
        found.append(_opened(row))
    is_all = len(found) == len(rows)
    return found, None if is_all else found[-1].head.position


def records(
    run: Run, after: int = -1, limit: int = _BATCH
) -> tuple[list[dict[str, Any]], int | None]:
    """Whole change records as the document has them, and the position to go on from, or None."""
    query = run_pages.change_records(run.id, ChangeFilter(), after, limit + 1)
    rows = session().scalars(query).all()
    kept = rows[:limit]
    return [changes.unpack(row.data) for row in kept], kept[-1].position if len(
        rows
    ) > limit else None


def as_json(run: Run, after: int | None) -> tuple[str, int | None]:
    """A piece of the whole (masked) change document as JSON, and where the next begins, or None.

    The first piece is asked for with `after=None`. Nothing is held between pieces: neither memory
    nor a connection.

    Raises:
        NotFound: when the run has none.
    """
    beginning = ""
    if after is None:
        rest = document(run)
        if rest is None:
            raise NotFound("This run has no change document.")
        beginning = json.dumps({**rest, "changes": []}, ensure_ascii=False)[:-2]
    batch, following = records(run, -1 if after is None else after)
    comma = "" if after is None else ","
    lines = ",".join("\n" + json.dumps(record, ensure_ascii=False) for record in batch)
    return beginning + comma * bool(batch) + lines + (
        "\n]}\n" if following is None else ""
    ), following


def trimmed(whole: Comparison) -> Comparison:
    """What of a comparison a page bears: the beginning of long values, and so many characters."""
    rows, room = list[Row](), MOST_SHOWN
    for row in whole.rows:
        if room <= 0:
            return replace(whole, rows=tuple(rows), cut_short=True)
        short = replace(row, left=_short(row.left), right=_short(row.right))
        room -= 100 + sum(len(cell.text) for cell in (short.left, short.right) if cell)
        rows.append(short)
    return replace(whole, rows=tuple(rows))


def _short(cell: Cell | None) -> Cell | None:
    if cell is None or len(cell.text) <= LONGEST_SHOWN:
        return cell
    marks = tuple(
        (start, min(end, LONGEST_SHOWN)) for start, end in cell.marks if start < LONGEST_SHOWN
    )
    cut = cell.cut + len(cell.text) - LONGEST_SHOWN
    return replace(cell, text=cell.text[:LONGEST_SHOWN], cut=cut, marks=marks)


def _opened(row: RunChange) -> Change:
    head = _head(row.position, row.address, row.type, row.action, row.head, row.size_bytes)
    return Change(head, trimmed(compare(changes.unpack(row.data))))


def _head(position: int, address: str, kind: str, action: str, more: Any, size_bytes: int) -> Head:
    facts: Mapping[str, Any] = more or {}
    reason = str(facts.get("reason") or "")
    return Head(
        position=position,
        address=address,
        type=kind,
        action=action,
        why=_why(reason, facts.get("replace_paths")),
        order=str(facts.get("order") or ""),
        previous=str(facts.get("previous_address") or ""),
        deposed=str(facts.get("deposed") or ""),
        import_id=str(facts.get("import_id") or ""),
        size_bytes=size_bytes,
    )


def _why(reason: str, replace_paths: Any) -> str:
    """A few words: what forces a replacement, and what the engine says of its reason."""
    said = _REASONS.get(reason, reason.replace("_", " "))
    paths = replace_paths if isinstance(replace_paths, list) else []
    names = dict.fromkeys(str(path[0]) for path in paths if isinstance(path, list) and path)
    shown = ", ".join(list(names)[:3]) + (", …" if len(names) > 3 else "")
    return "; ".join(part for part in (shown, said) if part)
