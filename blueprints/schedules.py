"""Schedules: lists, the form with its preview of times, one schedule with its ledger."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from blueprints._shared import current, paging, places, schedule_form
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.schedule_form import clocks, crumbs_of, deployment_url
from models.project import Stack
from models.schedule import Outcome, Purpose, Schedule
from services import schedules, sources, stacks
from services.access import Action, Actor, can, require
from services.errors import Invalid
from services.page import Page
from services.schedules import LedgerLine, ScheduleLine

blueprint = Blueprint("schedules", __name__)
STACK = "/projects/<project>/stacks/<stack>"
ONE = "/schedules/<schedule_id>"


@dataclass(frozen=True)
class Index:
    """What schedules/index.html and schedules/of_place.html read."""

    lines: Page[ScheduleLine]
    words: str
    next_url: str
    new_url: str
    frame: Frame | None = None


@dataclass(frozen=True)
class Show:
    """What schedules/show.html reads. `may` holds verbs that would be accepted now."""

    row: Schedule
    line: ScheduleLine
    state: str
    words: str
    times: Sequence[tuple[dt.datetime, str, str]]
    ledger: Page[LedgerLine]
    outcome: str
    older_url: str
    may: frozenset[str]
    ahead: int
    stack: Stack
    source: str
    lost_zone: str
    may_edit: bool


@dataclass(frozen=True)
class Deletion:
    """What schedules/delete.html reads."""

    row: Schedule


@blueprint.get("/schedules")
def index() -> Response:
    """Every schedule that the visitor sees."""
    return _list(None, {})


@blueprint.get(f"{STACK}/schedules")
def of_stack(project: str, stack: str) -> Response:
    """The schedules of a stack."""
    return _list(places.of_stack(project, stack, "schedules"), {"project": project, "stack": stack})


@blueprint.get("/workspaces/<workspace>/schedules")
def of_workspace(workspace: str) -> Response:
    """The schedules in a workspace."""
    return _list(places.of_workspace(workspace, "schedules"), {"workspace": workspace})


@blueprint.get(f"{STACK}/workspaces/<workspace>/schedules")
def of_deployment(project: str, stack: str, workspace: str) -> Response:
    """The schedules of a deployment."""
    frame = places.of_deployment(project, stack, workspace, "schedules")
    return _list(frame, {"project": project, "stack": stack, "workspace": workspace})


@blueprint.get(ONE)
def show(schedule_id: str) -> Response:
    """One schedule: when it comes next, and what came of each time."""
    actor, row = current.actor(), _schedule(schedule_id)
    line = schedules.line_of(row)
    outcome = request.args.get("outcome", "")
    outcomes = [Outcome(outcome)] if outcome in list(Outcome) else []
    ledger = schedules.ledger(actor, row, before=_before(), outcomes=outcomes, limit=30)
    ahead = len(schedules.skipped_ahead(row))
    may_edit = can(actor, Action.WRITE_SCHEDULES, row)
    context = Show(
        row=row,
        line=line,
        state=_state(row),
        words=schedules.words_of(row),
        times=clocks(schedules.upcoming(row), row.timezone),
        ledger=ledger,
        outcome=outcome,
        older_url="" if ledger.next is None else url_with(cursor=paging.encode(ledger.next)),
        may=_may(row, ahead) if may_edit else frozenset(),
        ahead=ahead,
        stack=stacks.towards(actor, row.project_name, row.stack_name),
        source=sources.describe(row.inputs.get("source")),
        lost_zone=schedules.lost_zone(row),
        may_edit=may_edit,
    )
    return page("schedules/show.html", context, crumbs=crumbs_of(row))


@blueprint.post(f"{ONE}/pause")
def pause(schedule_id: str) -> Response:
    """Let no time come."""
    return _after(schedules.pause, schedule_id, "Paused: no time comes until it is resumed.")


@blueprint.post(f"{ONE}/resume")
def resume(schedule_id: str) -> Response:
    """Let times come again."""
    return _after(schedules.resume, schedule_id, "It goes on.")


@blueprint.post(f"{ONE}/run-now")
def run_now(schedule_id: str) -> Response:
    """Make its run at once."""
    run = schedules.run_now(current.actor(), _schedule(schedule_id))
    return respond_after(f"/runs/{run.id}", said="Started by hand; its planned times stay.")


@blueprint.post(f"{ONE}/skip-next")
def skip_next(schedule_id: str) -> Response:
    """Leave its next time out."""
    return _after(schedules.skip_next, schedule_id, "The next time is left out.")


@blueprint.post(f"{ONE}/take-back")
def take_back(schedule_id: str) -> Response:
    """Let the times come that were to be left out."""
    return _after(schedules.take_back, schedule_id, "Taken back: no time to come is left out.")


@blueprint.get(f"{ONE}/delete")
def confirm_delete(schedule_id: str) -> Response:
    """What goes with a schedule."""
    row = _schedule(schedule_id)
    require(current.actor(), Action.WRITE_SCHEDULES, row)
    return page("schedules/delete.html", Deletion(row), crumbs=(*crumbs_of(row), Crumb("Delete")))


@blueprint.post(f"{ONE}/delete")
def delete(schedule_id: str) -> Response:
    """Delete a schedule."""
    row = _schedule(schedule_id)
    schedules.delete(current.actor(), row)
    return respond_after(f"{deployment_url(row)}/schedules", said=f"Schedule {row.name} is gone.")


def _schedule(schedule_id: str) -> Schedule:
    return schedules.get(current.actor(), schedule_id)


def _after(verb: Callable[[Actor, Schedule], Schedule], schedule_id: str, said: str) -> Response:
    row = verb(current.actor(), _schedule(schedule_id))
    return respond_after(f"/schedules/{row.id}", said=said)


def _list(frame: Frame | None, names: dict[str, str]) -> Response:
    actor, words = current.actor(), request.args.get("q", "").strip()[:100]
    scope = schedules.scope_of(actor, **names)
    lines = schedules.page(actor, scope, after=paging.after(), limit=paging.limit(), words=words)
    new_url = ""
    if frame is None or "write_schedules" in frame.may:
        query = "&".join(f"{name}={value}" for name, value in names.items())
        new_url = f"/schedules/new?{query}" if query else "/schedules/new"
    context = Index(lines, words, places.next_url(lines), new_url, frame)
    if frame is None:
        return page("schedules/index.html", context, crumbs=(Crumb("Schedules"),))
    return page("schedules/of_place.html", context, crumbs=frame.crumbs)


@blueprint.app_template_filter("schedule_words")
def schedule_words(row: Schedule) -> str:
    """When a schedule happens, in English."""
    return schedules.words_of(row)


@blueprint.app_template_filter("on_wall")
def on_wall(at: dt.datetime, timezone: str) -> str:
    """What the clock on the wall of a zone shows."""
    return schedule_form.two_clocks(at, timezone)[0]


def _state(row: Schedule) -> str:
    if row.next_fire_at is None:
        return "ended"
    return "paused" if row.paused_at else "active"


def _may(row: Schedule, ahead: int) -> frozenset[str]:
    """The verbs that would be accepted now."""
    waits = row.next_fire_at is not None
    checks = {
        "pause": waits and row.paused_at is None,
        "resume": row.paused_at is not None,
        "skip-next": waits and row.paused_at is None,
        "take-back": ahead > 0,
        "run-now": row.purpose is not Purpose.TTL,
    }
    return frozenset(name for name, holds in checks.items() if holds)


def _before() -> dt.datetime | None:
    text = paging.after()
    try:
        return dt.datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid({"cursor": "Start from the first page."}) from None
