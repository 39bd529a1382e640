"""Runs with a past: states with durations, steps with their logs, changes, complaints.

For the pages that read all of it. Rows are written as the worker's reports would have.
"""

import datetime as dt
import json
import os
from pathlib import Path

from lib import clock
from lib.log_file import LogWriter
from models.base import db
from models.run_content import RunDocument
from models.run_history import Mark, RunDiagnostic, RunStep
from models.run_state import WORKING, RunState, RunType
from services import changes
from services.house import house
from tests import factories

S = RunState
TO_A_PLAN = (
    (S.QUEUED, 0.1),
    (S.READY, 0.3),
    (S.PREPARING, 0.4),
    (S.INITIALIZING, 0.9),
    (S.PLANNING, 40.0),
)
UNCONFIRMED = (*TO_A_PLAN, (S.UNCONFIRMED, 60.0))
FINISHED_PREVIEW = (*TO_A_PLAN, (S.FINISHED, 0.0))
APPLYING = (*UNCONFIRMED, (S.CONFIRMED, 0.2), (S.APPLYING, 30.0))
APPLIED = (*APPLYING, (S.FINISHED, 0.0))
FAILED_PLAN = (*TO_A_PLAN, (S.FAILED, 0.0))
SUMMARY = {
    "add": 1, "change": 1, "destroy": 0, "replace": 1, "import": 0, "move": 0, "forget": 0,
    "outputs": 1,
}  # fmt: skip
SHA = "ab" * 32
PIN = {
    "commit": "4f2c1e9aa0b65e4f2c1e9aa0b65e4f2c1e9aa0b6",
    "branch": "main",
    "author_name": "Dave",
    "commit_message": "Raise instance size",
}


EVIL = "<script>alert('x')</script>"
LOGS = {
    S.PREPARING: b"fetched main\n",
    S.INITIALIZING: b"Initializing the backend...\n",
    S.PLANNING: b"\x1b[1mPlan:\x1b[0m 1 to add\nError: <script>alert(1)</script>\n",
}


def page_of(run, tab=""):
    """Where a page of a run is."""
    return f"/runs/{run.id}{'/' + tab if tab else ''}"


def unconfirmed(world):
    """A run on staging that waits for a person, with logs and two changes."""
    run = told(world.deployment(), UNCONFIRMED, logs=LOGS, pin=PIN, message=f"Ship {EVIL}")
    with_changes(run, [change(), change("aws_instance.db", "replace")])
    db.session.commit()
    return run


def told(deployment, path=UNCONFIRMED, *, logs=None, until=None, **fields):
    """A run that went through `path`, pairs of (state, seconds); its last state began then.

    `logs` maps a working state to the bytes it printed.
    """
    path = list(path)
    begun = (until or clock.now()) - dt.timedelta(seconds=sum(seconds for _, seconds in path))
    kind = fields.pop("type", RunType.APPLY if path is not FINISHED_PREVIEW else RunType.PREVIEW)
    run = factories.run(
        deployment, type=kind, state=path[0][0], created_at=begun, state_since=begun, **fields
    )
    Mark("user", None, run.created_by_name, "Created.", begun).record(run, run.state)
    at, number = begun, 0
    for (state, seconds), (after, _) in zip(path, [*path[1:], (None, 0)], strict=True):
        if state in WORKING:
            run.claim_epoch = max(run.claim_epoch, 1)
            number += 1
            _step(run, state, number, at, seconds, (logs or {}).get(state, b""), over=after)
        at += dt.timedelta(seconds=seconds)
        if after is not None:
            db.session.flush()
            offset = log_size(run) if after in WORKING else 0
            run.move_to(after, Mark("worker", None, "Worker", "", at, log_offset=offset))
    db.session.flush()
    return run


def _step(run, state, number, at, seconds, printed, *, over):
    start = log_size(run)
    write_log(run, printed)
    if over is None:
        return
    db.session.add(
        RunStep(
            run_id=run.id,
            number=number,
            name=state.value,
            state=state,
            epoch=run.claim_epoch,
            started_at=at,
            finished_at=at + dt.timedelta(seconds=seconds),
            exit_code=1 if over is S.FAILED else 0,
            log_start=start,
            log_end=log_size(run),
        )
    )


def log_size(run):
    path = house().log_path(run.id)
    return path.stat().st_size if path.exists() else 0


def write_log(run, printed):
    """Append to a run's log, as a supervisor does."""
    if printed:
        with LogWriter(house().log_path(run.id)) as log:
            log.write(printed)


def with_changes(run, records, **document):
    """Keep a change document for a run, past the claim that its worker would hold."""
    packed = sorted(
        (changes._pack(json.dumps(record)) for record in records),  # noqa: SLF001 - as it packs them
        key=lambda row: (changes._rank(row["action"]), row["address"]),  # noqa: SLF001 - its order
    )
    for position, row in enumerate(packed):
        row |= {"position": position, "run_id": run.id}
    usual = {"format": 1, "engine": {"name": "terraform", "version": "1.15.5"}, "summary": SUMMARY}
    empty = {"drift": [], "outputs": [], "checks": [], "notes": []}
    db.session.add(RunDocument(run_id=run.id, document=usual | empty | document))
    if packed:
        db.session.execute(changes.RunChange.__table__.insert(), packed)
    run.changes = usual["summary"] | document.get("summary", {})
    run.plan_sha256 = run.plan_sha256 or SHA
    db.session.flush()
    return run


def change(address="aws_instance.web", action="update", **fields):
    """A change record with a sensible middle."""
    kind, _, name = address.rpartition(".")
    usual = {
        "address": address, "module": "", "mode": "managed", "type": kind.split(".")[-1],
        "name": name, "provider": "registry/aws", "action": action, "order": None, "reason": None,
        "previous_address": None, "import_id": None, "deposed": None,
        "before": None if action == "create" else {"size": "t3.small", "zone": "a"},
        "after": None if action == "delete" else {"size": "t3.large", "zone": "a"},
        "unknown": [], "sensitive": [], "sensitive_changed": [], "replace_paths": [],
    }  # fmt: skip
    return usual | fields


def complaint(run, summary="Unsupported attribute", **fields):
    """A diagnostic of the engine."""
    usual = {"severity": "error", "step": "plan"}
    return factories.add(RunDiagnostic(run_id=run.id, summary=summary, **(usual | fields)))


def corpus():
    """The folder of plans from elsewhere, or None."""
    root = Path(os.environ.get("GANTRY_SHARED") or Path(__file__).parents[2] / "shared")
    return root / "corpus" if (root / "corpus").is_dir() else None
