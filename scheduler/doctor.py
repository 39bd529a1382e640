"""What `gantry doctor` asks of the machine: engine, isolation, and the processes runs need."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from engines.base import Engine, EngineMissing
from lib.procfs import Identity, identify
from scheduler import isolation, step
from scheduler.isolation import NotIsolated
from scheduler.spawner import Spawner
from services import tiers
from services.doctor import Finding
from services.runs import work


def examine(settings: Settings, engines: Mapping[str, Engine]) -> list[Finding]:
    """Look at everything that is not in the database. Leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="gantry-doctor-") as name:
        place = Path(name)
        return [
            *_engines(engines),
            _isolation(settings, place),
            _zygote(place),
            leftovers_of(settings.data_dir),
        ]


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


def leftovers_of(data_dir: Path) -> Finding:
    """Look for processes of runs that nobody works on any more."""
    try:
        found = leftovers(data_dir)
    except SQLAlchemyError as error:
        said = f"Whose processes these are could not be asked: {type(error).__name__}."
        return Finding("leftovers", is_well=False, text=said, mend="Mend the database first.")
    if not found:
        return Finding("leftovers", is_well=True, text="No process of an ended run is left.")
    shown = ", ".join(f"{run_id} (process {who.pid})" for run_id, who in found)
    mend = "End these processes; then settle the deployments of their runs before the next one."
    said = f"Runs that are over still have processes: {shown}."
    return Finding("leftovers", is_well=False, text=said, mend=mend)


def leftovers(data_dir: Path) -> list[tuple[str, Identity]]:
    """(run, process) of every engine and keeper that lives on although its run is not at work."""
    found: list[tuple[str, Identity]] = []
    for record in sorted((data_dir / "work").glob(f"*/steps/*/{step.ENGINE}")):
        run_id = record.parents[2].name
        alive = [(run_id, who) for who in _recorded(record) if who.is_alive]
        found += [] if alive and work.is_at_work(run_id) else alive
    return found


def _recorded(record: Path) -> list[Identity]:
    """The processes of a record; of one that is damaged those that can be read."""
    named = (step.read_record(record) or {}).values()
    pairs = [who for who in named if isinstance(who, list) and len(who) == len(Identity._fields)]
    return [Identity(*who) for who in pairs]


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
