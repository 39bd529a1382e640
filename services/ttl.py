"""Time to live: a deployment is destroyed at a date, and what is left of it kept or removed.

It is a schedule of one date whose run is an ordinary destroy, with the rights of whoever set it.
A warning goes out a day before. It is cancelled by taking the time away, and extended by another.
"""

import datetime as dt
from typing import Any

from sqlalchemy import select

from lib import clock
from models import drift as rows
from models.project import Deployment, Stack, Workspace
from models.run import Run
from models.run_state import RunState, RunType
from models.schedule import Aftermath, Purpose, Schedule, times_of_run
from models.schedule import of_deployment as schedules_of
from models.user import User
from services import access, mail, outbox, publishing, removal, runs, schedules
from services.access import Action, Actor, require, visible
from services.errors import Conflict, GantryError, Invalid, NotFound
from services.schedules import NewSchedule
from services.transaction import session, transaction

NAME = "time to live"
WARNED_BEFORE = dt.timedelta(hours=24)
CLEAR = "clear"
"""The kind of message by which a destroyed place is removed."""
BATCH = 50


def of(actor: Actor, deployment: Deployment) -> Schedule | None:
    """A deployment's time to live, or None."""
    require(actor, Action.SEE, deployment)
    return session().scalars(schedules_of(deployment.id, Purpose.TTL)).first()


def put(
    actor: Actor,
    deployment: Deployment,
    *,
    at: Any,
    timezone: str = "UTC",
    then: str = Aftermath.KEEP,
    version: int | None = None,
) -> Schedule:
    """Set or change when a deployment is destroyed. `then` says what is removed afterwards.

    Raises:
        Invalid: when the date is none to come.
        Conflict: when the workspace or the stack is protected, or the stack is a draft.
        Forbidden: when the actor may not remove what is to be removed.
    """
    require(actor, Action.WRITE_SCHEDULES, deployment)
    aftermath = _aftermath(actor, deployment, then)
    stack = session().get_one(Stack, deployment.stack_id)
    draft = publishing.objection(stack, "ttl", RunType.DESTROY)
    if draft:
        raise Conflict(draft)
    when = {"at": at, "timezone": timezone}
    found = of(actor, deployment)
    if found is not None:
        changes = {**when, "aftermath": aftermath}
        return schedules.edit(actor, found, changes, version=version)
    request = runs.NewRun(
        project=deployment.project_name,
        stack=deployment.stack_name,
        workspace=deployment.workspace_name,
        type=RunType.DESTROY,
        auto_apply=True,
        message=f"The time to live of {deployment.stack_name} is over",
    )
    asked = NewSchedule(
        name=NAME,
        request=request,
        when=when,
        what_if={"overlap": "queue", "missed": "one"},
        purpose=Purpose.TTL,
        extras={"aftermath": aftermath},
    )
    return schedules.create(actor, asked)


def cancel(actor: Actor, deployment: Deployment) -> None:
    """Take the time to live away: nothing is destroyed.

    Raises:
        NotFound: when there is none.
    """
    row = of(actor, deployment)
    if row is None:
        raise NotFound("This deployment has no time to live.")
    schedules.delete(actor, row)


def ending(actor: Actor, most: int) -> list[Schedule]:
    """The times to live that end within a day, among those that the actor sees."""
    until = clock.now() + WARNED_BEFORE
    return list(session().scalars(rows.ending(visible(actor, Schedule), until, most)))


def warn() -> None:
    """Tell the owners of places that end within a day; each date is told once."""
    until = clock.now() + WARNED_BEFORE
    with transaction() as here:
        wanted = (
            select(Schedule)
            .where(
                Schedule.purpose == Purpose.TTL,
                Schedule.next_fire_at <= until,
                Schedule.paused_at.is_(None),
                Schedule.warned_for.is_distinct_from(Schedule.next_fire_at),
            )
            .order_by(Schedule.next_fire_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        for row in here.scalars(wanted).all():
            _warn(row)


def run_moved(run: Run, before: RunState | None) -> None:
    """Follow a run: once a time to live has destroyed all, what is to be removed is removed."""
    if run.trigger_kind != "ttl" or before is None or run.state is not RunState.FINISHED:
        return
    row = session().get(Schedule, run.trigger_id)
    if row is not None and row.aftermath is not Aftermath.KEEP:
        outbox.put(CLEAR, run.id, {"run": run.id, "schedule": row.id})


def clear(run_id: str, schedule_id: str) -> str:
    """Remove what a time to live says, with its owner's rights of now. Why not, or ''.

    Called again it does no harm: what is gone is gone. Where something is left, nothing is
    removed: the ledger says why, and the owner is told.

    Raises:
        Busy: while a run there has not ended; try again.
    """
    run, row = session().get(Run, run_id), session().get(Schedule, schedule_id)
    if run is None or row is None:
        return ""
    try:
        actor = access.on_behalf(
            row.owner_id, trigger="ttl", trigger_id=row.id, trigger_name=row.name
        )
        if row.aftermath is Aftermath.STACK:
            stack = session().get_one(Stack, row.stack_id)
            removal.remove(actor, stack, confirm=stack.name, patience_s=0)
        else:
            deployment = session().get_one(Deployment, row.deployment_id)
            removal.remove(actor, deployment, confirm=deployment.workspace_name, patience_s=0)
    except removal.Busy:
        raise
    except GantryError as refusal:
        _not_removed(run.id, schedule_id, refusal.text)
        return refusal.text
    return ""


def _not_removed(run_id: str, schedule_id: str, why: str) -> None:
    """Write down, and tell, that what was destroyed is not removed."""
    with transaction() as here:
        row = here.get(Schedule, schedule_id)
        if row is None:
            return
        for time in here.scalars(times_of_run(row.id, run_id)):
            time.reason = f"Destroyed, but not removed: {why}"
        place = f"{row.stack_name} in {row.workspace_name}"
        _tell(
            row,
            f"{place} is destroyed, but not removed",
            f"The time to live of {place} was over and everything in it was destroyed. "
            f"It was not removed afterwards: {why}\n",
            key=f"ttl:{run_id}:kept",
        )


def _tell(row: Schedule, subject: str, text: str, *, key: str) -> None:
    owner = session().get(User, row.owner_id) if row.owner_id else None
    if owner is not None and owner.is_active and owner.email:
        mail.send(owner.email, subject, text, key=key)


def _aftermath(actor: Actor, deployment: Deployment, then: str) -> Aftermath:
    if then not in list(Aftermath):
        raise Invalid({"then": f"Say one of: {', '.join(each.value for each in Aftermath)}."})
    aftermath = Aftermath(then)
    if aftermath is Aftermath.STACK:
        require(actor, Action.DELETE, session().get_one(Stack, deployment.stack_id))
    if aftermath is Aftermath.DEPLOYMENT:
        require(actor, Action.DELETE, deployment)
    return aftermath


def _warn(row: Schedule) -> None:
    row.warned_for = row.next_fire_at
    if row.next_fire_at is None:
        return
    place = f"{row.stack_name} in {row.workspace_name}"
    _tell(
        row,
        f"{place} will be destroyed soon",
        f"Its time to live ends {row.next_fire_at:%d %b %Y, %H:%M} UTC. Everything in {place} is "
        "destroyed then, without asking again.\n\nTo keep it, take the time away or set a later "
        f"one on its Schedules page in Gantry.\n",
        key=f"ttl:{row.id}:{row.next_fire_at.isoformat()}",
    )


def is_protected(deployment: Deployment) -> bool:
    """Whether nothing may be destroyed there."""
    here = session()
    return bool(
        here.get_one(Stack, deployment.stack_id).protected
        or here.get_one(Workspace, deployment.workspace_id).protected
    )
