"""What can be done to a schedule: pause, resume, run now, skip the next time, take that back."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from itertools import takewhile

from sqlalchemy import delete

from lib import clock
from models import schedule as schedules
from models.project import Deployment
from models.run import Run
from models.schedule import Outcome, Purpose, Schedule, ScheduleTime
from services import audit, runs
from services.access import Action, Actor, require
from services.errors import Conflict
from services.page import Page, cut
from services.schedules import inputs, timing
from services.schedules.firing import is_spent, request_now, write
from services.schedules.kept import held
from services.transaction import session, transaction

KEPT = dt.timedelta(days=180)
FORGOTTEN_AT_ONCE = 1_000
MOST_WRITTEN_DOWN = 100
"""So many of the times that passed during a pause are written into the ledger."""


@dataclasses.dataclass(frozen=True)
class LedgerLine:
    """A row of the ledger with its run, where there is one."""

    time: ScheduleTime
    run: Run | None


def pause(actor: Actor, schedule: Schedule) -> Schedule:
    """Let no time come until it is resumed.

    Raises:
        Conflict: when it is paused already, or has no time to come.
    """
    require(actor, Action.WRITE_SCHEDULES, schedule)
    with transaction():
        row = held(schedule)
        if row.paused_at is not None:
            raise Conflict(f"It is paused already, by {row.paused_by_name}.")
        if row.next_fire_at is None:
            raise Conflict("No time is to come, so there is nothing to pause.")
        row.paused_at, row.paused_by_name = clock.now(), actor.name
        row.version += 1
        audit.record(actor, "schedule.pause", row)
    return row


def resume(actor: Actor, schedule: Schedule) -> Schedule:
    """Go on with the next time from now; those that passed are skipped, and the ledger says so.

    Raises:
        Conflict: when it is not paused.
    """
    require(actor, Action.WRITE_SCHEDULES, schedule)
    with transaction():
        row = held(schedule)
        if row.paused_at is None:
            raise Conflict("It is not paused.")
        now, rule = clock.now(), timing.rule_of(row)
        if row.next_fire_at is not None:
            _passed(row, _due(row, now))
            if row.next_fire_at <= now:
                row.next_fire_at = None if is_spent(row) else rule.next(now)
        row.paused_at, row.paused_by_name = None, ""
        row.version += 1
        audit.record(actor, "schedule.resume", row)
    return row


def run_now(actor: Actor, schedule: Schedule) -> Run:
    """Make the schedule's run at once, as the actor; its planned times stay as they are.

    Raises:
        Conflict: when the stack is a draft, or what is asked is protected.
    """
    require(actor, Action.CREATE_RUN, schedule)
    with transaction():
        row = held(schedule)
        if row.purpose is Purpose.TTL:
            raise Conflict("To destroy it before its date, create a destroy run.")
        by_hand = dataclasses.replace(
            actor,
            trigger=inputs.TRIGGERS[row.purpose],
            trigger_id=row.id,
            trigger_name=row.name,
        )
        deployment = session().get_one(Deployment, row.deployment_id)
        run = runs.create_pinned(by_hand, request_now(row, deployment))
        write(
            row,
            clock.now(),
            Outcome.FIRED,
            run_id=run.id,
            by_hand=True,
            actor_name=actor.name,
            reason=f"Started by hand by {actor.name}.",
        )
        audit.record(actor, "schedule.run-now", row, after={"run": run.number})
    return run


def skip_next(actor: Actor, schedule: Schedule) -> Schedule:
    """Decide now that nothing happens at the next time.

    Raises:
        Conflict: when it is paused, or no time is to come.
    """
    require(actor, Action.WRITE_SCHEDULES, schedule)
    with transaction():
        row = held(schedule)
        if row.next_fire_at is None or row.paused_at is not None:
            said = "it is paused" if row.paused_at else "no time is to come"
            raise Conflict(f"There is no next time to skip: {said}.")
        skipped = row.next_fire_at
        write(
            row,
            skipped,
            Outcome.SKIPPED,
            actor_name=actor.name,
            reason=f"Skipped beforehand by {actor.name}.",
        )
        row.next_fire_at = timing.rule_of(row).next(skipped)
        row.version += 1
        audit.record(actor, "schedule.skip-next", row, after={"time": skipped.isoformat()})
    return row


def take_back(actor: Actor, schedule: Schedule) -> Schedule:
    """Take back what was skipped beforehand: those times come after all.

    Raises:
        Conflict: when no time to come was skipped.
    """
    require(actor, Action.WRITE_SCHEDULES, schedule)
    with transaction() as here:
        row = held(schedule)
        ahead = skipped_ahead(row)
        if not ahead:
            raise Conflict("No time to come was skipped.")
        for each in ahead:
            here.delete(each)
        here.flush()
        row.next_fire_at = None if is_spent(row) else timing.rule_of(row).next(clock.now())
        row.version += 1
        audit.record(actor, "schedule.take-back", row, after={"times": len(ahead)})
    return row


def skipped_ahead(schedule: Schedule) -> Sequence[ScheduleTime]:
    """The times to come of which it was decided beforehand that nothing happens."""
    rows = session().scalars(schedules.times_from(schedule.id, clock.now()))
    return [row for row in rows if row.outcome is Outcome.SKIPPED]


def ledger(
    actor: Actor,
    schedule: Schedule,
    *,
    before: dt.datetime | None = None,
    outcomes: Sequence[Outcome] = (),
    limit: int = 50,
) -> Page[LedgerLine]:
    """What came of each planned time, the newest first; `next` is an instant in ISO form."""
    require(actor, Action.SEE, schedule)
    found = session().execute(schedules.ledger(schedule.id, before, outcomes, limit + 1)).all()
    lines = [LedgerLine(*row) for row in found]
    return cut(lines, limit, lambda line: line.time.scheduled_for.isoformat())


def forget() -> None:
    """Strike what is older in the ledger than it is kept, a batch in each transaction."""
    long_ago = clock.now() - KEPT
    while True:
        with transaction() as here:
            old = here.scalars(schedules.decided_before(long_ago, FORGOTTEN_AT_ONCE)).all()
            here.execute(delete(ScheduleTime).where(ScheduleTime.id.in_(old)))
        if len(old) < FORGOTTEN_AT_ONCE:
            return


def _due(row: Schedule, now: dt.datetime) -> list[dt.datetime]:
    """The times that have come by now, the first ones of them."""
    first = row.next_fire_at
    if first is None or first > now:
        return []
    later = takewhile(lambda at: at <= now, timing.rule_of(row).after(first))
    return [first, *(each for each, _ in zip(later, range(MOST_WRITTEN_DOWN - 1), strict=False))]


def _passed(row: Schedule, times: list[dt.datetime]) -> None:
    if not times:
        return
    rows = session().scalars(schedules.times_from(row.id, times[0]))
    known = {each.scheduled_for for each in rows}
    for at in times:
        if at not in known:
            write(row, at, Outcome.SKIPPED, reason=f"Paused by {row.paused_by_name}.")
