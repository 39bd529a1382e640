"""Schedules: made, changed, read and told what to do by programs."""

import datetime as dt
from typing import Annotated

from flask import Response, request, url_for
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.nouns import Json, moment
from blueprints._shared.run_made import made
from blueprints._shared.schedule_json import (
    ScheduleBody,
    ScheduleChanges,
    ledger_json,
    schedule_json,
)
from blueprints._shared.shapes import Paging, Slug, Words, list_of, shape
from blueprints._shared.shapes import schedules as shapes
from blueprints._shared.shapes.runs import Run
from models.schedule import Outcome, Schedule
from services import schedules
from services.errors import Invalid, Unreadable
from services.page import Page

blueprint = api.blueprint("schedules", __name__, tag="schedule")
MOST_TIMES = 100


@shape
class InPlaces(TypedDict, total=False):
    """How a list is narrowed to places."""

    project: Slug
    """Keeps those of this project."""
    stack: Slug
    """Keeps those of this stack of the project."""
    workspace: Slug
    """Keeps those in this workspace."""


@shape
class WithOutcome(TypedDict, total=False):
    """How a ledger is narrowed."""

    outcome: Annotated[str, Field(examples=["missed,refused"])]
    """Keeps these outcomes, parted by commas: fired, missed, skipped, refused."""


@shape
class HowMany(TypedDict, total=False):
    """How many times are asked for."""

    limit: Annotated[int, Field(ge=1, le=200, examples=[10])]
    """How many times; 10 when left out."""


STATE = "Its state does not allow it, or it holds already; the sentence says which."


@blueprint.get("/schedules")
@describe(list_of(shapes.Schedule), query=[Paging, Words, InPlaces])
def index() -> Json:
    """List schedules.

    Those that the caller sees, the oldest first.
    """
    actor, asked = current.actor(), request.args
    names = {name: asked.get(name, "") for name in ("project", "stack", "workspace")}
    page = schedules.page(
        actor,
        schedules.scope_of(actor, **names),
        after=paging.after(),
        limit=paging.limit(),
        words=asked.get("q", ""),
    )
    return api.listing(page, schedule_json)


@blueprint.post("/schedules")
@describe(
    shapes.Schedule,
    status=201,
    takes=ScheduleBody,
    once=True,
    refuses={
        404: "There is no such project, stack or workspace, or none that the caller may see.",
        409: "The name is taken, what is asked is protected, or the key was used before.",
    },
)
def create() -> Response:
    """Make a schedule.

    Its runs act with the rights that the caller has when they are made. `next` is its first time.
    """
    actor, asked = current.actor(), api.body(ScheduleBody)
    made, is_new = api.once(
        "schedule",
        lambda: schedules.create(actor, asked.asked()),
        name=lambda row: row.id,
        find=lambda schedule_id: schedules.get(actor, schedule_id),
    )
    where = url_for("api_schedules.show", schedule_id=made.id)
    return api.created(_one(made), where, is_new=is_new)


@blueprint.get("/schedules/<schedule_id>")
@describe(shapes.Schedule)
def show(schedule_id: str) -> shapes.Schedule:
    """Show a schedule.

    With what came of its last time.
    """
    return _one(_schedule(schedule_id))


@blueprint.patch("/schedules/<schedule_id>")
@describe(
    shapes.Schedule,
    takes=ScheduleChanges,
    refuses={409: "The name is taken, or with `version` it was changed meanwhile."},
)
def edit(schedule_id: str) -> shapes.Schedule:
    """Change a schedule.

    Only what is sent changes. The caller is its owner from then on.
    """
    row, asked = _schedule(schedule_id), api.body(ScheduleChanges)
    return _one(schedules.edit(current.actor(), row, asked.changes(), version=asked.version))


@blueprint.delete("/schedules/<schedule_id>")
@describe()
def delete(schedule_id: str) -> Response:
    """Delete a schedule.

    Its ledger goes with it; the runs it made stay.
    """
    schedules.delete(current.actor(), _schedule(schedule_id))
    return api.no_content()


@blueprint.post("/schedules/<schedule_id>/pause")
@describe(shapes.Schedule, refuses={409: STATE})
def pause(schedule_id: str) -> shapes.Schedule:
    """Pause a schedule.

    No time comes until it is resumed.
    """
    return _one(schedules.pause(current.actor(), _schedule(schedule_id)))


@blueprint.post("/schedules/<schedule_id>/resume")
@describe(shapes.Schedule, refuses={409: STATE})
def resume(schedule_id: str) -> shapes.Schedule:
    """Resume a paused schedule.

    It goes on with the next time from now; those that passed are in the ledger as skipped.
    """
    return _one(schedules.resume(current.actor(), _schedule(schedule_id)))


@blueprint.post("/schedules/<schedule_id>/run-now")
@describe(
    Run,
    status=201,
    once=True,
    refuses={409: "The stack is a draft, or what is asked is protected."},
)
def run_now(schedule_id: str) -> Response:
    """Make a schedule's run at once.

    With the rights of the caller; its planned times stay as they are.
    """
    actor, row = current.actor(), _schedule(schedule_id)
    return made(lambda: schedules.run_now(actor, row))


@blueprint.post("/schedules/<schedule_id>/skip-next")
@describe(shapes.Schedule, refuses={409: STATE})
def skip_next(schedule_id: str) -> shapes.Schedule:
    """Skip the next time of a schedule.

    It is decided now that nothing happens then; the ledger says who decided.
    """
    return _one(schedules.skip_next(current.actor(), _schedule(schedule_id)))


@blueprint.post("/schedules/<schedule_id>/take-back")
@describe(shapes.Schedule, refuses={409: STATE})
def take_back(schedule_id: str) -> shapes.Schedule:
    """Take back what was skipped beforehand.

    The times to come that were skipped come after all.
    """
    return _one(schedules.take_back(current.actor(), _schedule(schedule_id)))


@blueprint.get("/schedules/<schedule_id>/ledger")
@describe(list_of(shapes.PlannedTime), query=[Paging, WithOutcome])
def ledger(schedule_id: str) -> Json:
    """List what came of each planned time.

    The newest first.
    """
    page = schedules.ledger(
        current.actor(),
        _schedule(schedule_id),
        before=_before(),
        outcomes=_outcomes(),
        limit=paging.limit(),
    )
    return api.listing(page, ledger_json)


@blueprint.get("/schedules/<schedule_id>/next")
@describe(list_of(shapes.NextTime), query=[HowMany])
def following(schedule_id: str) -> Json:
    """List the next planned times.

    None while it is paused, or when it has ended.
    """
    row = _schedule(schedule_id)
    times = schedules.upcoming(row, min(paging.limit(10), MOST_TIMES))
    return api.listing(Page(times), _next)


def _schedule(schedule_id: str) -> Schedule:
    return schedules.get(current.actor(), schedule_id)


def _next(at: dt.datetime) -> shapes.NextTime:
    return {"scheduled_for": moment(at)}


def _one(row: Schedule) -> shapes.Schedule:
    return schedule_json(schedules.line_of(row))


def _before() -> dt.datetime | None:
    text = paging.after()
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(
            "The cursor is not one that Gantry gave. Start from the first page."
        ) from None


def _outcomes() -> list[Outcome]:
    words = [word for word in request.args.get("outcome", "").split(",") if word]
    try:
        return [Outcome(word) for word in words]
    except ValueError:
        raise Invalid({"outcome": "Say fired, missed, skipped or refused."}) from None
