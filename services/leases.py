"""Leases: a role that one process plays at a time, such as the timetable's, and their time."""

import datetime as dt

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError

from lib import clock
from models.base import db
from models.worker import Lease
from services.transaction import session, transaction


def now() -> dt.datetime:
    """The database's time, by which every lease is given and judged.

    Processes whose machines' clocks differ agree on it: none takes what another still holds. The
    time of SQLite is this machine's, and needs no asking.
    """
    if db.engine.dialect.name == "sqlite":
        return clock.now()
    found: dt.datetime = session().scalars(select(func.clock_timestamp())).one()
    return found


def hold(name: str, owner: str, length: dt.timedelta) -> bool:
    """Take or prolong a lease. Whether `owner` has it now."""
    with transaction() as here:
        at = now()
        taken = here.execute(
            update(Lease)
            .where(Lease.name == name, (Lease.owner == owner) | (Lease.until < at))
            .values(owner=owner, until=at + length)
            .execution_options(synchronize_session=False)
        )
        if isinstance(taken, CursorResult) and taken.rowcount:
            return True
        if here.get(Lease, name) is not None:
            return False
        try:
            with here.begin_nested():
                here.add(Lease(name=name, owner=owner, until=at + length))
                here.flush()
        except IntegrityError:
            return False
    return True


def give_up(name: str, owner: str) -> None:
    """Let somebody else take the lease at once."""
    with transaction() as here:
        lease = here.get(Lease, name)
        if lease is not None and lease.owner == owner:
            here.delete(lease)
            session().flush()
