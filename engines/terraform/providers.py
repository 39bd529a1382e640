"""The provider store: a filesystem mirror all runs share, read-only for them, filled under a lock.

Layout (terraform's "unpacked" one, which ``init`` links to instead of copying):
``HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/terraform-provider-TYPE_vVERSION``.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.base import Json

_LARGEST_PACKAGE_BYTES = 2 << 30
_CHUNK_BYTES = 1 << 20
_EXECUTABLE = 0o755

_MISSING = re.compile(
    r"available versions for provider (\S+?): "
    r"(?:provider (\S+) was not found in any of the search locations|could not connect to)"
)
_NO_VERSION = re.compile(
    r"available versions for provider (\S+?): "
    r"no available releases match the given constraints (.+)"
    r"|no available releases match the given constraints (.+)"
)
_NOT_HELD = "is not in the provider store"
_SUMMARY = re.compile(rf"Provider (\S+?)(?: .*)? {_NOT_HELD}")
_WAY_OUT = (
    "Runs take providers only from the store, the directory {store}. An administrator can lay the "
    "provider there (the command terraform providers mirror makes the right layout), or allow "
    "Gantry to download providers."
)


def explain(summary: str, detail: str) -> tuple[str, str]:
    """Return a diagnostic's texts; one that says a provider cannot be had becomes a sentence."""
    # The first paragraph is the cause; the next ones are terraform's own advice.
    flat = " ".join(detail.partition("\n\n")[0].split())
    way_out = _WAY_OUT.format(store=_store_named_in(detail))
    if (found := _MISSING.search(flat)) is not None:
        return f"Provider {found[2] or found[1]} {_NOT_HELD}", way_out
    if (found := _NO_VERSION.search(flat)) is not None:
        source = found[1] or "asked for"
        constraint = (found[2] or found[3]).strip().rstrip(".")
        return f"Provider {source} in version {constraint} {_NOT_HELD}", way_out
    return summary, detail


def missing_source(summary: str) -> str | None:
    """Return the provider an explained summary speaks of, or None."""
    found = _SUMMARY.search(summary)
    return found[1] if found else None


def cli_config(store: Path, *, direct: bool = False) -> str:
    """Return a CLI configuration that takes providers from the store, or only from their origin."""
    source = (
        "direct {}"
        if direct
        else f"filesystem_mirror {{\n    path = {json.dumps(str(store))}\n  }}"
    )
    return f"disable_checkpoint = true\nprovider_installation {{\n  {source}\n}}\n"


def held(store: Path) -> list[str]:
    """Return ``HOST/NAMESPACE/TYPE VERSION OS_ARCH`` of every package in the store."""
    packages = (
        path.relative_to(store).parts for path in store.glob("*/*/*/*/*_*") if path.is_dir()
    )
    return sorted(f"{'/'.join(parts[:3])} {parts[3]} {parts[4]}" for parts in packages)


def take_in(staging: Path, store: Path) -> list[str]:
    """Move what ``terraform providers mirror`` left in ``staging`` into the store; remove staging.

    Every package is unpacked and compared with the hash its index names. Returns what was added.
    Raises ValueError with a sentence when a package is not what its index says.
    """
    added = []
    with _locked(store):
        for index in sorted(staging.glob("*/*/*/*.json")):
            if index.name != "index.json":
                added += _take_version(index, store / index.parent.relative_to(staging))
    shutil.rmtree(staging, ignore_errors=True)
    return added


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    store.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Beside the store, not in it: terraform reads every name in there.
    with store.with_name(store.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _take_version(index: Path, home: Path) -> list[str]:
    archives = json.loads(index.read_bytes()).get("archives", {})
    added = []
    for platform, package in archives.items():
        target = home / index.stem / platform
        if not target.exists():
            _unpack(index.parent / package["url"], package.get("hashes", []), target)
            added.append(f"{home.name} {index.stem} {platform}")
    return added


def _unpack(archive: Path, hashes: list[Json], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        digest = _extract(archive, draft)
        if digest not in hashes:
            raise ValueError(
                f"The package {archive.name} is not what its index says; it was refused."
            )
        draft.chmod(_EXECUTABLE)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _extract(archive: Path, into: Path) -> str:
    """Unpack a provider's zip and return terraform's ``h1:`` hash of what was in it."""
    lines = []
    with zipfile.ZipFile(archive) as package:
        members = sorted(package.infolist(), key=lambda member: member.filename)
        if sum(member.file_size for member in members) > _LARGEST_PACKAGE_BYTES:
            raise ValueError(f"The package {archive.name} is too large; it was refused.")
        for member in members:
            if member.is_dir():
                continue
            digest = _extract_member(package, member, into)
            lines.append(f"{digest}  {member.filename}\n")
    total = hashlib.sha256("".join(lines).encode()).digest()
    return "h1:" + base64.b64encode(total).decode()


def _extract_member(package: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path) -> str:
    path = (into / member.filename).resolve()
    if not path.is_relative_to(into.resolve()):
        raise ValueError(f"The package holds {member.filename!r}, outside itself; it was refused.")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with package.open(member) as source, path.open("wb") as target:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
    path.chmod(_EXECUTABLE if path.name.startswith("terraform-provider-") else 0o644)
    return digest.hexdigest()


def _store_named_in(detail: str) -> str:
    _, _, places = detail.partition("search locations")
    found = re.search(r"^\s+- (.+)$", places, re.MULTILINE)
    return found[1].strip() if found else "named providers in Gantry's data directory"
