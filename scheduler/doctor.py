"""What `gantry doctor` asks of the machine: engine, isolation, and the processes runs need."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from config import Settings
from engines.base import Engine, EngineMissing
from lib.procfs import identify
from scheduler import isolation
from scheduler.isolation import NotIsolated
from scheduler.spawner import Spawner
from services import tiers
from services.doctor import Finding


def examine(settings: Settings, engines: Mapping[str, Engine]) -> list[Finding]:
    """Look at everything that is not in the database. Leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="gantry-doctor-") as name:
        place = Path(name)
        return [*_engines(engines), _isolation(settings, place), _zygote(place)]


def _engines(engines: Mapping[str, Engine]) -> list[Finding]:
    return [_engine(name, engine) for name, engine in engines.items()]


def _engine(name: str, engine: Engine) -> Finding:
    title = f"engine {name}"
    try:
        found = engine.installed()
    except EngineMissing as error:
        mend = "Install terraform or tofu, or name one in GANTRY_ENGINE."
        return Finding(title, is_well=False, text=str(error), mend=mend)
    where = "the bundled one" if found.bundled else str(found.path)
    return Finding(title, is_well=True, text=f"{found.name} {found.version}, {where}.")


def _isolation(settings: Settings, place: Path) -> Finding:
    try:
        found = isolation.choose(replace(settings, data_dir=place))
    except NotIsolated as error:
        mend = "Mend it, or choose another GANTRY_ISOLATION; the portal does not start like this."
        return Finding("isolation", is_well=False, text=error.text, mend=mend)
    said = f"Runs are kept apart by: {found.label}. Of a run: {tiers.promise(found.label)}"
    return Finding("isolation", is_well=True, text=f"{said} {found.shortfall}".strip())


def _zygote(place: Path) -> Finding:
    try:
        with Spawner(place) as spawner:
            pid = spawner.zygote_pid
            is_well = pid is not None and identify(pid).is_alive
    except OSError as error:
        is_well, pid = False, None
        return Finding("processes", is_well, f"No process can be started: {error.strerror}.")
    said = "Processes can be started." if is_well else "The process that starts runs has died."
    return Finding("processes", is_well=is_well, text=said, mend="Look for limits of processes.")
