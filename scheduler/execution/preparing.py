"""Preparing a run: its source fetched and pinned, its directory laid out, its engine made ready."""

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from engines.base import EngineMissing
from lib import archive, inside
from models.run_state import RunState, RunType
from scheduler.execution import cloning
from scheduler.execution.desk import Desk, Failed
from services import configuration_versions, states
from services.errors import GantryError
from services.runs import files, order, work


def prepare(desk: Desk) -> None:
    """Fetch the source, pin it, and lay out the directory with variables and state.

    Raises:
        Failed: when the source cannot be had, or no engine is there.
    """
    _make_directory(desk.work_dir)
    _fetch(desk)
    desk.check_stop()
    try:
        installed = desk.context.installed
        desk.engine.prepare(desk.context)
    except EngineMissing as error:
        raise Failed("engine", str(error)) from error
    except ValueError as error:
        raise Failed("configuration", str(error)) from error
    desk.engine_used = work.EngineUsed(
        version=f"{installed.name} {installed.version}",
        path="bundled" if installed.bundled else str(installed.path),
        isolation=desk.site.isolation.label,
    )
    _refuse_shared_backend(desk)
    _lay_down_state(desk)
    _lay_down_files(desk)


def initialize(desk: Desk) -> None:
    """Ready the directory by the engine's own init; missing providers are fetched if allowed."""
    exact = desk.order.plan is not None
    if desk.order.state is not RunState.INITIALIZING:
        desk.enter(RunState.INITIALIZING)
    elif desk.in_flight() == "fetch":
        desk.must(desk.engine.fetch_step(desk.context) or desk.engine.init_step(desk.context))
    _, outcome = desk.do(desk.engine.init_step(desk.context, exact=exact))
    if outcome.missing_providers:
        fetch = desk.engine.fetch_step(desk.context)
        if fetch is not None:
            desk.must(fetch)
            _, outcome = desk.do(desk.engine.init_step(desk.context, exact=exact))
    if outcome.failure is not None:
        raise Failed(outcome.failure.kind, outcome.failure.text)


def _make_directory(path: Path) -> None:
    """A directory of the run's own; what an earlier claim left there is of no use any more."""
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(mode=0o700, parents=True)


def _fetch(desk: Desk) -> None:
    source = desk.order.source
    match source.get("kind"):
        case None:
            desk.code_dir.mkdir(mode=0o700)
            pin: dict[str, Any] = {"kind": "none"}
        case "configuration_version":
            pin = _unpack(desk, str(source["id"]))
        case "git" | "vcs_link":
            pin = cloning.clone(desk)
        case kind:
            raise Failed("gantry", f"Sources of kind {kind} cannot be fetched.")
    if pin != desk.order.pin and pin["kind"] != "none":
        desk.note(partial(work.pin, desk.claim, pin))


def _unpack(desk: Desk, version_id: str) -> dict[str, Any]:
    try:
        version, data = configuration_versions.for_worker(version_id)
    except GantryError as error:
        raise Failed("configuration", error.text) from error
    with tempfile.NamedTemporaryFile(dir=desk.work_dir, suffix=".tar.gz") as file:
        file.write(data)
        file.flush()
        try:
            found = archive.extract(Path(file.name), desk.code_dir)
        except archive.Refused as error:
            raise Failed("configuration", str(error)) from error
    _lift(found.root, desk.code_dir)
    count = "1 file" if found.files == 1 else f"{found.files:,} files"
    desk.say(f"Source: {version.filename}, sha256 {version.digest[:12]}, {count}.")
    return {
        "kind": "configuration_version",
        "id": version.id,
        "digest": version.digest,
        "filename": version.filename,
    }


def _lift(root: Path, code_dir: Path) -> None:
    """Code packed inside a single folder is meant without the folder."""
    if root == code_dir:
        return
    holding = code_dir.with_name("src.outer")
    code_dir.rename(holding)
    (holding / root.relative_to(code_dir)).rename(code_dir)
    shutil.rmtree(holding)


def _refuse_shared_backend(desk: Desk) -> None:
    backend = desk.engine.backend(desk.context)
    declared = backend.type if backend else None
    if declared != desk.order.backend:
        desk.note(partial(work.declare_backend, desk.claim, declared))
    if backend is None:
        return
    desk.say(f"State: kept by the backend “{backend.type}” that the code declares.")
    if not backend.has_workspaces and order.is_deployed_elsewhere(desk.claim.run_id):
        raise Failed(
            "configuration",
            f"The code's backend “{backend.type}” has no workspaces, and this stack is deployed "
            "elsewhere already: both would share one state.",
        )


def _lay_down_files(desk: Desk) -> None:
    """Lay the run's own files beside its code, never through a link that the code holds."""
    root = desk.code_dir / str(desk.order.source.get("path") or "")
    for path, data in files.of(desk.claim.run_id):
        try:
            inside.write(desk.code_dir, root / path, data)
        except inside.NotInside as error:
            raise Failed(
                "configuration", f"The attachment cannot be laid at {path}: the code has it."
            ) from error
        desk.say(f"Attachment: {path}, {len(data)} bytes.")


def _base_state(desk: Desk) -> bytes | None:
    if desk.order.plan is not None:
        return states.base_of(desk.claim.run_id)
    state_id, content = states.newest(desk.order.deployment_id)
    if desk.order.type is not RunType.TASK:
        desk.note(partial(work.base_state, desk.claim, state_id))
    return content


def _lay_down_state(desk: Desk) -> None:
    """Give the engine the deployment's state, and remember which version the plan is made from."""
    path = desk.engine.state_file(desk.context)
    if path is None:
        return
    content = _base_state(desk)
    if content is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)
