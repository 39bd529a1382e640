"""The only commit in the code: one transaction per verb.

`session()` is the session of the request or of the thread's unit of work. A verb writes inside
`transaction()`, which takes the write lock first, reads afresh, commits at its end, and then runs
what `after_commit` was given: wake-ups and hints that must never precede the commit.

SQLite has one writer, and who finds it busy looks again now and then: under load most looks are in
vain, and luck decides. So the writers of this process stand in line, and each begins as soon as the
one before has committed. Those of other processes are still met by the busy timeout.
"""

from collections.abc import Callable, Generator, Iterator
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

from lib.turns import Turns
from models.base import BUSY_TIMEOUT_MS, WRITES, db
from services.errors import Collided, Unavailable

_OPEN = "gantry_open"
_AFTER = "gantry_after"
LOCKED = "gantry_locked"
"""Key of `Session.info`: the rows, by their ids, that this transaction holds for update."""


HELD: dict[str, Any] = {"key_share": True}
"""How a row is held for update: rows that only refer to it may be added meanwhile.

Adding a run or a lock refers to its deployment. Were that kept out, two verbs that have each added
something would wait for each other.
"""


AWAY = (OperationalError, InterfaceError, PendingRollbackError, NoConnection)
"""What the library raises while the database does not answer, in reads outside of it, too."""


_writers = Turns()


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
    with _meaning():
        _end_read(here)
        with _turn():
            calls = yield from _written(here)
    for call in calls:
        call()


def _written(here: Session) -> Generator[Session, None, list[Callable[[], object]]]:
    """The transaction itself, from its first statement to its commit. What is to be called then."""
    calls: list[Callable[[], object]] = []
    here.info[_OPEN], here.info[_AFTER], here.info[LOCKED] = True, calls, {}
    try:
        here.connection(execution_options={WRITES: True})
        yield here
        here.commit()
    except BaseException:
        _roll_back(here)
        raise
    finally:
        here.info.pop(_AFTER, None)
        here.info.pop(LOCKED, None)
        here.info[_OPEN] = False
    return calls


def _end_read(here: Session) -> None:
    """End the read that a request may have open: what follows is fresh, and waits unconnected."""
    try:
        here.commit()
    except BaseException:
        _roll_back(here)
        raise
    here.expire_all()


@contextmanager
def _meaning() -> Iterator[None]:
    """Say as a refusal what the library raises when nothing could be written."""
    try:
        yield
    except StaleDataError as error:
        raise Collided("Somebody else changed this at the same moment. Look again.") from error
    except AWAY as error:
        raise Unavailable("The database does not answer; nothing was changed.") from error


@contextmanager
def _turn() -> Iterator[None]:
    """Stand in line for SQLite's one writer; another database lets everybody write at once."""
    if db.engine.dialect.name != "sqlite":
        yield
        return
    if not _writers.take(BUSY_TIMEOUT_MS / 1000):
        raise Unavailable("The database has too much to write; nothing was changed.")
    try:
        yield
    finally:
        _writers.give()


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
