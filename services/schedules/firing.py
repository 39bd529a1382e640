"""Firing: what the one leader does when planned times have come.

Schedules are settled a few at a time, in one transaction: the runs, the ledger's rows and the next
times are there together or not at all, so a crash at any moment leaves a time either undecided or
decided. The ledger is unique by schedule and time: of two leaders that overlap for a moment, one
decides. First all is decided, which writes nothing; then all is written at once. What a schedule is
refused stands in the ledger; a fault in one undoes the transaction, and who called settles each of
them by itself.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from lib import clock
from models import schedule as schedules
from models.project import Deployment
from models.schedule import Outcome, Overlap, Purpose, Schedule, ScheduleTime
from services import hold, runs
from services.errors import Conflict, Forbidden, GantryError, NotFound, Unavailable
from services.runs.create import Wanted, as_applied, make_all, may_be, require_runs
from services.schedules import inputs, missing, timing
from services.schedules.missing import Look, Policy, Verdict
from services.schedules.surroundings import Surroundings, around
from services.transaction import session, transaction

BATCH = 200
MOST_AT_ONCE = 400
"""So many times of one schedule are decided in one transaction; after so many none is begun."""
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


@dataclass(frozen=True)
class Settled:
    """Of how many schedules, from the first on, it was decided, and how long others waited."""

    count: int
    held_s: float


def settle(schedule_ids: Sequence[str], *, watched_since: dt.datetime | None = None) -> Settled:
    """Decide about the times of schedules that have come, of as many as go into a transaction.

    Since `watched_since` (until told: since now) somebody has looked at the schedules all along.

    What another process is at, or was, is left alone.

    Raises:
        Unavailable: when the database does not answer; nothing was decided then.
    """
    with transaction():
        began = clock.monotonic()
        count = _settle(schedule_ids, watched_since)
    return Settled(count, clock.monotonic() - began)


def _settle(schedule_ids: Sequence[str], watched_since: dt.datetime | None) -> int:
    now = clock.now()
    found = {row.id: row for row in session().scalars(schedules.to_settle(schedule_ids, now))}
    rows = [found[each] for each in schedule_ids if each in found]
    if not rows:
        return len(schedule_ids)
    batch = _Batch(around(rows), Look(now, watched_since or now))
    left = [row.id for row in rows if not batch.decide(row)]
    batch.write()
    return schedule_ids.index(left[0]) if left else len(schedule_ids)


_LOOKED_AT = MOST_AT_ONCE + missing.MOST_MADE_UP


def is_spent(row: Schedule) -> bool:
    """Whether a schedule has made all the runs it was to make."""
    return row.end_after is not None and row.fired_count >= row.end_after


def write(row: Schedule, scheduled_for: dt.datetime, outcome: Outcome, **more: object) -> None:
    """Put a row into the ledger, in the caller's transaction."""
    session().add(
        ScheduleTime(schedule_id=row.id, scheduled_for=scheduled_for, outcome=outcome, **more)
    )


@dataclass(frozen=True)
class _Decision:
    """What comes of a planned time: a run, or a reason why there is none."""

    row: Schedule
    scheduled_for: dt.datetime
    outcome: Outcome
    reason: str = ""
    actor_name: str = ""
    wanted: Wanted | None = None


class _Batch:
    """The schedules that are settled in one transaction."""

    def __init__(self, surroundings: Surroundings, look: Look) -> None:
        self.decisions: list[_Decision] = []
        self._around = surroundings
        self._look = look

    def decide(self, row: Schedule) -> bool:
        """Decide about the times of a schedule that have come, and move its next one on.

        False when so much is decided already that it has to wait for another transaction.
        """
        if len(self.decisions) >= MOST_AT_ONCE:
            return False
        first, rule = row.next_fire_at, timing.rule_of(row)
        assert first is not None  # noqa: S101 - else it would not have been found.
        times = takewhile(lambda at: at <= self._look.now, _from(first, rule.after))
        come = list(islice(times, _LOOKED_AT))
        verdicts = missing.judge(come, self._look, _policy(row))
        if len(come) == _LOOKED_AT:  # Whether the others are the newest is not known yet.
            verdicts = verdicts[:MOST_AT_ONCE]
        known = self._around.decided[row.id]
        self._judge(row, [each for each in verdicts if each.scheduled_for not in known])
        last = verdicts[-1].scheduled_for
        row.next_fire_at = None if is_spent(row) else rule.next(last)
        return True

    def write(self) -> None:
        """Make the runs, and write down what came of each time."""
        made = iter(make_all([each.wanted for each in self.decisions if each.wanted is not None]))
        for each in self.decisions:
            write(
                each.row,
                each.scheduled_for,
                each.outcome,
                run_id=None if each.wanted is None else next(made).id,
                reason=each.reason,
                actor_name=each.actor_name,
            )

    def _judge(self, row: Schedule, verdicts: Sequence[Verdict]) -> None:
        waiting = len(self._around.unfinished[row.id])
        for verdict in verdicts:
            at = verdict.scheduled_for
            if not verdict.fires:
                self.decisions.append(_Decision(row, at, Outcome.MISSED, verdict.reason))
                continue
            in_the_way = self._in_the_way(row, waiting)
            if in_the_way:
                self.decisions.append(_Decision(row, at, Outcome.SKIPPED, in_the_way))
            elif is_spent(row):
                return
            else:
                decision = self._fire(row, at)
                self.decisions.append(decision)
                fires = decision.wanted is not None
                waiting += fires
                row.fired_count += fires

    def _in_the_way(self, row: Schedule, waiting: int) -> str:
        """Why a run is not made although its time has come, or ''.

        Times that are made up for together do not skip each other: they wait in line.
        """
        deployment = self._around.places[row.deployment_id].deployment
        if row.purpose is Purpose.DRIFT and deployment.current_state_id is None:
            return "Nothing has been applied here yet."
        unfinished = self._around.unfinished[row.id]
        if row.overlap is Overlap.SKIP and unfinished:
            words = unfinished[0].state.value.replace("_", " ")
            return f"Run #{unfinished[0].number} of this schedule was {words} still."
        if waiting >= MOST_WAITING:
            return f"{waiting} runs of this schedule had not ended: no more are queued."
        return ""

    def _fire(self, row: Schedule, at: dt.datetime) -> _Decision:
        """That a run is to be made; or, of a refusal, why not."""
        try:
            wanted = self._wanted(row)
        except Unavailable:
            raise
        except GantryError as refusal:
            return _Decision(row, at, Outcome.REFUSED, refusal.text, row.owner_name)
        return _Decision(row, at, Outcome.FIRED, "", wanted.actor.name, wanted)

    def _wanted(self, row: Schedule) -> Wanted:
        """The run; what its owner would be told is told to those who read the ledger."""
        lost = timing.lost_zone(row)
        if lost:
            raise Conflict(lost)
        actor, place = self._around.owner_of(row), self._around.places[row.deployment_id]
        try:
            require_runs(actor, place)
            request = request_now(row, place.deployment)
            return may_be(actor, request, place, source=request.source)
        except NotFound:
            raise Forbidden(
                f"{actor.name} does not see this place any more. {_TAKE_OVER}"
            ) from None
        except Forbidden:
            raise Forbidden(
                f"{actor.name} may not create runs here any more. {_TAKE_OVER}"
            ) from None


_TAKE_OVER = "Whoever saves the schedule takes it over."


def _from(
    first: dt.datetime, after: Callable[[dt.datetime], Iterator[dt.datetime]]
) -> Iterator[dt.datetime]:
    yield first
    yield from after(first)


def _policy(row: Schedule) -> Policy:
    delay = None if row.max_delay_s is None else dt.timedelta(seconds=row.max_delay_s)
    return Policy(row.missed, delay)


def request_now(row: Schedule, deployment: Deployment) -> runs.NewRun:
    """The run that a schedule makes now; what looks at or destroys all uses what was applied."""
    wanted = inputs.request_of(row)
    if row.purpose is Purpose.RUN or wanted.source is not None:
        return wanted
    return as_applied(deployment, wanted)
