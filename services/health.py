"""Whether this Gantry can do its work."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from models.worker import Lease, Worker
from services import capacity, leases, schema
from services.transaction import session
from services.workers import LEASE

NO_ANSWER = (
    "The database does not answer. See whether it runs, and whether GANTRY_DATABASE_URL is right; "
    "Gantry goes on by itself once it answers."
)


@dataclass(frozen=True)
class Check:
    """One thing that should hold, and what is the matter when it does not.

    Without what `is_needed` the portal is not ready.
    """

    name: str
    is_well: bool
    text: str
    is_needed: bool = True


def checks(*, with_work: bool = False) -> list[Check]:
    """Database, migrations, disk, each with a sentence; with the scheduler and the workers, too.

    Never raises.
    """
    database = _database()
    migrations = _migrations() if database.is_well else _unknown("migrations")
    found = [database, migrations]
    if with_work:
        is_known = database.is_well and migrations.is_well
        found += [_scheduler(), _workers()] if is_known else _UNKNOWN_WORK
    return [*found, _disk()]


def _database() -> Check:
    try:
        session().execute(text("SELECT 1"))
    except SQLAlchemyError:
        session().rollback()
        return Check("database", is_well=False, text=NO_ANSWER)
    return Check("database", is_well=True, text="The database answers.")


def _migrations() -> Check:
    found, wanted = schema.current(), schema.head()
    if found == wanted:
        return Check("migrations", is_well=True, text=f"The database is at {wanted}, the head.")
    said = f"The database is at {found or 'nothing'}, this Gantry needs {wanted}."
    return Check("migrations", is_well=False, text=f"{said} Run “gantry db upgrade”.")


def _unknown(name: str, *, is_needed: bool = True) -> Check:
    text = "Not known while the database does not answer."
    return Check(name, is_well=False, text=text, is_needed=is_needed)


_UNKNOWN_WORK = [_unknown("scheduler"), _unknown("workers", is_needed=False)]


def _scheduler() -> Check:
    """Whether a process leads: it keeps the timetable, and its lease is short."""
    lease = session().get(Lease, "timetable", populate_existing=True)
    if lease is not None and lease.until > leases.now():
        return Check("scheduler", is_well=True, text="A process keeps the timetable.")
    return Check(
        "scheduler",
        is_well=False,
        text="No process keeps the timetable: queued runs and schedules wait. Start one with "
        "“gantry serve” or “gantry scheduler”.",
    )


def _workers() -> Check:
    is_heard_of = Worker.stopped_at.is_(None) & (Worker.seen_at > leases.now() - LEASE)
    slots = select(func.coalesce(func.sum(Worker.slots), 0), func.count()).where(is_heard_of)
    free, count = session().execute(slots).one()
    if free:
        carry = "worker is" if count == 1 else "workers are"
        said = f"{count} {carry} connected, for {free} runs at once."
        return Check("workers", is_well=True, text=said, is_needed=False)
    return Check(
        "workers",
        is_well=False,
        text="No worker is connected: runs wait. See GANTRY_WORKERS, or start a worker.",
        is_needed=False,
    )


def _disk() -> Check:
    is_full = capacity.is_too_little()
    remedy = (
        " Make room, or lower GANTRY_DISK_FLOOR_MB; until then no run starts." if is_full else ""
    )
    return Check("disk", is_well=not is_full, text=capacity.words() + remedy)
