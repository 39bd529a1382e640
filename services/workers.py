"""Workers: who executes runs, who is alive, and whose runs must be taken up by somebody else."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import CursorResult, delete, select, update

from lib import clock
from models import run_queue
from models.run import Run
from models.run_state import RunState
from models.worker import Worker
from services import leases
from services.transaction import session, transaction

LEASE = dt.timedelta(seconds=30)
_FORGET_AFTER = dt.timedelta(days=7)


@dataclass(frozen=True)
class Stray:
    """A run at work whose worker may be gone.

    `epoch` is that worker's hold. `has_begun`: it may have left something in its directory.
    `lease_over`: it has not been heard of for long. `has_signed_off`: it said that it stops.
    """

    run_id: str
    epoch: int
    has_begun: bool
    worker_host: str
    worker_pid: int
    lease_over: bool
    has_signed_off: bool


def register(name: str, host: str, pid: int, slots: int) -> str:
    """Enter a worker in the book. Returns its id."""
    with transaction() as here:
        worker = Worker(name=name, host=host, pid=pid, slots=slots, seen_at=leases.now())
        here.add(worker)
        here.flush()
        return worker.id


def heartbeat(worker_id: str) -> None:
    """Say that a worker is alive: its lease on every run it holds is prolonged."""
    with transaction() as here:
        now = leases.now()
        here.execute(update(Worker).where(Worker.id == worker_id).values(seen_at=now))
        here.execute(
            update(Run)
            .where(Run.worker_id == worker_id)
            .values(lease_until=now + LEASE)
            .execution_options(synchronize_session=False)
        )


def sign_off(worker_id: str) -> None:
    """A worker stops: no new work is expected of it."""
    with transaction() as here:
        here.execute(update(Worker).where(Worker.id == worker_id).values(stopped_at=clock.now()))


def held(worker_id: str) -> list[str]:
    """The runs that a worker holds, by id."""
    return list(session().scalars(run_queue.held_by(worker_id).with_only_columns(Run.id)))


def strays(worker_id: str) -> list[Stray]:
    """The runs at work in the hands of other workers, for those who look whether they live."""
    now = leases.now()
    rows = session().execute(
        select(
            Run.id,
            Run.claim_epoch,
            Run.state,
            Run.lease_until,
            Worker.host,
            Worker.pid,
            Worker.stopped_at,
        )
        .join(Worker, Worker.id == Run.worker_id)
        .where(Run.worker_id.is_not(None), Run.worker_id != worker_id)
    )
    return [
        Stray(
            row.id,
            row.claim_epoch,
            row.state is not RunState.PREPARING,
            row.host,
            row.pid,
            lease_over=row.lease_until is None or row.lease_until < now,
            has_signed_off=row.stopped_at is not None,
        )
        for row in rows
    ]


def are_connected() -> bool:
    """Whether any worker has lately said that it is alive and takes runs."""
    alive = (
        Worker.stopped_at.is_(None),
        Worker.slots > 0,
        Worker.seen_at > leases.now() - LEASE,
    )
    return session().scalars(select(Worker.id).where(*alive).limit(1)).first() is not None


def is_work_waiting() -> bool:
    """Whether a run waits for a worker."""
    return (
        session().scalars(run_queue.claimable().with_only_columns(Run.id).limit(1)).first()
        is not None
    )


def forget_old() -> int:
    """Strike workers that stopped long ago. Returns how many."""
    old = delete(Worker).where(Worker.seen_at < leases.now() - _FORGET_AFTER)
    with transaction() as here:
        found = here.execute(old)
        return found.rowcount if isinstance(found, CursorResult) else 0
