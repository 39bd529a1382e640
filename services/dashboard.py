"""What a person should see first: who waits for them, what runs, how it went.

Everything is bounded: a few rows of each list, and the newest runs of two weeks for the charts.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from sqlalchemy import Select, func, select

from lib import clock
from models import drift, run_statistics
from models.drift import DriftVerdict
from models.project import Deployment, Project
from models.run import Run
from models.run_state import STATUS, WORKING, RunState, RunStatus
from models.schedule import Schedule
from services import projects, ttl
from services.access import Actor, visible, visible_places
from services.runs import listing
from services.runs.filters import RunFilter
from services.runs.listing import RunPage
from services.transaction import session

MOST_COUNTED = 99
"""Above this a count is written “99+”: nobody needs it exactly, and counting on costs time."""

EACH = 8
FAILED = 5
DAYS = 14
LATELY = dt.timedelta(days=7)
MOST_CHARTED = 2_000
SHORTEST_STAY_MS = 50

ASKING = (RunState.UNCONFIRMED, RunState.PENDING_REVIEW)
BROKEN = (RunState.FAILED, RunState.TIMED_OUT, RunState.CANCELED)
OUTCOMES = {
    RunStatus.SUCCEEDED: "finished",
    RunStatus.FAILED: "failed",
    RunStatus.TIMED_OUT: "failed",
    RunStatus.CANCELLED: "cancelled",
    RunStatus.RUNNING: "running",
    RunStatus.PENDING: "waiting",
}
"""Status → the outcome under which a chart counts it."""


@dataclass(frozen=True)
class Day:
    """How one day went, in UTC. Times are seconds, None for a day without any.

    `drift` counts the checks that found some ("found") and those that found none ("none").
    """

    on: dt.date
    outcomes: dict[str, int]
    drift: dict[str, int]
    waiting_p50_s: float | None
    waiting_p95_s: float | None
    running_p50_s: float | None
    running_p95_s: float | None


@dataclass(frozen=True)
class Stay:
    """How long a run was in a state, or is in it since then."""

    state: RunState
    seconds: float
    since: dt.datetime
    current: bool


@dataclass(frozen=True)
class FirstSteps:
    """What somebody can begin with who sees no run yet."""

    may_create: bool
    project: str | None


@dataclass(frozen=True)
class Dashboard:
    """What the dashboard shows. `is_cut`: the charts leave out older runs, there were so many.

    `stays` has the states so far of each run at work; `first_steps` is there when nothing else is.
    """

    asking: RunPage
    blocked: Sequence[Deployment]
    working: RunPage
    failed: RunPage
    days: Sequence[Day]
    is_cut: bool
    stays: Mapping[str, Sequence[Stay]] = field(default_factory=dict)
    first_steps: FirstSteps | None = None
    drifted: Sequence[DriftVerdict] = ()
    ending: Sequence[Schedule] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened at all lately."""
        is_quiet = not (self.asking.lines or self.working.lines or self.failed.lines)
        is_quiet = is_quiet and not (self.drifted or self.ending)
        return is_quiet and not self.blocked and not any(day.outcomes for day in self.days)


def show(actor: Actor) -> Dashboard:
    """What this actor should see first."""
    failed = RunFilter(state=BROKEN, since=clock.now() - LATELY)
    working = listing.page(actor, RunFilter(state=tuple(sorted(WORKING))), limit=EACH)
    days, is_cut = _days(actor)
    found = Dashboard(
        asking=listing.page(actor, RunFilter(state=ASKING), limit=EACH),
        blocked=session().scalars(run_statistics.blocked(visible(actor, Deployment), EACH)).all(),
        working=working,
        failed=listing.page(actor, failed, limit=FAILED),
        days=days,
        is_cut=is_cut,
        drifted=session().scalars(drift.drifted(visible(actor, DriftVerdict), EACH)).all(),
        ending=ttl.ending(actor, EACH),
        stays=_stays([line.id for line in working.lines]),
    )
    return replace(found, first_steps=_first_steps(actor)) if found.is_empty else found


def _first_steps(actor: Actor) -> FirstSteps:
    some = select(Project.name).where(visible_places(actor, Project)).order_by(Project.id).limit(1)
    return FirstSteps(projects.may_create(actor), session().scalars(some).first())


def _stays(run_ids: Sequence[str]) -> dict[str, list[Stay]]:
    """The states of runs so far; what was over at once says nothing and is left out."""
    rows = session().execute(run_statistics.stays(run_ids)).all() if run_ids else []
    by_run: dict[str, list[Any]] = {run_id: [] for run_id in run_ids}
    for row in rows:
        by_run[row.run_id].append(row)
    return {run_id: list(_of_run(found)) for run_id, found in by_run.items()}


def _of_run(rows: Sequence[Any]) -> Iterator[Stay]:
    # A row says how long the state before it lasted.
    for row, following in zip_longest(rows, rows[1:]):
        if following is None:
            seconds = max(0.0, (clock.now() - row.at).total_seconds())
            yield Stay(row.state, seconds, row.at, current=True)
        elif following.duration_ms >= SHORTEST_STAY_MS:
            yield Stay(row.state, following.duration_ms / 1000, row.at, current=False)


def _days(actor: Actor) -> tuple[list[Day], bool]:
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - dt.timedelta(days=DAYS - 1)
    query = run_statistics.made_since(first, visible(actor, Run), MOST_CHARTED)
    rows = session().execute(query).all()
    by_day: dict[dt.date, list[Any]] = {
        (first + dt.timedelta(days=number)).date(): [] for number in range(DAYS)
    }
    for row in rows:
        by_day.get(row.created_at.date(), []).append(row)
    return [_day(on, found) for on, found in by_day.items()], len(rows) == MOST_CHARTED


def _day(on: dt.date, rows: Sequence[Any]) -> Day:
    outcomes: dict[str, int] = {}
    for row in rows:
        outcome = OUTCOMES[STATUS[row.state]]
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    drift = {"found": 0, "none": 0}
    for row in rows:
        if row.drift and row.state is RunState.FINISHED:
            drift["found" if (row.drifted or {}).get("drift") else "none"] += 1
    started = [row for row in rows if row.started_at]
    waiting = sorted((row.started_at - row.created_at).total_seconds() for row in started)
    running = sorted(row.worked_s for row in started)
    return Day(on, outcomes, drift, *_quantiles(waiting), *_quantiles(running))


def _quantiles(numbers: Sequence[float]) -> tuple[float | None, float | None]:
    """The median, and what all but one in twenty stay below; of sorted numbers."""
    if not numbers:
        return None, None
    last = len(numbers) - 1
    return round(numbers[last // 2], 2), round(numbers[round(last * 0.95)], 2)


def counts(actor: Actor) -> dict[str, str]:
    """What the sidebar counts: runs that need or occupy someone, and those that queue.

    One query, bounded, over the index of states.
    """
    queued = (RunState.QUEUED, RunState.READY, RunState.CONFIRMED)
    runs, queue = (
        session()
        .execute(select(_bounded(actor, (*WORKING, *ASKING)), _bounded(actor, queued)))
        .one()
    )
    return {"runs": _words(runs), "queue": _words(queue)}


def _bounded(actor: Actor, states: tuple[RunState, ...]) -> Any:
    some: Select[str] = (
        select(Run.id)
        .where(Run.state.in_(states), Run.archived_at.is_(None), visible(actor, Run))
        .limit(MOST_COUNTED + 1)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _words(count: int) -> str:
    if not count:
        return ""
    return str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+"
