"""Archives from people nobody knows: unpacked whole and harmless, or refused and gone.

Every member is judged by our own check before a byte of it is written, and the files are written
by us, not by `tarfile`: its filters have let links out before.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from lib import drafts

CHUNK_BYTES = 256 * 1024
# Headers that only lengthen a name are read into memory; no honest one is longer.
LONGEST_HEADER_BYTES = 64 * 1024
HEADER_TYPES = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}
LONGEST_NAME_BYTES = 255
LONGEST_PATH_BYTES = 1_024
ODD_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\\]")
WINDOWS_DRIVE = re.compile(r"[A-Za-z]:")
SET_ID_BITS = 0o6000
NO_ARCHIVE = "The file is not a complete .tar.gz archive."


class Refused(Exception):
    """The archive is not taken; the message is a sentence that says what is wrong with it."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold. A ratio counts only beyond `ratio_from_bytes`."""

    members: int = 20_000
    total_bytes: int = 512 * 1024 * 1024
    depth: int = 32
    ratio: int = 200
    ratio_from_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True)
class Extracted:
    """What was unpacked. `root` is the directory itself, or the only one in it."""

    root: Path
    files: int
    size_bytes: int


def extract(source: Path, dest: Path, limits: Limits | None = None) -> Extracted:
    """Unpack the .tar.gz file `source` into `dest`, which must not be there yet.

    Regular files and directories only; their modes are 0600 or, when executable, 0700.

    Raises:
        Refused: when a member or the whole is not harmless; nothing is left behind then.
        FileExistsError: when `dest` is there already.
    """
    with drafts.directory(dest) as draft:
        unpacked = _Unpacking(draft, limits or Limits()).run(source)
    return Extracted(_only_directory(dest), unpacked.files, unpacked.size_bytes)


def digest(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(directory: Path) -> bytes:
    """The tree below `directory` as .tar.gz; the same tree gives the same bytes.

    Raises:
        ValueError: when it holds anything but files and directories.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(directory.rglob("*")):
            _pack_one(tar, path, path.relative_to(directory).as_posix())
    return packed.getvalue()


class _Inflated(io.RawIOBase):
    """The archive, decompressed as it is read, and refused when there is too much of it."""

    def __init__(self, file: IO[bytes], packed_bytes: int, limits: Limits) -> None:
        super().__init__()
        self._zipped = gzip.GzipFile(fileobj=file)
        self._read_bytes = 0
        by_ratio = max(limits.ratio_from_bytes, packed_bytes * limits.ratio)
        self._most_bytes = min(by_ratio, limits.total_bytes)
        self._total_bytes = limits.total_bytes

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, never more than a chunk at once."""
        chunk = self._zipped.read(min(size, CHUNK_BYTES) if size >= 0 else CHUNK_BYTES)
        self._read_bytes += len(chunk)
        if self._read_bytes > self._most_bytes:
            if self._most_bytes == self._total_bytes:
                raise Refused(f"The archive unpacks to more than {_size(self._total_bytes)}.")
            raise Refused(
                "The archive unpacks to far more than its own size, as no honest one does."
            )
        return chunk


class _Member(tarfile.TarInfo):
    """A member whose header is not trusted.

    tarfile takes a broken header for the end of the archive; here the end is two empty blocks.
    """

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> "_Member":
        """The next member.

        Raises:
            Refused: when its header is broken or the archive ends in the middle.
        """
        try:
            return super().fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # in tarfile, but not in its types.
            raise
        except tarfile.HeaderError:
            raise Refused(NO_ARCHIVE) from None

    def _proc_member(self, tar: tarfile.TarFile) -> "_Member":
        """Called by tarfile once the header is read: the moment to refuse before what it reads."""
        if self.size < 0 or (self.type in HEADER_TYPES and self.size > LONGEST_HEADER_BYTES):
            raise Refused(NO_ARCHIVE)
        member: _Member = super()._proc_member(tar)  # type: ignore[misc]  # documented in tarfile, but not in its types.
        return member


class _Unpacking:
    """One archive on its way into `root`: what has been seen of it so far."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.files = 0
        self.size_bytes = 0
        self._root = root
        self._limits = limits
        self._members = 0
        # By their composed spelling: two names that look the same are one name too many.
        self._seen: dict[PurePosixPath, bool] = {}

    def run(self, source: Path) -> "_Unpacking":
        """Unpack `source`, turning every way in which it can be broken into one sentence."""
        with source.open("rb") as file, _readable():
            inflated = _Inflated(file, source.stat().st_size, self._limits)
            with tarfile.open(fileobj=inflated, mode="r|", tarinfo=_Member) as tar:
                for member in tar:
                    self._take(tar, member)
                    tar.members = []  # type: ignore[attr-defined]  # else it keeps every header.
            # Its checksum is at the end, and counts only when it has been read.
            while inflated.read():
                pass
        return self

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        self._members += 1
        if self._members > self._limits.members:
            raise Refused(f"The archive has more than {self._limits.members:,} members.")
        _check_kind(member)
        path = _checked_path(member.name, self._limits.depth)
        if path == PurePosixPath():
            return
        self._claim(path, is_file=member.isfile())
        target = self._root / path
        if member.isdir():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(tar, member, target)

    def _claim(self, path: PurePosixPath, *, is_file: bool) -> None:
        """Note that `path` is taken, and its parents as directories."""
        composed = PurePosixPath(unicodedata.normalize("NFC", str(path)))
        if any(self._seen.get(parent) for parent in composed.parents):
            raise Refused(f"The archive has {_quoted(path)} below a file of that name.")
        if composed in self._seen and (is_file or self._seen[composed]):
            raise Refused(f"The archive has {_quoted(path)} twice.")
        for parent in composed.parents:
            self._seen.setdefault(parent, False)
        self._seen[composed] = is_file

    def _write(self, tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
        content = tar.extractfile(member)
        if content is None:
            raise Refused(NO_ARCHIVE)
        mode = 0o700 if member.mode & 0o111 else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(target, flags, mode), "wb") as file:
            shutil.copyfileobj(content, file, CHUNK_BYTES)
            self.size_bytes += file.tell()
        self.files += 1


@contextmanager
def _readable() -> Iterator[None]:
    """What a reader of broken bytes may raise, as one sentence."""
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError):
        raise Refused(NO_ARCHIVE) from None
    except (ValueError, OverflowError, RecursionError):
        # Numbers, encodings and chains of headers that no archiver writes.
        raise Refused(NO_ARCHIVE) from None


def _check_kind(member: tarfile.TarInfo) -> None:
    name = _quoted(member.name)
    if member.issym() or member.islnk():
        raise Refused(f"The archive has a link, {name}; only files and directories are taken.")
    if member.issparse() or not (member.isreg() or member.isdir()):
        raise Refused(f"The archive has {name}, which is neither a file nor a directory.")
    if member.mode & SET_ID_BITS:
        raise Refused(f"The archive has {name} with a set-user or set-group bit.")


def _checked_path(name: str, depth: int) -> PurePosixPath:
    """`name` as a path below the root, without "." and empty parts."""
    if name.startswith("/") or WINDOWS_DRIVE.match(name):
        raise Refused(f"The archive has an absolute path, {_quoted(name)}.")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise Refused(f"The archive has a path that leads out of it, {_quoted(name)}.")
    if not name or ODD_CHARACTERS.search(name) or not _is_utf8(name):
        raise Refused(
            f"The archive has a name with characters that no file should have: {_quoted(name)}."
        )
    if len(parts) > depth:
        raise Refused(f"The archive is more than {depth} directories deep.")
    if len(name.encode()) > LONGEST_PATH_BYTES or any(
        len(part.encode()) > LONGEST_NAME_BYTES for part in parts
    ):
        raise Refused(f"The archive has a name that is too long, {_quoted(name)}.")
    return PurePosixPath(*parts)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _quoted(name: object) -> str:
    """`name` as a sentence may hold it: printable, and not long."""
    text = "".join(char if char.isprintable() else "?" for char in str(name))
    return f"“{text[:80]}…”" if len(text) > 80 else f"“{text}”"


def _size(size_bytes: int) -> str:
    return (
        f"{size_bytes / 1024 / 1024:,.0f} MiB"
        if size_bytes >= 1024 * 1024
        else f"{size_bytes:,} bytes"
    )


def _only_directory(dest: Path) -> Path:
    """The single directory in `dest`, as archives of a release have it, else `dest`."""
    children = list(dest.iterdir())
    return children[0] if len(children) == 1 and children[0].is_dir() else dest


def _pack_one(tar: tarfile.TarFile, path: Path, name: str) -> None:
    info = tarfile.TarInfo(name)
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        raise ValueError(f"{name} is neither a file nor a directory.")
    if path.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
        return
    info.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    info.size = path.stat().st_size
    with path.open("rb") as file:
        tar.addfile(info, file)
