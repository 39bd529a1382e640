"""The only commit in the code: one transaction per verb.

`session()` is the session of the request or of the thread's unit of work. A verb writes inside
`transaction()`, which takes the write lock first, reads afresh, commits at its end, and then runs
what `after_commit` was given: wake-ups and hints that must never precede the commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
)
from sqlalchemy.exc import (
    TimeoutError as NoConnection,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from models.base import WRITES, db
from services.errors import Collided, Unavailable

_OPEN = "gantry_open"
_AFTER = "gantry_after"
LOCKED = "gantry_locked"
"""Key of `Session.info` under which the ids stand that this transaction holds for update."""


HELD: dict[str, Any] = {"key_share": True}
"""How a row is held for update: rows that only refer to it may be added meanwhile.

Adding a run or a lock refers to its deployment. Were that kept out, two verbs that have each added
something would wait for each other.
"""


AWAY = (OperationalError, InterfaceError, PendingRollbackError, NoConnection)
"""What the library raises while the database does not answer, in reads outside of it, too."""


def session() -> Session:
    """The session of this request or unit of work."""
    return db.session()


@contextmanager
def transaction() -> Iterator[Session]:
    """Write within one transaction. Inside another it joins that one.

    Raises:
        Collided: when another writer was first.
        Unavailable: when the database does not answer; nothing was written.
    """
    here = session()
    if here.info.get(_OPEN):
        yield here
        return
    try:
        here.commit()  # End the read that a request may have open: what follows must be fresh.
        here.expire_all()
        here.info[_OPEN], here.info[_AFTER], here.info[LOCKED] = True, [], set()
        here.connection(execution_options={WRITES: True})
        yield here
        here.commit()
    except StaleDataError as error:
        _roll_back(here)
        raise Collided("Somebody else changed this at the same moment. Look again.") from error
    except AWAY as error:
        _roll_back(here)
        raise Unavailable("The database does not answer; nothing was changed.") from error
    except BaseException:
        _roll_back(here)
        raise
    finally:
        calls = here.info.pop(_AFTER, [])
        here.info.pop(LOCKED, None)
        here.info[_OPEN] = False
    for call in calls:
        call()


def _roll_back(here: Session) -> None:
    """Undo what was not committed. When the connection is gone, there is nothing left to undo."""
    try:
        here.rollback()
    except AWAY:
        here.invalidate()


def after_commit(call: Callable[[], object]) -> None:
    """Have `call` run once the present transaction is committed; never if it is not."""
    session().info[_AFTER].append(call)


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a constraint of uniqueness refused the row, on either database."""
    text = str(error.orig).lower()
    return "unique" in text or "duplicate key" in text
