"""The database: engine, sessions, and the column types every table shares.

The one module outside the web that knows Flask, through Flask-SQLAlchemy, which
owns the engine and ends a session with its request. Threads without a request
enter an application context to get a session of their own.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, event, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from lib import ids

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection, Engine, Table

Json = Any
"""Anything JSON can say: objects, arrays, strings, numbers, booleans, null."""

BUSY_TIMEOUT_MS = 20_000
WRITES = "gantry_writes"
"""Execution option of a connection whose transaction will write (see `begin`)."""


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware instant, always UTC, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without a zone must not reach the database"
            raise ValueError(message)
        return value.astimezone(dt.UTC)

    @override
    def process_result_value(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        if value is None or value.tzinfo is not None:
            return value and value.astimezone(dt.UTC)
        return value.replace(tzinfo=dt.UTC)


E = TypeVar("E", bound=StrEnum)
A = TypeVar("A", bound="Base")


class EnumValue(TypeDecorator[E]):
    """A string enumeration, kept by value, so that renaming a member costs nothing."""

    impl = String(32)
    cache_ok = True

    def __init__(self, enumeration: type[E]) -> None:
        """Remember which enumeration the column speaks."""
        super().__init__()
        self.enumeration = enumeration

    @override
    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.enumeration(value).value

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.enumeration(value)


class Base(DeclarativeBase):
    """The parent of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it as a plain dict
        dt.datetime: UtcDateTime,
        Any: JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"),
    }


def shared_alias(entity: type[A], name: str) -> type[A]:
    """An alias of a table that every thread may use: keep it in a module.

    SQLAlchemy makes an alias's index of columns when it is first used. A second thread that comes
    meanwhile finds half of it, takes a column of the table for the alias's, and what it found stays
    with the alias for good: wrong SQL until the process ends. So the index is made here.
    """
    made = aliased(entity, name=name)
    table = cast("Table", entity.__table__)
    inspect(made).selectable.corresponding_column(next(iter(table.columns)))
    return made


class Identified:
    """A row known by an opaque, time-ordered id: newest first is `id desc`."""

    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=ids.new_id)


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"expire_on_commit": False, "autoflush": False},
)


def prepare_sqlite(engine: Engine) -> None:
    """Make SQLite keep its promises: WAL, full sync, foreign keys, explicit BEGIN.

    The driver's own deferred BEGIN loses updates under load; a transaction that
    will write says so and takes the write lock at once (BEGIN IMMEDIATE).
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def connect(app: Flask, url: str) -> None:
    """Give the app the database at this SQLAlchemy URL; nothing is asked of it yet.

    No thread waits longer than a few seconds for a connection, nor a statement for a lock longer
    than the busy timeout, on either database.
    """
    options: dict[str, Any] = {"pool_size": 20, "max_overflow": 10, "pool_timeout": 5}
    is_sqlite = url.startswith("sqlite")
    if not is_sqlite:
        limits = f"-c lock_timeout={BUSY_TIMEOUT_MS} -c idle_in_transaction_session_timeout=120000"
        options |= {"pool_pre_ping": True, "connect_args": {"options": limits}}
    app.config |= {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": options}
    db.init_app(app)
    if is_sqlite:
        with app.app_context():
            prepare_sqlite(db.engine)
