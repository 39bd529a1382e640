"""Pools of workers: selects over who is connected, what is set, and how much is at work."""

import datetime as dt

from sqlalchemy import Select, func, select

from models.run import Run
from models.worker import Worker, WorkerPool


def named(name: str) -> Select[WorkerPool]:
    """What is set about a pool."""
    return select(WorkerPool).where(WorkerPool.name == name)


def limited(worker_id: str) -> Select[WorkerPool]:
    """The pool of a worker, if a limit is set on it."""
    return (
        select(WorkerPool)
        .join(Worker, Worker.pool == WorkerPool.name)
        .where(Worker.id == worker_id, WorkerPool.concurrency.is_not(None))
    )


def connected(pool: str, since: dt.datetime) -> Select[Worker]:
    """The workers of a pool that take runs and were heard of since then."""
    return (
        select(Worker)
        .where(
            Worker.pool == pool,
            Worker.stopped_at.is_(None),
            Worker.slots > 0,
            Worker.seen_at > since,
        )
        .order_by(Worker.id)
    )


def busy(pool: str) -> Select[int]:
    """How many runs the workers of a pool have at work."""
    return (
        select(func.count(Run.id))
        .join(Worker, Worker.id == Run.worker_id)
        .where(Run.worker_id.is_not(None), Worker.pool == pool)
    )
