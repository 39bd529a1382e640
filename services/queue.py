"""Worker pools and their queues: what runs, what waits in the order of claims, and why.

There is one pool so far: the threads of the portals themselves.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from models import run_queue
from models.run import Run
from models.run_state import WORKING, RunState
from models.worker import Worker
from services import leases
from services.access import Actor, visible
from services.errors import NotFound
from services.runs.facts import RunFacts, facts
from services.transaction import session
from services.workers import LEASE

EMBEDDED = "embedded"
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
    """Who executes. `running` and `waiting` count what the actor sees, up to MOST_COUNTED + 1."""

    name: str
    workers: Sequence[PoolWorker]
    running: int
    waiting: int

    @property
    def slots(self) -> int:
        """How many runs can be at work at once."""
        return sum(worker.slots for worker in self.workers)

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
    return [_pool(actor)]


def get(actor: Actor, name: str) -> Pool:
    """A pool.

    Raises:
        NotFound: when there is none.
    """
    if name != EMBEDDED:
        raise NotFound(f"There is no worker pool {name}.")
    return _pool(actor)


def show(actor: Actor, name: str = EMBEDDED) -> Queue:
    """The queue of a pool, as far as the actor sees its runs; its queries do not grow with it.

    Raises:
        NotFound: when there is no such pool.
    """
    pool = get(actor, name)
    here, seen = session(), visible(actor, Run)
    running = here.scalars(run_queue.at_work().where(seen).limit(MOST_SHOWN)).all()
    ready = here.scalars(run_queue.claimable().where(seen).limit(MOST_SHOWN)).all()
    held_up = here.scalars(run_queue.held_up().where(seen).limit(MOST_SHOWN)).all()
    found = iter(facts(actor, [*running, *ready, *held_up]))
    return Queue(
        pool,
        [next(found) for _ in running],
        [next(found) for _ in ready],
        [next(found) for _ in held_up],
        max(0, pool.waiting - len(ready) - len(held_up)),
    )


def _pool(actor: Actor) -> Pool:
    seen = visible(actor, Run)
    waiting = Run.state.in_((RunState.QUEUED, RunState.READY, RunState.CONFIRMED))
    return Pool(
        EMBEDDED,
        _workers(),
        _count(Run.state.in_(sorted(WORKING)) & seen),
        _count(waiting & Run.worker_id.is_(None) & seen),
    )


def _workers() -> list[PoolWorker]:
    connected = session().scalars(
        select(Worker)
        .where(Worker.stopped_at.is_(None), Worker.slots > 0, Worker.seen_at > leases.now() - LEASE)
        .order_by(Worker.id)
        .limit(MOST_SHOWN)
    )
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
