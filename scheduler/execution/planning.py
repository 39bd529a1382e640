"""Planning: the saved plan, its change document, and the bundle from which it can be applied."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from lib import inside
from lib.masking import Masker
from models.run import Run
from models.run_state import RunState, RunType
from scheduler.execution.desk import Desk, Failed
from services import blobs, changes
from services.runs import work

_PLAN = "plan"
_LOCK_FILE = "lock-file"


def plan(desk: Desk) -> Run:
    """Plan, keep what was planned, and answer where the run stands then."""
    if desk.order.state is not RunState.PLANNING:
        desk.enter(RunState.PLANNING)
    _, outcome = desk.do(desk.engine.plan_step(desk.context, desk.options))
    if outcome.failure is not None:
        raise Failed(outcome.failure.kind, outcome.failure.text)
    desk.must(desk.engine.show_step(desk.context))
    folder = desk.engine.changes_dir(desk.context)
    whole = json.loads((folder / "document.json").read_bytes())
    document: dict[str, object] = desk.masker.mask_value(whole)
    packed = _packed(desk, folder / "changes.jsonl")
    planned = _planned(desk, document, has_changes=outcome.has_changes)
    desk.check_stop()
    with desk.telling():
        changes.keep(desk.claim, document, packed)
        return work.finish_plan(desk.claim, planned)


def restore(desk: Desk) -> None:
    """Lay a stored plan back into a directory that was prepared anew.

    Raises:
        Failed: when the bundle is not there or not the plan that was confirmed.
    """
    kept = desk.order.plan
    if kept is None or kept.blob_id is None:
        raise Failed("gantry", "The saved plan of this run was not kept.")
    with tarfile.open(fileobj=io.BytesIO(blobs.read(kept.blob_id)), mode="r:") as bundle:
        plan_bytes = _member(bundle, _PLAN)
        lock_bytes = _member(bundle, _LOCK_FILE)
    if plan_bytes is None or hashlib.sha256(plan_bytes).hexdigest() != kept.sha256:
        raise Failed("gantry", "The saved plan is not the one that was confirmed.")
    _write(desk.engine.plan_file(desk.context), plan_bytes)
    if lock_bytes is not None:
        _write(desk.engine.lock_file(desk.context), lock_bytes)


def _packed(desk: Desk, path: Path) -> list[changes.Packed]:
    """The changes as they are kept; made before the transaction that keeps them."""
    with path.open(encoding="utf-8") as records:
        return changes.pack(_masked(records, desk.masker))


def _masked(records: Iterable[str], masker: Masker) -> Iterator[str]:
    """The records without the run's secrets.

    The engine marks what it knows to be sensitive. It knows nothing of a secret that reached a
    variable which is not declared so, or that a provider copied to another attribute.
    """
    for text in records:
        if masker.mask_text(text) == text:
            yield text
        else:
            yield json.dumps(masker.mask_value(json.loads(text)))


def _planned(desk: Desk, document: dict[str, object], *, has_changes: bool) -> work.Planned:
    path = desk.engine.plan_file(desk.context)
    content = _read(desk, path)
    installed = desk.context.installed
    applies = desk.order.type is not RunType.PREVIEW and has_changes
    summary = document["summary"]
    return work.Planned(
        sha256=hashlib.sha256(content).hexdigest(),
        has_changes=has_changes,
        summary=summary if isinstance(summary, dict) else {},
        bundle=_bundle(desk, content) if applies else None,
        engine_version=installed.version,
        engine_path="bundled" if installed.bundled else str(installed.path),
    )


def _bundle(desk: Desk, plan_bytes: bytes) -> bytes:
    """All that applying exactly this plan needs beside the code: the plan and the lock file."""
    lock_file = desk.engine.lock_file(desk.context)
    members = {_PLAN: plan_bytes}
    if lock_file.exists():
        members[_LOCK_FILE] = _read(desk, lock_file)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:") as bundle:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            bundle.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _read(desk: Desk, path: Path) -> bytes:
    try:
        return inside.read(desk.work_dir, path)
    except inside.NotInside as error:
        raise Failed("configuration", str(error)) from error


def _member(bundle: tarfile.TarFile, name: str) -> bytes | None:
    try:
        file = bundle.extractfile(name)
    except KeyError:
        return None
    return file.read() if file else None


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
