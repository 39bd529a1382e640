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


PLACE = {"project": "shop", "stack": "web", "workspace": "staging"}
QUERY = "?project=shop&stack=web&workspace=staging"
FORM = {
    **PLACE,
    "name": "nightly",
    "type": "preview",
    "way": "cron",
    "cron": "0 3 * * *",
    "timezone": "UTC",
    "overlap": "skip",
    "missed": "none",
}


CASES = [
    Case("schedules.index", EVERYONE),
    Case("schedules.of_stack", MEMBERS, blind=SAM, names={"project": "shop", "stack": "web"}),
    Case("schedules.of_workspace", MEMBERS, blind=SAM, names={"workspace": "staging"}),
    Case("schedules.of_deployment", MEMBERS, blind=SAM, names=PLACE),
    _shown("schedules.show"),
    _deployed("schedules.pause", 303, send={}),
    _deployed("schedules.resume", 303, send={}, before=_paused),
    _deployed("schedules.run_now", 303, send={}, audits=2),
    _deployed("schedules.skip_next", 303, send={}),
    _deployed("schedules.take_back", 303, send={}, before=_skipped),
    _deployed("schedules.confirm_delete", 200),
    _deployed("schedules.delete", 303, send={}),
    Case("schedule_forms.new", DEPLOYERS, blind=SAM, query=QUERY),
    Case("schedule_forms.create", DEPLOYERS, 303, blind=SAM, send=FORM, before=sourced),
    Case("schedule_forms.times", EVERYONE, query="?way=cron&cron=0+3+*+*+*&timezone=UTC"),
    _deployed("schedule_forms.edit_form", 200),
    _deployed("schedule_forms.edit", 303, send=FORM | {"version": "1", "name": "weekly"}),
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
