"""The only commit in the code: one transaction per verb.

`session()` is the session of the request or of the thread's unit of work. A verb writes inside
`transaction()`, which takes the write lock first, reads afresh, commits at its end, and then runs
what `after_commit` was given: wake-ups and hints that must never precede the commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from models.base import WRITES, db
from services.errors import Conflict, Unavailable

_OPEN = "gantry_open"
_AFTER = "gantry_after"
LOCKED = "gantry_locked"
"""Key of `Session.info` under which the ids stand that this transaction holds for update."""


def session() -> Session:
    """The session of this request or unit of work."""
    return db.session()


@contextmanager
def transaction() -> Iterator[Session]:
    """Write within one transaction. Inside another it joins that one.

    Raises:
        Conflict: when another writer was first.
        Unavailable: when the database does not answer; nothing was written.
    """
    here = session()
    if here.info.get(_OPEN):
        yield here
        return
    here.commit()  # End the read that a request may have open: what follows must be fresh.
    here.expire_all()
    try:
        here.info[_OPEN], here.info[_AFTER], here.info[LOCKED] = True, [], set()
        here.connection(execution_options={WRITES: True})
        yield here
        here.commit()
    except StaleDataError as error:
        here.rollback()
        raise Conflict("Somebody else changed this at the same moment. Look again.") from error
    except OperationalError as error:
        here.rollback()
        raise Unavailable("The database does not answer; nothing was changed.") from error
    except BaseException:
        here.rollback()
        raise
    finally:
        calls = here.info.pop(_AFTER, [])
        here.info.pop(LOCKED, None)
        here.info[_OPEN] = False
    for call in calls:
        call()


def after_commit(call: Callable[[], object]) -> None:
    """Have `call` run once the present transaction is committed; never if it is not."""
    session().info[_AFTER].append(call)


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a constraint of uniqueness refused the row, on either database."""
    text = str(error.orig).lower()
    return "unique" in text or "duplicate key" in text
