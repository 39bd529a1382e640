"""Time to live: when a deployment is destroyed, and what is removed afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response

from blueprints._shared import current, places
from blueprints._shared.current import Crumb
from blueprints._shared.filters import zone
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import Typed, posted
from lib.recurrence import local, zone_or_utc
from models.project import Stack
from models.schedule import Schedule
from services import stacks, ttl
from services.access import Action, can, require
from services.errors import Conflict, Invalid

blueprint = Blueprint("time_to_live", __name__)
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/time-to-live"


@dataclass(frozen=True)
class Show:
    """What deployments/time_to_live.html reads. `may_remove` holds what may be removed."""

    frame: Frame
    row: Schedule | None
    form: Typed
    stack: Stack
    is_protected: bool
    may_remove: frozenset[str]


@blueprint.get(PATH)
def show(**url: str) -> Response:
    """The date, or the form to set one."""
    frame = _frame(url)
    row = ttl.of(current.actor(), frame.thing)
    return _show(frame, row, _typed(row))


@blueprint.post(PATH)
def edit(**url: str) -> Response:
    """Set or move the date."""
    frame, form, actor = _frame(url), posted(), current.actor()
    try:
        ttl.put(
            actor,
            frame.thing,
            at=form["at"] or "never",
            timezone=form["timezone"],
            then=form["then"],
            version=form.version,
        )
    except (Invalid, Conflict) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        row = ttl.of(actor, frame.thing)
        return _show(frame, row, form.refused(refusal), status=status)
    return respond_after(f"{frame.url}/time-to-live", said="Set. A day before, a warning is sent.")


@blueprint.post(f"{PATH}/cancel")
def cancel(**url: str) -> Response:
    """Take the date away."""
    frame = _frame(url)
    ttl.cancel(current.actor(), frame.thing)
    return respond_after(f"{frame.url}/schedules", said="Taken away: nothing is destroyed.")


def _frame(url: Mapping[str, str]) -> Frame:
    return places.of_deployment(url["project"], url["stack"], url["workspace"], "schedules")


def _show(frame: Frame, row: Schedule | None, form: Typed, *, status: int = 200) -> Response:
    actor = current.actor()
    if status != 200:
        require(actor, Action.WRITE_SCHEDULES, frame.thing)
    stack = stacks.towards(actor, frame.names["project"], frame.names["stack"])
    removable = {"deployment": frame.thing, "stack": stack}
    context = Show(
        frame=frame,
        row=row,
        form=form,
        stack=stack,
        is_protected=ttl.is_protected(frame.thing),
        may_remove=frozenset(
            name for name, thing in removable.items() if can(actor, Action.DELETE, thing)
        ),
    )
    crumbs = (*frame.crumbs, Crumb("Time to live"))
    return page("deployments/time_to_live.html", context, crumbs=crumbs, status=status)


def _typed(row: Schedule | None) -> Typed:
    if row is None or row.at is None:
        return Typed({"timezone": str(zone()), "then": "keep"})
    return Typed(
        {
            "at": local(row.at, zone_or_utc(row.timezone)).strftime("%Y-%m-%dT%H:%M"),
            "timezone": row.timezone,
            "then": row.aftermath.value,
            "version": str(row.version),
        }
    )
