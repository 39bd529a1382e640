"""The line before the workers: who is claimed first, and in which order the others follow.

A prioritised run passes the runs of other deployments, never one that its own deployment has before
it: that one is taken in its place, so that both come to their turn.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, true

from models import run_queue
from models.run import Run
from models.run_state import LOCKING
from services.transaction import session

_Place = Row[str, str, Any, int, int]


def first(*, changing: bool = True) -> Run | None:
    """The run to claim next, held for update; None when none waits that nobody else is claiming."""
    found = _held(run_queue.claimable(changing=changing))
    if found is None or found.type in LOCKING or not found.priority:
        return found
    return _held(run_queue.claimable_at([found.deployment_id], changing=changing)) or found


def ids(limit: int, seen: ColumnElement[bool] | None = None) -> Sequence[str]:
    """The ids of those that wait for a worker, in the order of claims; `seen` narrows them."""
    condition = true() if seen is None else seen
    rows = _rows(run_queue.claimable().where(condition).limit(limit))
    leaps = {row.deployment_id for row in rows if row.priority and row.type not in LOCKING}
    if not leaps:
        return [row.id for row in rows]
    before = _rows(run_queue.claimable_at(sorted(leaps)).where(condition).limit(limit))
    return list(dict.fromkeys(_merged(rows, before)))[:limit]


def _merged(rows: Sequence[_Place], before: Sequence[_Place]) -> Iterator[str]:
    """Each row after those of its own deployment that go before it; some are named again."""
    at_home: dict[str, deque[_Place]] = defaultdict(deque)
    for row in before:
        at_home[row.deployment_id].append(row)
    for row in rows:
        others = at_home[row.deployment_id]
        if row.priority and row.type not in LOCKING:
            while others and (others[0].home_order, others[0].id) < (row.home_order, row.id):
                yield others.popleft().id
        yield row.id


def _rows(wanted: Select[Run]) -> Sequence[_Place]:
    columns = (Run.id, Run.deployment_id, Run.type, Run.priority, Run.home_order)
    return session().execute(wanted.with_only_columns(*columns)).all()


def _held(wanted: Select[Run]) -> Run | None:
    return session().scalars(wanted.limit(1).with_for_update(skip_locked=True, of=Run)).first()
