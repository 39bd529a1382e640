"""Worker pools and their queues: what runs, what waits in the order of claims, and why.

There is one pool so far: the threads of the portals themselves.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from models import pools as pool_lists
from models import run_queue
from models.run import Run
from models.run_state import WORKING, RunState
from models.worker import EMBEDDED
from services import leases
from services import pools as settings
from services.access import Actor, visible
from services.runs import line
from services.runs.facts import RunFacts, facts
from services.transaction import session
from services.workers import LEASE

MOST_SHOWN = 100
"""Of each part of a queue; more are counted, up to a limit."""

MOST_COUNTED = 999


@dataclass(frozen=True)
class PoolWorker:
    """A worker that is connected. `busy` is how many runs it has at work."""

    id: str
    name: str
    host: str
    slots: int
    busy: int
    seen_at: dt.datetime


@dataclass(frozen=True)
class Pool:
    """Who executes. `running` and `waiting` count what the actor sees, up to MOST_COUNTED + 1.

    `concurrency` is the most runs at once that somebody has set, or None.
    """

    name: str
    concurrency: int | None
    version: int
    workers: Sequence[PoolWorker]
    running: int
    waiting: int

    @property
    def slots(self) -> int:
        """How many runs can be at work at once."""
        threads = sum(worker.slots for worker in self.workers)
        return threads if self.concurrency is None else min(threads, self.concurrency)

    @property
    def busy(self) -> int:
        """How many are, those that this actor does not see among them."""
        return sum(worker.busy for worker in self.workers)


@dataclass(frozen=True)
class Queue:
    """A pool with its runs: at work, waiting for a worker in the order of claims, held up.

    `more` counts the waiting ones that are not among them.
    """

    pool: Pool
    running: Sequence[RunFacts]
    ready: Sequence[RunFacts]
    held_up: Sequence[RunFacts]
    more: int


def pools(actor: Actor) -> list[Pool]:
    """Every worker pool."""
    return [_pool(actor, EMBEDDED)]


def get(actor: Actor, name: str) -> Pool:
    """A pool.

    Raises:
        NotFound: when there is none.
    """
    return _pool(actor, name)


def show(actor: Actor, name: str = EMBEDDED) -> Queue:
    """The queue of a pool, as far as the actor sees its runs; its queries do not grow with it.

    Raises:
        NotFound: when there is no such pool.
    """
    pool = get(actor, name)
    here, seen = session(), visible(actor, run_queue.PLACES)
    running = here.scalars(run_queue.at_work().where(seen).limit(MOST_SHOWN)).all()
    ready = _in_order(line.ids(MOST_SHOWN, seen))
    held_up = here.scalars(run_queue.held_up().where(seen).limit(MOST_SHOWN)).all()
    found = iter(facts(actor, [*running, *ready, *held_up]))
    return Queue(
        pool,
        [next(found) for _ in running],
        [next(found) for _ in ready],
        [next(found) for _ in held_up],
        max(0, pool.waiting - len(ready) - len(held_up)),
    )


def _in_order(ids: Sequence[str]) -> list[Run]:
    found = {run.id: run for run in session().scalars(select(Run).where(Run.id.in_(ids)))}
    return [found[run_id] for run_id in ids if run_id in found]


def _pool(actor: Actor, name: str) -> Pool:
    setting, seen = settings.setting(name), visible(actor, run_queue.PLACES)
    waiting = Run.state.in_((RunState.QUEUED, RunState.READY, RunState.CONFIRMED))
    return Pool(
        name,
        setting.concurrency,
        setting.version,
        _workers(name),
        _count(Run.state.in_(sorted(WORKING)) & seen),
        _count(waiting & Run.worker_id.is_(None) & seen),
    )


def _workers(pool: str) -> list[PoolWorker]:
    wanted = pool_lists.connected(pool, leases.now() - LEASE).limit(MOST_SHOWN)
    connected = session().scalars(wanted)
    busy = _busy()
    return [
        PoolWorker(row.id, row.name, row.host, row.slots, busy.get(row.id, 0), row.seen_at)
        for row in connected
    ]


def _busy() -> Mapping[str, int]:
    held = select(Run.worker_id, func.count()).where(Run.worker_id.is_not(None))
    rows = session().execute(held.group_by(Run.worker_id))
    return {worker_id: count for worker_id, count in rows if worker_id is not None}


def _count(condition: ColumnElement[bool]) -> int:
    some = select(Run.id).where(condition).limit(MOST_COUNTED + 1)
    return session().scalar(select(func.count()).select_from(some.subquery())) or 0
