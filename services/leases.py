"""Leases: a role that one process plays at a time, such as the timetable's."""

import datetime as dt

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError

from lib import clock
from models.worker import Lease
from services.transaction import session, transaction


def hold(name: str, owner: str, length: dt.timedelta) -> bool:
    """Take or prolong a lease. Whether `owner` has it now."""
    now = clock.now()
    mine = (
        update(Lease)
        .where(Lease.name == name, (Lease.owner == owner) | (Lease.until < now))
        .values(owner=owner, until=now + length)
        .execution_options(synchronize_session=False)
    )
    with transaction() as here:
        taken = here.execute(mine)
        if isinstance(taken, CursorResult) and taken.rowcount:
            return True
        if here.get(Lease, name) is not None:
            return False
        try:
            with here.begin_nested():
                here.add(Lease(name=name, owner=owner, until=now + length))
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
