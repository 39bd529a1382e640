"""Firing: what the one leader does when planned times have come.

Each schedule is settled in a transaction of its own: the run, the ledger's row and the next time
are there together or not at all, so a crash at any moment leaves a time either undecided or
decided. The ledger is unique by schedule and time: of two leaders that overlap for a moment, one
decides.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import islice, takewhile

from sqlalchemy.exc import IntegrityError

from lib import clock
from models import schedule as schedules
from models.project import Deployment
from models.run import Run
from models.schedule import Outcome, Overlap, Purpose, Schedule, ScheduleTime
from services import access, hold, runs
from services.access import Actor
from services.errors import Forbidden, GantryError, NotFound, Unavailable
from services.runs.create import as_applied
from services.schedules import inputs, missing, timing
from services.schedules.missing import Look, Policy, Verdict
from services.transaction import is_duplicate, session, transaction

BATCH = 100
MOST_AT_ONCE = 400
"""So many times of one schedule are decided in one transaction."""
MOST_WAITING = 10
"""So many runs of one schedule may wait or run; more are not queued."""

Key = tuple[dt.datetime, str]


def due(after: Key | None = None) -> list[Key]:
    """(time, schedule id) of the next few whose time has come, longest due first, after a key.

    While the portal is on hold none is: its times are late then, and each schedule says what of it.
    """
    if hold.is_on():
        return []
    rows = session().execute(schedules.due(clock.now(), after, BATCH)).all()
    return [(row[0], row[1]) for row in rows]


def settle(schedule_id: str, *, watched_since: dt.datetime | None = None) -> int:
    """Decide about the times of a schedule that have come. How many were decided.

    Since `watched_since` (until told: since now) somebody has looked at the schedules all along.

    Another process that is at it, or was, is left alone.

    Raises:
        Unavailable: when the database does not answer; nothing was decided then.
    """
    with transaction() as here:
        row = here.get(
            Schedule, schedule_id, with_for_update={"skip_locked": True}, populate_existing=True
        )
        now = clock.now()
        if row is None or row.next_fire_at is None or row.paused_at or row.next_fire_at > now:
            return 0
        first, rule = row.next_fire_at, timing.rule_of(row)
        times = _from(first, rule.after)
        come = list(islice(takewhile(lambda at: at <= now, times), _LOOKED_AT))
        verdicts = missing.judge(come, Look(now, watched_since or now), _policy(row))
        if len(come) == _LOOKED_AT:
            verdicts = verdicts[
                :MOST_AT_ONCE
            ]  # Whether the others are the newest is not known yet.
        decided = {each.scheduled_for for each in here.scalars(schedules.times_from(row.id, first))}
        _decide(row, [each for each in verdicts if each.scheduled_for not in decided])
        last = verdicts[-1].scheduled_for
        row.next_fire_at = None if is_spent(row) else rule.next(last)
        return len(verdicts)


_LOOKED_AT = MOST_AT_ONCE + missing.MOST_MADE_UP


def is_spent(row: Schedule) -> bool:
    """Whether a schedule has made all the runs it was to make."""
    return row.end_after is not None and row.fired_count >= row.end_after


def owner_of(row: Schedule) -> Actor:
    """The actor that a schedule's owner is now, started by the schedule.

    Raises:
        Forbidden: when the owner is not here any more.
    """
    return access.on_behalf(
        row.owner_id,
        trigger=inputs.TRIGGERS[row.purpose],
        trigger_id=row.id,
        trigger_name=row.name,
    )


def write(row: Schedule, scheduled_for: dt.datetime, outcome: Outcome, **more: object) -> None:
    """Put a row into the ledger, in the caller's transaction."""
    session().add(
        ScheduleTime(schedule_id=row.id, scheduled_for=scheduled_for, outcome=outcome, **more)
    )
    session().flush()


def _from(
    first: dt.datetime, after: Callable[[dt.datetime], Iterator[dt.datetime]]
) -> Iterator[dt.datetime]:
    yield first
    yield from after(first)


def _policy(row: Schedule) -> Policy:
    delay = None if row.max_delay_s is None else dt.timedelta(seconds=row.max_delay_s)
    return Policy(row.missed, delay)


def _decide(row: Schedule, verdicts: list[Verdict]) -> None:
    unfinished = list(session().scalars(schedules.unfinished_runs(row, MOST_WAITING + 1)))
    waiting = len(unfinished)
    for verdict in verdicts:
        if not verdict.fires:
            write(row, verdict.scheduled_for, Outcome.MISSED, reason=verdict.reason)
            continue
        in_the_way = _in_the_way(row, unfinished, waiting)
        if in_the_way:
            write(row, verdict.scheduled_for, Outcome.SKIPPED, reason=in_the_way)
        elif is_spent(row):
            return
        else:
            waiting += _fire(row, verdict.scheduled_for)


def _in_the_way(row: Schedule, unfinished: list[Run], waiting: int) -> str:
    """Why a run is not made although its time has come, or ''.

    Times that are made up for together do not skip each other: they wait in line.
    """
    if row.purpose is Purpose.DRIFT and not _is_applied(row):
        return "Nothing has been applied here yet."
    if row.overlap is Overlap.SKIP and unfinished:
        run = unfinished[0]
        return f"Run #{run.number} of this schedule was {_words(run)} still."
    if waiting >= MOST_WAITING:
        return f"{waiting} runs of this schedule had not ended: no more are queued."
    return ""


def _is_applied(row: Schedule) -> bool:
    return session().get_one(Deployment, row.deployment_id).current_state_id is not None


def _words(run: Run) -> str:
    return run.state.value.replace("_", " ")


def _fire(row: Schedule, scheduled_for: dt.datetime) -> bool:
    """Make the run of a planned time; a refusal is written down. Whether there is a run."""
    try:
        with session().begin_nested():
            actor = owner_of(row)
            run = _made(actor, row)
            write(row, scheduled_for, Outcome.FIRED, run_id=run.id, actor_name=actor.name)
    except Unavailable:
        raise
    except GantryError as refusal:
        write(row, scheduled_for, Outcome.REFUSED, reason=refusal.text, actor_name=row.owner_name)
        return False
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False  # Somebody else decided about this time.
    row.fired_count += 1
    return True


def _made(actor: Actor, row: Schedule) -> Run:
    """The run; what its owner would be told is told to those who read the ledger."""
    try:
        return runs.create_pinned(actor, request_now(row))
    except NotFound:
        raise Forbidden(f"{actor.name} does not see this place any more. {_TAKE_OVER}") from None
    except Forbidden:
        raise Forbidden(f"{actor.name} may not create runs here any more. {_TAKE_OVER}") from None


_TAKE_OVER = "Whoever saves the schedule takes it over."


def request_now(row: Schedule) -> runs.NewRun:
    """The run that a schedule makes now; what looks at or destroys all uses what was applied."""
    wanted = inputs.request_of(row)
    if row.purpose is Purpose.RUN or wanted.source is not None:
        return wanted
    return as_applied(session().get_one(Deployment, row.deployment_id), wanted)
