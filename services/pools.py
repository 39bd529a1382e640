"""How many runs a pool of workers has at work at once, and whether there is room for another."""

from dataclasses import dataclass

from models import pools
from models.worker import EMBEDDED, WorkerPool
from services import edits, hints, leases
from services.access import Actor, require_admin
from services.errors import NotFound
from services.fields import Fields
from services.transaction import after_commit, session, transaction
from services.workers import LEASE

HIGHEST = 1000

__all__ = ["EMBEDDED", "HIGHEST", "Room", "is_full", "limit", "room", "setting"]


@dataclass(frozen=True)
class Room:
    """What keeps runs from being claimed: no worker, or a limit (0: nothing new is taken)."""

    has_workers: bool = True
    concurrency: int | None = None

    @property
    def words(self) -> str:
        """The limit, to stand after “a free worker” in a sentence."""
        if self.concurrency is None:
            return ""
        return f" (the pool has at most {self.concurrency} at work at once)"


def setting(name: str = EMBEDDED) -> WorkerPool:
    """What is set about a pool; a row not stored yet when nothing is.

    Raises:
        NotFound: when there is no such pool.
    """
    if name != EMBEDDED:
        raise NotFound(f"There is no worker pool {name}.")
    found = session().scalars(pools.named(name)).first()
    return found or WorkerPool(name=name, concurrency=None, version=1)


def limit(
    actor: Actor, name: str, concurrency: int | None, *, version: int | None = None
) -> WorkerPool:
    """Say how many runs a pool may have at work at once; None: as many as it has threads.

    What is at work goes on. With 0 the pool is paused: it takes nothing new.

    Raises:
        Forbidden: to everybody but administrators.
        Invalid: when the number is out of range.
        ChangedMeanwhile: when `version` is given and the row has another by now.
    """
    require_admin(actor)
    wanted = setting(name)
    fields = Fields()
    if concurrency is not None:
        concurrency = fields.whole("concurrency", concurrency, 0, HIGHEST)
    fields.done()
    with transaction() as here:
        stored = here.scalars(pools.named(name)).first()
        if stored is None:
            here.add(wanted)
            here.flush()
        kept = edits.apply(
            actor, "worker_pool", stored or wanted, {"concurrency": concurrency}, version
        )
        after_commit(lambda: hints.send(hints.WorkWaiting()))
    return kept


def room() -> Room:
    """What keeps the embedded pool from claiming, beside the runs before one's own."""
    found = session().scalars(pools.connected(EMBEDDED, leases.now() - LEASE).limit(1)).first()
    return Room(found is not None, setting().concurrency)


def is_full(worker_id: str) -> bool:
    """Whether a worker's pool has as many runs at work as it may; part of a claim's transaction.

    Where a limit is set its row is held, so that two workers cannot both take the last place.
    """
    here = session()
    pool = here.scalars(pools.limited(worker_id).with_for_update(of=WorkerPool)).first()
    if pool is None or pool.concurrency is None:
        return False
    return here.scalars(pools.busy(pool.name)).one() >= pool.concurrency
