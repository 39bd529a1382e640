"""(q) Thousands of queued runs: claims, a pass of the dispatcher, the queue's page.

In this process, on a database of its own, so that the figures are Gantry's alone: no HTTP, no
engine. Each claimed run ends at once, which gives its deployment's lock to the next in line.
"""

import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event, insert, select, update

from app import create_app
from bench.common import Row, milliseconds
from config import Settings
from lib import ids
from models.base import db
from models.project import Deployment, DeploymentLock, Project, Stack, Workspace
from models.run import Run
from models.run_state import RunState, RunType
from scheduler import dispatcher
from services import queue, runs, schema, workers
from services.access import SYSTEM
from services.runs import work
from services.transaction import transaction

SIZES = (100, 1_000, 10_000)
STACKS, WORKSPACES = 10, 10
CLAIMS, LOOKS = 200, 20
LEASE = dt.timedelta(seconds=30)


def measure() -> list[Row]:
    """The same with more runs each time; half of them previews, half applies."""
    rows: list[Row] = []
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="gantry-bench-") as folder, _emptied(Path(folder)):
            places = _places()
            _fill(places, size)
            rows += _measured(size)
    return rows


def _measured(size: int) -> list[Row]:
    note = f"{size:,} queued"
    first = milliseconds(dispatcher.look_again)
    idle = [milliseconds(dispatcher.look_again) for _ in range(LOOKS)]
    shown = [milliseconds(_show) for _ in range(LOOKS)]
    words = [milliseconds(_explain) for _ in range(LOOKS)]
    worker = workers.register("bench", "bench", 1, 1)
    seen: list[str] = []
    count = min(CLAIMS, size // 2)
    with _statements(seen):
        began = time.perf_counter()
        for _ in range(count):
            _claim_and_end(worker)
        spent = time.perf_counter() - began
    return [
        Row(
            "q", f"dispatcher's pass, {STACKS * WORKSPACES} locks to give", [first], "ms", note=note
        ),
        Row("q", "dispatcher's pass, nothing to do", idle, "ms", note=note),
        Row("q", "what the queue's page reads", shown, "ms", note=note),
        Row("q", "why fifty runs wait", words, "ms", note=note),
        Row("q", "claims a second, each run ended", [count / spent], "", note=note),
        Row("q", "statements a claim and an end", [len(seen) / count], "", note=note),
    ]


def _claim_and_end(worker: str) -> None:
    claim = work.claim(worker, LEASE, lambda _run: False)
    assert claim is not None
    work.fail(claim, "engine", "Measured.")


def _show() -> None:
    db.session.rollback()
    queue.show(SYSTEM)


def _explain() -> None:
    db.session.rollback()
    newest = select(Run).order_by(Run.id.desc()).limit(50)
    runs.explain(db.session.scalars(newest).all())


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    app = create_app(Settings(data_dir=folder))
    with app.app_context():
        schema.upgrade()
        yield
        db.session.remove()
        db.engine.dispose()


@contextmanager
def _statements(seen: list[str]) -> Iterator[None]:
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield
    event.remove(db.engine, "before_cursor_execute", note)


def _places() -> list[Deployment]:
    with transaction() as here:
        project = Project(name="bench")
        spaces = [Workspace(name=f"place-{number}") for number in range(WORKSPACES)]
        here.add_all([project, *spaces])
        here.flush()
        stacks = [
            Stack(project_id=project.id, project_name="bench", name=f"stack-{number}")
            for number in range(STACKS)
        ]
        here.add_all(stacks)
        here.flush()
        found = [_place(project, stack, space) for stack in stacks for space in spaces]
        here.add_all(found)
    return found


def _place(project: Project, stack: Stack, space: Workspace) -> Deployment:
    return Deployment(
        project_id=project.id,
        stack_id=stack.id,
        workspace_id=space.id,
        project_name="bench",
        stack_name=stack.name,
        workspace_name=space.name,
    )


def _fill(places: list[Deployment], size: int) -> None:
    """Queue runs as creating them would leave them, without the time that takes."""
    with transaction() as here:
        here.execute(insert(Run), [_row(places[i % len(places)], i) for i in range(size)])
        here.execute(update(Project).values(last_run_number=size))
        assert not here.scalars(select(DeploymentLock)).first()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _row(place: Deployment, number: int) -> dict[str, object]:
    is_preview = (number // STACKS) % 2 == 0
    return {
        "id": ids.new_id(),
        "number": number + 1,
        "project_id": place.project_id,
        "stack_id": place.stack_id,
        "workspace_id": place.workspace_id,
        "deployment_id": place.id,
        "project_name": place.project_name,
        "stack_name": place.stack_name,
        "workspace_name": place.workspace_name,
        "type": RunType.PREVIEW if is_preview else RunType.APPLY,
        "state": RunState.READY if is_preview else RunState.QUEUED,
        "trigger_kind": "manual",
        "created_by_name": "Bench",
        "version": 1,
    }
