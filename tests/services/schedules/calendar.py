"""What tests of schedules share: making one, letting time come, reading its ledger."""

import datetime as dt

from sqlalchemy import select

from models.base import db
from models.project import Stack
from models.run import Run
from models.run_state import RunState, RunType
from models.schedule import Schedule, ScheduleTime
from services import runs, schedules
from services.schedules import NewSchedule
from tests.services.runs.workshop import SOURCE


def make(actor, *, name="nightly", stack="web", workspace="staging", kind="preview", **asked):
    """A schedule of the world's stack: daily at 03:00 UTC unless said otherwise."""
    row = db.session.scalars(select(Stack).where(Stack.name == stack)).one()
    if row.source is None:
        row.source = SOURCE
        db.session.commit()
    inputs = {k: asked.pop(k) for k in list(asked) if k in INPUTS}
    what_if = {k: asked.pop(k) for k in list(asked) if k in {"overlap", "missed", "max_delay_s"}}
    when = asked or {"cron": "0 3 * * *"}
    request = runs.NewRun(
        project="shop", stack=stack, workspace=workspace, type=RunType(kind), **inputs
    )
    return schedules.create(
        actor, NewSchedule(name=name, request=request, when=when, what_if=what_if)
    )


INPUTS = (
    "source",
    "variables",
    "auto_apply",
    "command",
    "targets",
    "message",
    "refresh_only",
    "metadata",
)


def come():
    """Settle every schedule whose time has come, until none is left."""
    count = 0
    while batch := schedules.due():
        schedules.settle([schedule_id for _, schedule_id in batch])
        count += 1
        assert count < 200
    db.session.commit()


def now(row):
    """The schedule as the database has it."""
    db.session.rollback()
    return db.session.get_one(Schedule, row.id, populate_existing=True)


def ledger(row):
    """(time, outcome) of a schedule's ledger, oldest first."""
    return [(f"{each.scheduled_for:%d %H:%M}", each.outcome.value) for each in rows(row)]


def rows(row):
    db.session.rollback()
    wanted = select(ScheduleTime).where(ScheduleTime.schedule_id == row.id)
    return db.session.scalars(wanted.order_by(ScheduleTime.scheduled_for)).all()


def made(row):
    """The runs of a schedule, oldest first."""
    db.session.rollback()
    return db.session.scalars(select(Run).where(Run.trigger_id == row.id).order_by(Run.id)).all()


def end(run):
    """Let a run be over, as if it had been carried out."""
    run.state = RunState.FINISHED
    db.session.commit()


def hours(count):
    return dt.timedelta(hours=count).total_seconds()
