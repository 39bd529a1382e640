"""Whether the database has the tables this Gantry needs, and how it gets them.

The head is a file, so that a start compares two words and loads Alembic only to change something.
"""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from models.base import WRITES, db
from services.errors import Unavailable

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
UPGRADE_LOCK = 4_743_015  # Any number, the same in every process: who upgrades PostgreSQL now.


def head() -> str:
    """The revision that this Gantry's code needs."""
    return (MIGRATIONS / "HEAD").read_text(encoding="utf-8").strip()


def current() -> str | None:
    """The database's revision, or None when it is empty."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def is_current() -> bool:
    """Whether the database is at the head."""
    return current() == head()


def upgrade(to: str = "head") -> None:
    """Bring the database to a revision. Of several processes one does it, the others wait."""
    from alembic import command  # noqa: PLC0415 - heavy, and seldom needed

    _with_alembic(lambda config: command.upgrade(config, to))


def upgrade_apart() -> None:
    """Bring the database to the head in a child, so that Alembic's ten megabytes go with it.

    Only for a process that has no other threads yet.

    Raises:
        Unavailable: when it could not be done; the child has said why on stderr.
    """
    db.engine.dispose()  # A connection must not be shared with a child.
    child = os.fork()
    if child == 0:
        code = 1
        try:
            upgrade()
            code = 0
        except Exception:  # noqa: BLE001 - the child's edge: it says why, and ends
            traceback.print_exc()
        finally:
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        raise Unavailable("The database could not be brought to this Gantry's head.")


def downgrade(to: str) -> None:
    """Take the database back to a revision; `base` empties it."""
    from alembic import command  # noqa: PLC0415 - heavy, and seldom needed

    _with_alembic(lambda config: command.downgrade(config, to))


def _with_alembic(act: Any) -> None:
    from alembic.config import Config  # noqa: PLC0415 - heavy, and seldom needed

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with db.engine.connect() as connection, _free_to_rebuild(connection):
        connection.execution_options(**{WRITES: True})
        _lock(connection)
        config.attributes["connection"] = connection
        act(config)
        _check_references(connection)
        connection.commit()


@contextmanager
def _free_to_rebuild(connection: Connection) -> Iterator[None]:
    """Let SQLite rebuild a table without taking the rows that refer to it along.

    Some alterations drop a table and make it anew, which with references enforced deletes whatever
    cascades. SQLite takes the switch outside of transactions only.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")
        driver.close()


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise Unavailable(f"Rows of “{broken[0]}” would refer to nothing; nothing was changed.")


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
