"""Backups: everything the database holds, as it was at one moment, while the portal goes on.

The same file for both databases, made without their tools. See docs/adr/ for why.
"""

import base64
import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from lib import clock
from lib.version import VERSION
from models.base import Base, db
from models.run import Run
from models.run_state import FINAL
from models.user import SignInAttempt, UserSession
from models.worker import Lease, Worker
from services import schema
from services.backup_file import KEY, LOGS, Manifest, Writer
from services.errors import Conflict
from services.house import house

#: What belongs to the processes and browsers of one portal, and means nothing to another.
LEFT_OUT = frozenset(t.__tablename__ for t in (Lease, Worker, UserSession, SignInAttempt))
_BATCH_ROWS = 200


def make(path: Path, *, with_logs: bool = False, with_key: bool = False) -> Manifest:
    """Write a backup to `path`. Nothing that works meanwhile is held up.

    Raises:
        Conflict: when `path` is there, the database is not at the head, or the key is no file.
        Unavailable: when it could not be written, as on a full disk; nothing is left then.
    """
    key = house().data_dir / KEY
    if with_key and not key.is_file():
        raise Conflict("The secret key is in no file of the data directory; keep it as you set it.")
    if not schema.is_current():
        raise Conflict("The database is not at the head. Run “gantry db upgrade” first.")
    manifest = Manifest(VERSION, schema.head(), clock.now().isoformat(timespec="seconds"))
    with Writer(path) as file:
        with _snapshot() as connection:
            for table in tables():
                file.add_lines(f"tables/{table.name}.jsonl.zst", _lines(connection, table))
            ended = _ended_runs(connection) if with_logs else []
        for run_id in ended:
            _add_logs(file, run_id)
        if with_key:
            file.add_file(KEY, key)
        file.finish(manifest)
    return manifest


def tables() -> list[Table]:
    """The tables of a backup; what refers to others comes after them."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def _snapshot() -> Connection:
    """A connection that sees the database as it is at its first question, however long it reads."""
    level = "REPEATABLE READ" if db.engine.dialect.name == "postgresql" else None
    connection = db.engine.connect()
    return connection.execution_options(isolation_level=level) if level else connection


def _lines(connection: Connection, table: Table) -> Iterator[bytes]:
    wanted = select(table).order_by(*table.primary_key.columns)
    with connection.execution_options(yield_per=_BATCH_ROWS).execute(wanted) as rows:
        for row in rows.mappings():
            plain = {name: _plain(value) for name, value in row.items()}
            yield json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return base64.b64encode(value).decode()
        case dt.datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case _:
            return value


def _ended_runs(connection: Connection) -> list[str]:
    wanted = select(Run.id).where(Run.state.in_(sorted(FINAL)), Run.log_bytes > 0)
    return list(connection.scalars(wanted))


def _add_logs(file: Writer, run_id: str) -> None:
    """Add a run's log; one that expires or is packed at this very moment is left out."""
    path = house().log_path(run_id)
    for part in sorted(path.parent.glob(f"{path.name}*")):
        if part.name.endswith(".tmp"):
            continue
        with suppress(FileNotFoundError):
            file.add_file(f"{LOGS}{path.parent.name}/{part.name}", part)
