"""A worker that claims and reports as the pool's threads do, without any process."""

import datetime as dt

from sqlalchemy import select

from models.base import db
from models.project import Deployment, DeploymentLock, Stack
from models.run import Run
from models.run_history import RunHistory
from models.run_state import RunState, RunType
from services import runs, workers
from services.runs import work
from services.transaction import session

LEASE = dt.timedelta(seconds=30)
SUMMARY = {"add": 1, "change": 0, "destroy": 0, "replace": 0, "import": 0, "move": 0, "forget": 0,
           "outputs": 0}  # fmt: skip
SOURCE = {"kind": "git", "url": "https://git.example.com/shop.git", "ref": "main"}


def ask(actor, kind="apply", workspace="staging", **options):
    """Create a run of the world's stack."""
    stack = db.session.scalars(select(Stack).where(Stack.name == "web")).one()
    if stack.source is None and options.pop("sourced", True):
        stack.source = SOURCE
        db.session.commit()
    given = {"command": "echo hi" if kind == "task" else None, **options}
    return runs.create(
        actor,
        runs.NewRun(project="shop", stack="web", workspace=workspace, type=RunType(kind), **given),
    )


def hire(name="worker"):
    """A worker's id."""
    return workers.register(name, "test-host", 1, 4)


def claim(worker, *, holds_directory=False):
    return work.claim(worker, LEASE, lambda _run: holds_directory)


def planned(claimed, *, has_changes=True):
    """Take a claimed run through init and plan."""
    work.enter(claimed, RunState.INITIALIZING)
    deployment = db.session.get_one(
        Deployment, db.session.get_one(Run, claimed.run_id).deployment_id
    )
    work.base_state(claimed, deployment.current_state_id)
    work.enter(claimed, RunState.PLANNING)
    return work.finish_plan(
        claimed,
        work.Planned(
            sha256="ab" * 32,
            has_changes=has_changes,
            summary=SUMMARY if has_changes else dict.fromkeys(SUMMARY, 0),
            bundle=b"bundle" if has_changes else None,
            engine_version="1.15.5",
            engine_path="bundled",
        ),
    )


def now(run):
    """The run as the database has it."""
    session().rollback()
    return db.session.get_one(Run, run.id, populate_existing=True)


def states(run):
    """The states that a run went through, in their order."""
    rows = select(RunHistory.state).where(RunHistory.run_id == run.id).order_by(RunHistory.id)
    return list(db.session.scalars(rows))


def holder(run):
    """The id of the run that holds the lock of a run's deployment."""
    lock = db.session.get(DeploymentLock, run.deployment_id, populate_existing=True)
    return lock and lock.run_id
