"""Schedules as they are kept: made, changed, deleted, found.

Whoever saves a schedule becomes its owner: its runs act with the rights that the owner has when
they are made. So nobody can put words into the mouth of somebody who may do more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError

from lib import clock
from lib.ids import is_id
from models import schedule as schedules
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_state import RunType
from models.schedule import Missed, Overlap, Purpose, Schedule, ScheduleTime
from services import audit, deployments, edits, paging, projects, sources, stacks, workspaces
from services.access import Action, Actor, require, visible
from services.errors import Conflict, Invalid, NotFound
from services.fields import Fields
from services.page import Page
from services.runs import NewRun
from services.runs.create.validation import validate
from services.schedules import inputs, timing
from services.transaction import is_duplicate, session, transaction

NAME_LIMIT = 120
LONGEST_DELAY_S = 31 * 24 * 3600
MOST_OF_A_DEPLOYMENT = 200
POLICIES = ("overlap", "missed", "max_delay_s")
TIMES = (*timing.WAYS, "timezone", "start", "end", "active")


@dataclass(frozen=True)
class ScheduleLine:
    """A schedule as lists show it, with what came of its last time and the run of that."""

    schedule: Schedule
    last: ScheduleTime | None
    last_run: Run | None


@dataclass(frozen=True, kw_only=True)
class NewSchedule:
    """What somebody asks for. `when` has `TIMES`, `what_if` has `POLICIES`; the rest is usual."""

    name: str
    request: NewRun
    when: Mapping[str, Any]
    what_if: Mapping[str, Any]
    purpose: Purpose = Purpose.RUN
    extras: Mapping[str, Any] | None = None


def create(actor: Actor, asked: NewSchedule) -> Schedule:
    """Make a schedule. Its deployment comes to be with it.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
        Invalid: with a sentence per field.
        Conflict: when the deployment has one of this name, or what is asked is protected.
    """
    stack, workspace = _places(actor, asked.request)
    request = inputs.shaped(_checked_source(actor, asked.request), asked.purpose)
    columns = _checked(asked, request, (stack, workspace), None)
    with transaction() as here:
        deployment = deployments.ensure(stack, workspace)
        if (here.scalar(schedules.count_of(deployment.id)) or 0) >= MOST_OF_A_DEPLOYMENT:
            raise Conflict(f"A deployment has at most {MOST_OF_A_DEPLOYMENT} schedules.")
        _refuse_second(deployment, asked.purpose)
        row = Schedule(
            deployment_id=deployment.id,
            **_names(deployment),
            purpose=asked.purpose,
            type=request.type,
            inputs=inputs.of_request(request),
            owner_id=actor.id,
            owner_name=actor.name,
            created_by_name=actor.name,
            **columns,
            **(asked.extras or {}),
        )
        row.next_fire_at = timing.first_time(columns, 0, clock.now())
        _insert(row)
        audit.record(actor, "schedule.create", row, after=summary(row))
    return row


def get(actor: Actor, schedule_id: str) -> Schedule:
    """The schedule with this id.

    Raises:
        NotFound: when there is none in places that the actor sees.
    """
    row = session().get(Schedule, schedule_id) if is_id(schedule_id) else None
    require(actor, Action.SEE, row)
    assert row is not None  # noqa: S101 - `require` refuses None
    return row


def held(schedule: Schedule) -> Schedule:
    """The schedule as it is now, held until the caller's transaction ends.

    Raises:
        NotFound: when it is gone.
    """
    row = session().get(Schedule, schedule.id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def edit(
    actor: Actor, schedule: Schedule, changes: Mapping[str, Any], *, version: int | None = None
) -> Schedule:
    """Change a schedule (`changes` has only what is to change, named as in `NewSchedule`).

    Its owner is the actor from then on. Times that were decided beforehand stay decided.

    Raises:
        Invalid: with a sentence per field.
        Conflict: when the name is taken, or with `version` when it was changed meanwhile.
    """
    require(actor, Action.WRITE_SCHEDULES, schedule)
    stack, workspace = _places(actor, inputs.request_of(schedule))
    request = inputs.shaped(inputs.asked(schedule, changes), schedule.purpose)
    if "source" in changes:
        request = _checked_source(actor, request)
    asked = NewSchedule(
        name=changes.get("name", schedule.name),
        request=request,
        when=_merged(when_of(schedule), changes),
        what_if={name: changes.get(name, getattr(schedule, name)) for name in POLICIES},
        purpose=schedule.purpose,
    )
    columns = _checked(asked, request, (stack, workspace), schedule)
    extras = {name: changes[name] for name in ("reconcile", "aftermath") if name in changes}
    with transaction():
        row = held(schedule)
        before = summary(row)
        if version is not None and row.version != version:
            raise edits.ChangedMeanwhile(_differing(row, columns))
        is_new_time = any(getattr(row, name) != columns[name] for name in timing.COLUMNS)
        for name, value in {**columns, **extras}.items():
            setattr(row, name, value)
        row.type, row.inputs = request.type, inputs.of_request(request)
        row.owner_id, row.owner_name = actor.id, actor.name
        if is_new_time:
            row.next_fire_at = timing.first_time(columns, row.fired_count, clock.now())
        row.version += 1
        _insert(row)
        audit.record(actor, "schedule.edit", row, before=before, after=summary(row))
    return row


def delete(actor: Actor, schedule: Schedule) -> None:
    """Delete a schedule with its ledger; runs it made stay."""
    require(actor, Action.WRITE_SCHEDULES, schedule)
    with transaction() as here:
        row = held(schedule)
        audit.record(actor, "schedule.delete", row, before=summary(row))
        here.delete(row)


def page(
    actor: Actor,
    scope: ColumnElement[bool],
    *,
    after: str | None = None,
    limit: int = paging.USUAL_PAGE,
    words: str = "",
) -> Page[ScheduleLine]:
    """The schedules of a scope that the actor sees, the oldest first."""
    rows = schedules.listed(scope & visible(actor, Schedule), clock.now(), words)
    return paging.fetch(
        rows,
        Schedule.id,
        after=after,
        limit=limit,
        line=ScheduleLine,
        key_of=lambda line: line.schedule.id,
    )


def line_of(row: Schedule) -> ScheduleLine:
    """A schedule with what came of its last time."""
    found = session().execute(schedules.listed(Schedule.id == row.id, clock.now())).first()
    return ScheduleLine(*found) if found else ScheduleLine(row, None, None)


def scope_of(
    actor: Actor, *, project: str = "", stack: str = "", workspace: str = ""
) -> ColumnElement[bool]:
    """The condition of the schedules in these places; empty names leave all in.

    Raises:
        NotFound: when the actor does not see one of them.
    """
    found: ColumnElement[bool] = Schedule.id.is_not(None)
    if stack:
        if not project:
            raise Invalid({"project": "A stack is named with its project."})
        found &= Schedule.stack_id == stacks.get(actor, project, stack).id
    elif project:
        found &= Schedule.project_id == projects.get(actor, project).id
    if workspace:
        found &= Schedule.workspace_id == workspaces.get(actor, workspace).id
    return found


def when_of(row: Schedule) -> dict[str, Any]:
    """When a schedule happens, as somebody would ask for it."""
    return {
        "cron": row.cron,
        "every": row.every,
        "at": row.at,
        "timezone": row.timezone,
        "start": row.start_at,
        "end": row.end_after or row.end_at,
        "active": row.active,
    }


def summary(row: Schedule) -> dict[str, Any]:
    """A schedule as the audit log keeps it: without any value of a variable."""
    kept = {name: row.inputs.get(name) for name in inputs.NAMES if name != "metadata"}
    times = when_of(row)
    for name in ("at", "start", "end"):
        value = times[name]
        times[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return {
        "name": row.name,
        "type": row.type.value,
        **times,
        **{name: getattr(row, name) for name in (*POLICIES, "reconcile", "aftermath")},
        **{name: value for name, value in kept.items() if value not in (None, [], "", False)},
        "variables": inputs.fingerprints(inputs.variables_of(row)),
        "owner": row.owner_name,
    }


def _places(actor: Actor, request: NewRun) -> tuple[Stack, Workspace]:
    stack = stacks.towards(actor, request.project, request.stack)
    workspace = workspaces.towards(actor, request.workspace)
    deployment = deployments.between(stack, workspace)
    for action in (Action.WRITE_SCHEDULES, Action.CREATE_RUN):
        require(actor, action, deployment)
    return stack, workspace


def _checked_source(actor: Actor, request: NewRun) -> NewRun:
    """The request with its source in its usual form; this may ask a resolver, so not later."""
    project: Project = projects.towards(actor, request.project)
    resolved = sources.resolve(request.source, project)
    return inputs.with_source(request, resolved)


def _checked(
    asked: NewSchedule, request: NewRun, place: tuple[Stack, Workspace], row: Schedule | None
) -> dict[str, Any]:
    """The columns of what is asked for, but for the inputs of its runs."""
    fields = Fields()
    name = fields.text("name", asked.name, NAME_LIMIT)
    if not name:
        fields.add("name", "Give it a name.")
    same_interval = row is not None and (row.every, row.start_at) == (
        asked.when.get("every"),
        asked.when.get("start"),
    )
    columns = timing.read(fields, asked.when, row.first_at if row and same_interval else None)
    if asked.purpose is Purpose.TTL and columns["at"] is None:
        fields.add("at", "A time to live is one date.")
    columns |= _policies(fields, asked.what_if)
    try:
        validate(request, *place)
    except Invalid as refusal:
        fields.problems.update(refusal.fields)
    if request.type is RunType.TEST:
        fields.add("type", "A test case is run by its module.")
    fields.done()
    fired = row.fired_count if row else 0
    unchanged = row is not None and all(getattr(row, n) == columns[n] for n in timing.COLUMNS)
    if not unchanged and timing.first_time(columns, fired, clock.now()) is None:
        raise Invalid({_time_field(columns): _NEVER})
    return {"name": name, **columns}


_NEVER = "No such time is to come. Look at the date, the end and the active hours."


def _time_field(columns: Mapping[str, Any]) -> str:
    return next(way for way in timing.WAYS if columns[way] is not None)


def _policies(fields: Fields, given: Mapping[str, Any]) -> dict[str, Any]:
    overlap, missed = given.get("overlap") or Overlap.SKIP, given.get("missed") or Missed.NONE
    fields.choice("overlap", overlap, [each.value for each in Overlap])
    fields.choice("missed", missed, [each.value for each in Missed])
    delay = given.get("max_delay_s")
    if delay is not None:
        fields.whole("max_delay_s", delay, 1, LONGEST_DELAY_S)
    fields.done()
    return {"overlap": Overlap(overlap), "missed": Missed(missed), "max_delay_s": delay}


def _merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """When, with what changes: another way of saying it takes the place of the present one."""
    after = {name: changes.get(name, before[name]) for name in TIMES}
    chosen = [way for way in timing.WAYS if changes.get(way) not in (None, "")]
    if chosen:
        after |= {way: changes.get(way) for way in timing.WAYS}
    return after


_ONLY_ONE = {Purpose.DRIFT: "drift check", Purpose.TTL: "time to live"}


def _refuse_second(deployment: Deployment, purpose: Purpose) -> None:
    """Refuse a second schedule of a kind of which a deployment has one only."""
    if purpose not in _ONLY_ONE:
        return
    if session().scalars(schedules.of_deployment(deployment.id, purpose)).first() is not None:
        raise Conflict(
            f"The deployment has a {_ONLY_ONE[purpose]} already; change that one instead."
        )


def _insert(row: Schedule) -> None:
    here = session()
    try:
        with here.begin_nested():
            here.add(row)
            here.flush()
    except IntegrityError as error:
        if is_duplicate(error):
            text = f"This deployment already has a schedule “{row.name}”; choose another name."
            raise Conflict(text) from error
        raise


def _names(deployment: Deployment) -> dict[str, str]:
    wanted = "project_id stack_id workspace_id project_name stack_name workspace_name".split()
    return {name: getattr(deployment, name) for name in wanted}


def _differing(row: Schedule, columns: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody else has saved meanwhile that is not what was just asked for."""
    shown = ("name", "cron", "every", "timezone", *POLICIES)
    return {
        name: getattr(row, name)
        for name in shown
        if name in columns and getattr(row, name) != columns[name]
    }
