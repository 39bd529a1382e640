"""Restoring a backup elsewhere: into an empty place only, and on hold until somebody has looked.

A backup does not know what happened after it was made. What was active then may have ended since,
with changes that the restored state knows nothing of; so nothing active goes on by itself.
"""

import base64
import datetime as dt
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Table, func, insert, select

from lib import clock
from models.base import UtcDateTime, db
from models.project import Deployment, DeploymentLock
from models.run import Run
from models.run_state import FINAL, LOCKING, WORKING, RunState
from models.setting import Setting
from services import backup, first_start, hold, schema
from services.access import SYSTEM
from services.backup_file import KEY, LOGS, Manifest, Reader
from services.errors import Conflict
from services.house import house
from services.runs.moves import move
from services.transaction import session, transaction

LOST = "Restored from a backup; worker lost, state unknown."
BLOCK = "Restored from a backup made while {} #{} was active: it may have changed things since."
BLOCK_ALL = "Restored from a backup: what was changed since it was made is not known here."
# A database that is there is asked for its rows.
_MAY_LIE_THERE = frozenset(
    {KEY, "gantry.toml", "lost+found", "gantry.db", "gantry.db-wal", "gantry.db-shm"}
)
_BATCH_ROWS = 200


@dataclass(frozen=True)
class Restored:
    """What a restore did. `failed` and `laid_down` count runs, `blocked` deployments."""

    manifest: Manifest
    rows: int
    failed: int
    laid_down: int
    blocked: int


def refuse_unless_empty(data_dir: Path) -> None:
    """Refuse a data directory that holds more than a key and settings.

    Raises:
        Conflict: when it does.
    """
    found = sorted({path.name for path in data_dir.iterdir()} - _MAY_LIE_THERE)
    if found:
        raise Conflict(
            f"{data_dir} is not empty: {', '.join(found[:3])}. A backup is restored only into an "
            "empty place; name another one in GANTRY_DATA_DIR."
        )


def lay_key(reader: Reader, data_dir: Path, *, key_is_set: bool) -> None:
    """Put the key of a backup in its place, if it has one and none is there.

    Raises:
        Conflict: when there is no key at all, with which nothing restored could be opened.
    """
    path = data_dir / KEY
    if key_is_set or path.exists():
        return
    if not reader.manifest.has_key:
        raise Conflict(
            f"This backup does not hold the secret key. Put it into {path} (mode 0600), or into "
            "GANTRY_SECRET_KEY, first."
        )
    reader.copy(KEY, path)


def restore(reader: Reader, *, block_all: bool = False) -> Restored:
    """Fill an empty database and the logs from a verified backup, and put everything on hold.

    With `block_all` every deployment is blocked: for when the other portal went on meanwhile.

    Raises:
        Conflict: when the database is not empty, the head or the key is another; nothing is left.
    """
    _check_head(reader.manifest)
    if schema.current() is None:
        schema.upgrade()
    logs = house().data_dir / LOGS
    if logs.exists():
        raise Conflict(f"There are logs in {logs}. A backup is restored only into an empty place.")
    folder = Path(tempfile.mkdtemp(prefix=".restore-", dir=house().data_dir))
    try:
        _unpack_logs(reader, folder)
        with transaction():
            _refuse_unless_bare()
            rows = sum(_fill(table, reader.rows(table.name)) for table in backup.tables())
            _check_key()
            done = _lay_down(reader.manifest, rows, block_all=block_all)
            hold.begin(SYSTEM, f"Restored from a backup of {_day(reader.manifest.made_at)}.")
            if (folder / LOGS).is_dir():
                (folder / LOGS).rename(logs)
    except BaseException:
        shutil.rmtree(logs, ignore_errors=True)  # They were not there before.
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return done


def _check_head(manifest: Manifest) -> None:
    if manifest.head != schema.head():
        raise Conflict(
            f"This backup was made by Gantry {manifest.version} with its database at "
            f"{manifest.head}; this Gantry needs {schema.head()}. Restore it with that version, "
            "then upgrade."
        )


def _refuse_unless_bare() -> None:
    for table in backup.tables():
        if session().execute(select(table).limit(1)).first() is not None:
            raise Conflict(
                f"The database is not empty: “{table.name}” has rows. A backup is restored only "
                "into an empty database."
            )


def _fill(table: Table, rows: Iterator[dict[str, Any]]) -> int:
    """Insert the rows of a table; return how many."""
    count = 0
    while batch := list(itertools.islice(rows, _BATCH_ROWS)):
        values = [{c.name: _value(c, row.get(c.name)) for c in table.columns} for row in batch]
        session().execute(insert(table), values)
        count += len(values)
    if count and db.engine.dialect.name == "postgresql":
        _count_on(table)
    return count


def _value(column: Column[Any], plain: Any) -> Any:
    match column.type:
        case _ if plain is None:
            return None
        case LargeBinary():
            return base64.b64decode(plain)
        case UtcDateTime():
            return dt.datetime.fromisoformat(plain)
        case _:
            return plain


def _count_on(table: Table) -> None:
    """Let PostgreSQL's counter of a table go on after the rows that were inserted."""
    [key, *others] = table.primary_key.columns
    if others or not isinstance(key.type, Integer):
        return
    counter = func.pg_get_serial_sequence(f'"{table.name}"', key.name)
    if session().scalar(select(counter)) is not None:
        session().execute(select(func.setval(counter, select(func.max(key)).scalar_subquery())))


def _check_key() -> None:
    kept = session().get(Setting, first_start.KEY_CHECK)
    if kept is not None and not house().keyring.opens(bytes.fromhex(kept.value)):
        raise Conflict(
            "The secret key here is not the one that this backup was encrypted with. Put the right "
            "one into GANTRY_SECRET_KEY, or secret.key into the data directory."
        )


def _lay_down(manifest: Manifest, rows: int, *, block_all: bool) -> Restored:
    """Let nothing that was active go on: fail it, drop it, or send it back to the queue."""
    failed = laid_down = 0
    active = session().scalars(select(Run).where(Run.state.not_in(sorted(FINAL))).order_by(Run.id))
    for run in active.all():
        if run.type in LOCKING:
            _block(run.deployment_id, BLOCK.format(run.project_name, run.number), run.id)
        if run.state in WORKING:
            run.error_kind, run.error_text = "worker", LOST
            run.claim_epoch += 1
            move(run, RunState.FAILED, SYSTEM.mark(LOST))
            failed += 1
        elif run.state is not RunState.QUEUED:
            laid_down += _pass_back(run)
    if block_all:
        for deployment_id in session().scalars(select(Deployment.id)).all():
            _block(deployment_id, BLOCK_ALL, None)
    session().flush()
    blocked = select(func.count()).where(Deployment.blocked_at.is_not(None))
    return Restored(manifest, rows, failed, laid_down, session().scalar(blocked) or 0)


def _day(made_at: str) -> str:
    """When a backup was made, as people read it."""
    at = dt.datetime.fromisoformat(made_at).astimezone(dt.UTC)
    return f"{at:%-d %b %Y, %H:%M:%S} UTC"


def _pass_back(run: Run) -> int:
    """A plan may have been applied since, so it is dropped; a run that had not begun waits anew."""
    match run.state:
        case RunState.UNCONFIRMED | RunState.CONFIRMED:
            text = "Restored from a backup: the plan may have been applied since. Plan again."
            run.result = text
            move(run, RunState.DISCARDED, SYSTEM.mark(text))
        case RunState.READY if run.type in LOCKING:
            move(run, RunState.QUEUED, SYSTEM.mark("Restored from a backup."))
            lock = session().get(DeploymentLock, run.deployment_id)
            if lock is not None and lock.run_id == run.id:
                session().delete(lock)
                session().flush()
        case _:
            return 0
    return 1


def _block(deployment_id: str, reason: str, run_id: str | None) -> None:
    deployment = session().get_one(Deployment, deployment_id)
    if deployment.blocked_at is None:
        deployment.blocked_at = clock.now()
        deployment.blocked_reason = reason
        deployment.blocked_run_id = run_id


def _unpack_logs(reader: Reader, folder: Path) -> None:
    for name in reader.names(LOGS):
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        reader.copy(name, target)
