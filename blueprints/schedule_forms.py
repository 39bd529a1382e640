"""The form of a schedule, with its preview of times: to make one, and to change one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from flask import Blueprint, Response, request

from blueprints._shared import current, schedule_form, source_form, where
from blueprints._shared.current import Crumb
from blueprints._shared.respond import fragment, page, respond_after
from blueprints._shared.schedule_form import Pair, clocks, crumbs_of
from blueprints._shared.typed import Typed, posted
from models.project import Stack
from models.schedule import Schedule
from services import deployments, drafts, projects, schedules, sources, stacks, workspaces
from services.access import Action, require
from services.errors import Conflict, GantryError, Invalid
from services.schedules import Look
from services.vcs import links
from services.vcs.links import LinkLine

blueprint = Blueprint("schedule_forms", __name__)
ONE = "/schedules/<schedule_id>"


@dataclass(frozen=True)
class Form:
    """What schedules/form.html reads. `row` is None for one that is to be made."""

    form: Typed
    pairs: Sequence[Pair]
    place: Mapping[str, str]
    stack: Stack
    row: Schedule | None
    types: frozenset[str]
    is_protected: bool
    zones: Sequence[str]
    look: Look
    times: Sequence[tuple[dt.datetime, str, str]]
    variable_error: str
    own_source: str
    uploads: Sequence[tuple[str, str]]
    link: LinkLine | None


@dataclass(frozen=True)
class Times:
    """What schedules/_times.html reads."""

    form: Typed
    look: Look
    times: Sequence[tuple[dt.datetime, str, str]]


@blueprint.get("/schedules/new")
def new() -> Response:
    """The form of a new schedule; or where it is to be, when that is not preset."""
    place = where.asked()
    if not all(place.values()):
        return where.ask("schedule", place, list_url="/schedules", icon="schedule")
    form = schedule_form.blank(current.Current().user.timezone)
    return _form(form, place, None, ())


@blueprint.post("/schedules/new")
def create() -> Response:
    """Make a schedule; or, with the button for it, only show its times."""
    form, place, actor = posted(), where.asked(), current.actor()
    try:
        source, form = source_form.read(actor, projects.towards(actor, place["project"]), form)
        if form["look"]:
            return _form(form, place, None, schedule_form.posted_pairs())
        made = schedules.create(actor, schedule_form.read(form, place, source).new())
    except (Invalid, Conflict) as refusal:
        return _refused(form, place, None, refusal)
    return respond_after(f"/schedules/{made.id}", said=f"Schedule {made.name} is there.")


@blueprint.get("/schedules/times")
def times() -> Response:
    """The next times of what is being typed."""
    form = Typed({name: request.args[name] for name in request.args})
    look = schedules.look(schedule_form.when(form))
    return fragment(
        "schedules/_times.html", Times(form, look, clocks(look.times, form["timezone"]))
    )


@blueprint.get(f"{ONE}/edit")
def edit_form(schedule_id: str) -> Response:
    """The form of a schedule."""
    row = _schedule(schedule_id)
    return _form(schedule_form.of(row), _place_of(row), row, schedule_form.pairs_of(row))


@blueprint.post(f"{ONE}/edit")
def edit(schedule_id: str) -> Response:
    """Change a schedule; or, with the button for it, only show its times."""
    row, form, actor = _schedule(schedule_id), posted(), current.actor()
    require(actor, Action.WRITE_SCHEDULES, row)
    place = _place_of(row)
    try:
        source, form = source_form.read(actor, projects.towards(actor, row.project_name), form)
        if form["look"]:
            return _form(form, place, row, schedule_form.posted_pairs())
        asked = schedule_form.read(form, place, source, schedules.variables_of(row))
        changes = asked.changes(row.inputs.get("source"))
        schedules.edit(actor, row, changes, version=form.version)
    except (Invalid, Conflict) as refusal:
        return _refused(form, place, row, refusal)
    return respond_after(f"/schedules/{row.id}", said="Saved.")


def _schedule(schedule_id: str) -> Schedule:
    return schedules.get(current.actor(), schedule_id)


def _place_of(row: Schedule) -> dict[str, str]:
    return {name: getattr(row, f"{name}_name") for name in where.PLACE}


def _form(
    form: Typed,
    place: Mapping[str, str],
    row: Schedule | None,
    pairs: Sequence[Pair],
    *,
    status: int = 200,
) -> Response:
    actor = current.actor()
    deployment = deployments.at(actor, place["project"], place["stack"], place["workspace"])
    require(actor, Action.WRITE_SCHEDULES, deployment)
    stack = stacks.towards(actor, place["project"], place["stack"])
    workspace = workspaces.towards(actor, place["workspace"])
    able = drafts.types_of(stack)
    look = schedules.look(schedule_form.when(form), row)
    context = Form(
        form=form,
        pairs=pairs,
        place=place,
        stack=stack,
        row=row,
        types=frozenset(name for name, (kind, _) in drafts.KINDS.items() if kind in able),
        is_protected=stack.protected or workspace.protected,
        zones=sorted(available_timezones()),
        look=look,
        times=clocks(look.times, form["timezone"]),
        variable_error=_variable_error(form),
        own_source=sources.describe(stack.source),
        uploads=source_form.uploads(actor, stack),
        link=links.at(actor, stack, workspace),
    )
    crumbs = (
        (*crumbs_of(row), Crumb("Edit"))
        if row
        else (Crumb("Schedules", "/schedules"), Crumb("New schedule"))
    )
    return page("schedules/form.html", context, crumbs=crumbs, status=status)


def _refused(
    form: Typed, place: Mapping[str, str], row: Schedule | None, refusal: GantryError
) -> Response:
    status = 422 if isinstance(refusal, Invalid) else 409
    beside = "name" if row is None else ""
    return _form(
        form.refused(source_form.flat(refusal, form["source"]), beside=beside),
        place,
        row,
        schedule_form.posted_pairs(),
        status=status,
    )


def _variable_error(form: Typed) -> str:
    return " ".join(
        f"{name.partition('.')[2]}: {text}"
        for name, text in form.errors.items()
        if name.startswith("variables.")
    )
