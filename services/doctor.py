"""Whether what must always hold does, and how to mend it where it does not. Changes nothing."""

import datetime as dt
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from lib import clock
from lib.crypto import CannotDecrypt
from models import invariants
from models.base import db
from models.project import Deployment
from models.run import Run
from models.run_content import Plan, StateVersion
from models.setting import Setting
from services import blobs, health, hold, leases, workers
from services.errors import NotFound
from services.first_start import KEY_CHECK
from services.house import house
from services.transaction import session

_CLOCKS_APART_S = 5.0
# Whoever moves a run on looks at least every few seconds.
_PATIENCE = dt.timedelta(minutes=1)
_NAMED = 5
_SUPPORT = "Stop the portal, make a backup, and report this: it is a fault of Gantry's."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; when it is not well, `mend` says what to do."""

    name: str
    is_well: bool
    text: str
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything that services know of. Never raises for what it finds."""
    found = [_of_health(check) for check in health.checks()]
    if not found[0].is_well:  # The database is away: of its migrations there is nothing to do.
        found[1] = replace(found[1], mend="")
    if not all(finding.is_well for finding in found if finding.name != "disk"):
        return found  # Without its tables nothing else can be asked.
    return [*found, *(_asked(name, check) for name, check in _CHECKS.items())]


def _of_health(check: health.Check) -> Finding:
    return Finding(check.name, check.is_well, check.text, _MEND.get(check.name, ""))


_MEND = {
    "database": "See that the database runs, and that GANTRY_DATABASE_URL names it.",
    "migrations": "If the database is the newer one, use the Gantry that made it.",
    "disk": "Make room, or lower GANTRY_DISK_FLOOR_MB: nothing that changes things starts now.",
}


def _asked(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except SQLAlchemyError as error:
        session().rollback()
        said = f"This could not be asked: {type(error).__name__}."
        return Finding(name, is_well=False, text=said, mend=_MEND["database"])


def _integrity() -> Finding:
    if db.engine.dialect.name != "sqlite":
        return Finding("integrity", is_well=True, text="Left to PostgreSQL's own checksums.")
    said = list(session().scalars(text("PRAGMA quick_check")))
    if said == ["ok"]:
        return Finding("integrity", is_well=True, text="The database file is whole.")
    shown = f"The database file is damaged: {said[0]}"
    return Finding("integrity", is_well=False, text=shown, mend="Restore the newest backup.")


def _key() -> Finding:
    kept = session().get(Setting, KEY_CHECK)
    if kept is None:
        return Finding("key", is_well=True, text="Nothing has been encrypted yet.")
    if house().keyring.opens(bytes.fromhex(kept.value)):
        return Finding("key", is_well=True, text="The secret key is the right one.")
    return Finding(
        "key",
        is_well=False,
        text="The secret key is not the one this database was encrypted with.",
        mend="Put the right one into GANTRY_SECRET_KEY or secret.key.",
    )


def _ended() -> Finding:
    runs = _runs(session().scalars(invariants.ended_but_holding()).all())
    return _none(
        "ended runs",
        runs,
        "No ended run holds a lock or a slot",
        "still hold a lock or a slot",
        _SUPPORT,
    )


def _crowds() -> Finding:
    rows = session().execute(invariants.crowded()).all()
    places = [f"{_place(row[0])} ({row[1]})" for row in rows]
    return _none(
        "one at a time",
        places,
        "No deployment has more than one run that may change it",
        "have more than one",
        _SUPPORT,
    )


def _locks() -> Finding:
    held = session().execute(invariants.locks_of_idle_runs()).all()
    bare = session().scalars(invariants.active_without_lock()).all()
    names = _runs([row[1] for row in held]) + _runs(bare)
    said = "do not stand as their deployment's lock says"
    mend = "Let an owner force the deployment's lock open, or force-cancel the run."
    return _none("locks", names, "Every lock is held by a run that waits or works", said, mend)


def _owners() -> Finding:
    runs = _runs(session().scalars(invariants.ownerless(leases.now())).all())
    mend = "Start a portal on this data directory: it adopts them or ends them within a minute."
    return _none(
        "owners", runs, "Every run at work has a worker", "are at work without a worker", mend
    )


def _queues() -> Finding:
    since = clock.now() - _PATIENCE
    held_up = [] if hold.is_on() else session().scalars(invariants.overlooked(since)).all()
    mend = "Start a portal: it looks at every queue each five seconds. If one runs, see its log."
    said = "are queued although nothing keeps them"
    return _none("queues", _runs(held_up), "Every queued run has a reason to wait", said, mend)


def _workers() -> Finding:
    since = clock.now() - _PATIENCE
    is_served = hold.is_on() or workers.are_connected()
    waiting = [] if is_served else session().scalars(invariants.unattended(since)).all()
    mend = "Start a portal, with GANTRY_WORKERS above 0."
    said = "wait, and no worker is connected"
    return _none(
        "workers", _runs(waiting), "Every run that waits for a worker can have one", said, mend
    )


def _plans() -> Finding:
    rows = session().execute(invariants.plans_that_wait()).all()
    broken = [row[0] for row in rows if not _is_whole_plan(row[1])]
    mend = "Discard these runs and plan again."
    return _none(
        "plans",
        _runs(broken),
        "Every plan that waits can be applied",
        "wait with a plan that is lost",
        mend,
    )


def _uses() -> Finding:
    found = [row[0] for row in session().execute(invariants.used_more_than_once())]
    return _none(
        "plan uses", found, "Every plan was applied once at most", "applied more than one", _SUPPORT
    )


def _states() -> Finding:
    rows = session().execute(invariants.current_states())
    broken = [_place(row[0]) for row in rows if not _is_whole_state(row[1])]
    mend = "Roll these deployments back to a version that opens, or import one."
    return _none(
        "states", broken, "Every state opens", "have a current state that does not open", mend
    )


def _clock() -> Finding:
    if db.engine.dialect.name == "sqlite":
        return Finding("clock", is_well=True, text="The database has this machine's clock.")
    theirs = session().scalar(select(func.now()))
    apart_s = abs((clock.now() - theirs).total_seconds()) if theirs else 0.0
    said = f"The database's clock and this one are {apart_s:.1f} s apart."
    mend = "Let both machines keep their time by NTP: plans expire and logs are kept by it."
    return Finding("clock", is_well=apart_s < _CLOCKS_APART_S, text=said, mend=mend)


def _folders() -> Finding:
    names = ("work", "logs", "providers")
    paths = [house().data_dir, *(house().data_dir / name for name in names)]
    shut = [str(path) for path in paths if path.exists() and not os.access(path, os.W_OK | os.X_OK)]
    mend = "Give these directories to the user the portal runs as."
    return _none("directories", shut, "All can be written", "cannot be written", mend)


def _on_hold() -> Finding:
    found = hold.current()
    said = "Runs go on." if found is None else f"On hold, nothing runs: {found.reason}"
    return Finding("hold", is_well=True, text=said)


_CHECKS: dict[str, Callable[[], Finding]] = {
    "integrity": _integrity,
    "key": _key,
    "clock": _clock,
    "directories": _folders,
    "ended runs": _ended,
    "one at a time": _crowds,
    "locks": _locks,
    "owners": _owners,
    "queues": _queues,
    "workers": _workers,
    "plans": _plans,
    "plan uses": _uses,
    "states": _states,
    "hold": _on_hold,
}


def _none(name: str, found: list[str], well: str, said: str, mend: str) -> Finding:
    """The finding that nothing was found, or what was."""
    if not found:
        return Finding(name, is_well=True, text=f"{well}.")
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    shown = f"{', '.join(found[:_NAMED])}{more} {said}."
    return Finding(name, is_well=False, text=shown, mend=mend)


def _runs(runs: Iterable[Run]) -> list[str]:
    return [f"{run.project_name} #{run.number} ({run.state.value})" for run in runs]


def _place(deployment: Deployment) -> str:
    names = (deployment.project_name, deployment.stack_name, deployment.workspace_name)
    return "/".join(names)


def _is_whole_plan(plan: Plan | None) -> bool:
    if plan is None or plan.blob_id is None:
        return False
    try:
        with tarfile.open(fileobj=io.BytesIO(blobs.read(plan.blob_id)), mode="r:") as bundle:
            file = bundle.extractfile("plan")
            return file is not None and hashlib.sha256(file.read()).hexdigest() == plan.sha256
    except (CannotDecrypt, NotFound, KeyError, tarfile.TarError):
        return False


def _is_whole_state(version: StateVersion | None) -> bool:
    if version is None:
        return False
    try:
        content = blobs.read(version.blob_id)
        json.loads(content or b"{}")
    except (CannotDecrypt, NotFound, ValueError):
        return False
    return hashlib.sha256(content).hexdigest() == version.sha256
