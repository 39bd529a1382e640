"""The file of a backup: a tar of tables as JSON lines, with a manifest that comes last.

Members: `tables/NAME.jsonl.zst` (each line a row, its columns by name; times as RFC 3339, bytes as
base64), `logs/…`, `secret.key` if asked for, and `manifest.json`, which names all others with their
SHA-256. A file that broke off has no manifest and is refused.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import zstandard

from services.errors import Conflict, Invalid, Unavailable

FORMAT = 1
KEY = "secret.key"
LOGS = "logs/"
_MANIFEST = "manifest.json"
_MANIFEST_LIMIT_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 20
_GOOD_NAME = re.compile(r"tables/[a-z_]+\.jsonl\.zst|secret\.key|logs/[0-9a-z]{2}/[0-9a-zA-Z._-]+")


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `made_at` is RFC 3339 in UTC; `members` maps names to SHA-256."""

    version: str
    head: str
    made_at: str
    format: int = FORMAT
    members: dict[str, str] = field(default_factory=dict)

    @property
    def has_key(self) -> bool:
        """Whether the secret key is in it."""
        return KEY in self.members


class Writer:
    """Writes a backup beside `path`, and puts it there whole or not at all.

    Raises:
        Conflict: when `path` is there already.
        Unavailable: when the disk is full, or the place cannot be written.
    """

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise Conflict(f"{path} is there already; name another file.")
        self._path = path
        self._members: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=_parent(self))
        except OSError as error:
            raise _cannot(self._path, error) from error
        self._draft = Path(name)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        with suppress(OSError):  # What it still held does not fit either.
            self._file.close()
        self._draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _cannot(self._path, error) from error

    @property
    def path(self) -> Path:
        """Where the backup will be."""
        return self._path

    def add_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Add a packed member of these lines; they may be many."""
        with tempfile.TemporaryFile(dir=_parent(self)) as packed:
            with zstandard.ZstdCompressor(level=3).stream_writer(packed, closefd=False) as stream:
                for line in lines:
                    stream.write(line)
            self._add(name, packed)

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is."""
        with path.open("rb") as file:
            self._add(name, file)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, which the members are added to, and put the file in its place."""
        whole = asdict(manifest) | {"members": self._members}
        self._add(_MANIFEST, io.BytesIO(json.dumps(whole, indent=1).encode()))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.hardlink_to(self._draft)  # Unlike a rename it never replaces another file.

    def _add(self, name: str, file: IO[bytes]) -> None:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        counted = _Counted(file, size)
        # Its type is narrower than what it takes.
        self._tar.addfile(member, counted)  # type: ignore[arg-type]
        self._members[name] = counted.digest.hexdigest()


class Reader:
    """Reads a backup.

    Raises:
        Invalid: when it is none, is not whole, or was changed.
    """

    def __init__(self, path: Path) -> None:
        self._file = _open(path)
        try:
            self._tar = tarfile.open(fileobj=self._file, mode="r:")  # noqa: SIM115 - see __exit__
            self._infos = {member.name: member for member in self._tar if member.isreg()}
            self.manifest = self._read_manifest(path)
        except (OSError, tarfile.TarError) as error:
            self._file.close()
            raise _unusable(f"{path} cannot be read as a backup, or is not whole.") from error
        except Invalid:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def verify(self) -> None:
        """Compare every member with its hash."""
        for name, wanted in self.manifest.members.items():
            if name not in self._infos or not _GOOD_NAME.fullmatch(name) or ".." in name:
                raise _unusable(f"The backup is not whole: {name} is missing.")
            if self._digest(name) != wanted:
                raise _unusable(f"The backup was changed: {name} is not what its manifest says.")

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table; none when the backup has no such table."""
        name = f"tables/{table}.jsonl.zst"
        if name not in self.manifest.members:
            return
        with zstandard.ZstdDecompressor().stream_reader(self._open(name)) as stream:
            for line in io.BufferedReader(stream, _CHUNK_BYTES):
                yield json.loads(line)

    def names(self, prefix: str) -> list[str]:
        """The members whose names begin like this."""
        return [name for name in self.manifest.members if name.startswith(prefix)]

    def copy(self, name: str, target: Path) -> None:
        """Write a member to a new file of mode 0600."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with self._open(name) as source, os.fdopen(os.open(target, flags, 0o600), "wb") as file:
            while chunk := source.read(_CHUNK_BYTES):
                file.write(chunk)

    def _digest(self, name: str) -> str:
        digest = hashlib.sha256()
        with self._open(name) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def _open(self, name: str) -> IO[bytes]:
        file = self._tar.extractfile(self._infos[name])
        if file is None:  # pragma: no cover - only regular files are listed
            raise _unusable(f"{name} in the backup is no file.")
        return file

    def _read_manifest(self, path: Path) -> Manifest:
        info = self._infos.get(_MANIFEST)
        if info is None or info.size > _MANIFEST_LIMIT_BYTES:
            raise _unusable(f"{path} is no whole backup: its manifest is missing.")
        try:
            manifest = Manifest(**json.load(self._open(_MANIFEST)))
        except (TypeError, ValueError) as error:
            raise _unusable(f"The manifest of {path} cannot be read.") from error
        if manifest.format != FORMAT:
            raise _unusable(
                f"This backup has format {manifest.format}; this Gantry, {FORMAT}. Use the Gantry "
                f"that made it: {manifest.version}."
            )
        return manifest


class _Counted:
    """A file that is hashed while it is read, and that ends where it ended when it was measured."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self.digest = hashlib.sha256()

    def read(self, count: int) -> bytes:
        chunk = self._file.read(min(count, self._left))
        self._left -= len(chunk)
        self.digest.update(chunk)
        return chunk


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise _unusable(f"{path} cannot be read: {(error.strerror or '').lower()}.") from error


def _parent(writer: Writer) -> Path:
    return writer.path.absolute().parent


def _cannot(path: Path, error: OSError) -> Unavailable:
    reason = (error.strerror or "unknown").lower()
    return Unavailable(f"{path} could not be written: {reason}. Nothing is left of it.")


def _unusable(text: str) -> Invalid:
    return Invalid({"file": text}, text)
