"""The routes of schedules."""

from sqlalchemy import select

from models.base import db
from models.schedule import Schedule
from services import schedules
from tests.rules.matrix.case import DEPLOYERS, EVERYONE, MEMBERS, Case
from tests.services.runs.workshop import SOURCE
from tests.services.schedules.calendar import make

SAM = "sam"
BODY = {
    "project": "shop",
    "stack": "web",
    "workspace": "staging",
    "name": "nightly",
    "type": "preview",
    "cron": "0 3 * * *",
}


def sourced(world):
    """Give the stack a source, as its owner would have."""
    world.stack.source = SOURCE
    db.session.commit()


def _one(world):
    make(world.alice)


def _paused(world):
    schedules.pause(world.alice, make(world.alice))


def _skipped(world):
    schedules.skip_next(world.alice, make(world.alice))


def _id(_world):
    return db.session.scalars(select(Schedule.id)).one()


ONE = {"names": {"schedule_id": _id}, "blind": SAM, "before": _one}


def _shown(endpoint):
    return Case(endpoint, MEMBERS, **ONE)


def _deployed(endpoint, status, **more):
    return Case(endpoint, DEPLOYERS, status, **(ONE | more))


CASES = [
    Case("api_schedules.index", EVERYONE),
    Case("api_schedules.create", DEPLOYERS, 201, blind=SAM, send=BODY, before=sourced),
    _shown("api_schedules.show"),
    _shown("api_schedules.ledger"),
    _shown("api_schedules.following"),
    _deployed("api_schedules.edit", 200, send={"name": "weekly"}),
    _deployed("api_schedules.delete", 204),
    _deployed("api_schedules.pause", 200),
    _deployed("api_schedules.resume", 200, before=_paused),
    _deployed("api_schedules.run_now", 201, audits=2),  # The run that is made has its own row.
    _deployed("api_schedules.skip_next", 200),
    _deployed("api_schedules.take_back", 200, before=_skipped),
]
