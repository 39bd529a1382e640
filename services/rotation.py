"""A new secret key: everything that is sealed is opened once, and sealed with the new one.

Each row can be done at any time and twice; a rotation that broke off is begun again and goes on.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from lib import crypto
from models.blob import Blob
from models.draft import Draft
from models.run_content import RunOutput, RunVariable
from models.schedule import Schedule
from models.setting import Setting
from models.variable import Variable
from models.vcs import VcsIntegration
from models.worker import Worker
from services import blobs, drafts, leases
from services.errors import Conflict
from services.first_start import KEY_CHECK
from services.house import house, move_in
from services.schedules import inputs
from services.states import contents
from services.transaction import session, transaction
from services.variables import sealed
from services.vcs import secrets as vcs_secrets

_SEEN_WITHIN = dt.timedelta(seconds=30)
_BATCH_ROWS = 50

SEALED: tuple[tuple[type[Any], Callable[[Any], None]], ...] = (
    (Blob, blobs.reseal),
    (Variable, sealed.reseal),
    (RunVariable, sealed.reseal),
    (RunOutput, contents.reseal),
    (Draft, drafts.reseal),
    (Schedule, inputs.reseal),
    (VcsIntegration, vcs_secrets.reseal),
)
"""Every table with sealed values, and how a row of it is sealed anew."""


def refuse_while_running() -> None:
    """Refuse while a worker was seen lately: it could not open what is sealed anew.

    Raises:
        Conflict: then.
    """
    alive = select(func.count()).where(
        Worker.stopped_at.is_(None), Worker.seen_at > leases.now() - _SEEN_WITHIN
    )
    if session().scalar(alive):
        raise Conflict(
            "The portal is running. Stop it first: its processes know only the old key. (After a "
            f"crash, wait {int(_SEEN_WITHIN.total_seconds())} s.)"
        )


def use_new_key(path: Path) -> None:
    """Put a new key first in the key file, and use it from now on; the old ones still open."""
    move_in(replace(house(), keyring=crypto.add_key(path)))


def reseal_all() -> int:
    """Seal everything with the primary key. Returns how many rows were looked at.

    Raises:
        lib.crypto.CannotDecrypt: when a value does not open; the rest stays as it is.
    """
    count = sum(_reseal(table, act) for table, act in SEALED)
    with transaction() as here:
        kept = here.get(Setting, KEY_CHECK)
        if kept is not None:
            kept.value = house().keyring.check_value().hex()
    return count


def retire_old_keys(path: Path) -> Path | None:
    """Leave only the primary key in the key file; the others go to a file beside it, for backups.

    Returns that file, or None when there was no other key.
    """
    others = crypto.keep_first_key(path)
    if not others:
        return None
    retired = path.with_name(path.name + ".retired")
    retired.touch(mode=0o600)
    with retired.open("a", encoding="utf-8") as file:
        file.writelines(f"{key}\n" for key in others)
    return retired


def _reseal(table: type[Any], act: Callable[[Any], None]) -> int:
    """Seal the rows of a table, a few in each transaction, in the order of their keys."""
    count, last = 0, None
    while True:
        wanted = select(table).order_by(table.id).limit(_BATCH_ROWS)
        with transaction() as here:
            rows = here.scalars(wanted if last is None else wanted.where(table.id > last)).all()
            for row in rows:
                act(row)
        if not rows:
            return count
        count, last = count + len(rows), rows[-1].id
        session().expunge_all()
