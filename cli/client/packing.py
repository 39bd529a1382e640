"""A folder as an upload: what .gitignore and .terraformignore leave of it, as a .tar.gz.

The same files are the same bytes, so that the portal keeps them once. Rules are git's: those of a
folder hold below it, later ones win, `!` takes back, and what is in an ignored folder stays out.
.terraformignore has the last word. Links are refused, as the portal would refuse them.
"""

import gzip
import os
import stat
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from cli.client.failures import Exit, Failure, printable
from cli.client.http import Upload

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# What no upload should hold: repositories, what init fetches again, states and plans (secrets).
USUAL = (
    ".git/",
    ".terraform/",
    ".terraform.tfstate.lock.info",
    "terraform.tfstate",
    "terraform.tfstate.*",
    "terraform.tfstate.d/",
    "crash.log",
    "crash.*.log",
    ".DS_Store",
)
GIT, TERRAFORM = ".gitignore", ".terraformignore"
CHUNK_BYTES = 1 << 18
MOST_FILES = 20_000


@dataclass(frozen=True)
class Packed:
    """A folder, packed. `file` is open at its beginning."""

    file: IO[bytes]
    size_bytes: int
    files: int
    ignored: int


@dataclass(frozen=True)
class _Rules:
    """The rules of one file, for paths below `root`."""

    root: Path
    spec: "GitIgnoreSpec"

    def verdict(self, path: Path, *, is_folder: bool) -> bool | None:
        """Whether they ignore it; None when they say nothing of it."""
        if not path.is_relative_to(self.root):
            return None
        name = path.relative_to(self.root).as_posix() + ("/" if is_folder else "")
        return self.spec.check_file(name).include


@contextmanager
def packed(folder: Path) -> Iterator[Packed]:
    """The folder's code as a .tar.gz, until the block ends.

    Raises:
        Failure: when it holds a link or the like, nothing at all, or cannot be read.
    """
    chosen, ignored = choose(folder)
    if not chosen:
        raise Failure(f"There is nothing to upload in {folder}.", Exit.USAGE)
    with TemporaryFile() as file:
        try:
            _write(file, folder, chosen)
        except OSError as error:
            raise Failure(
                f"{error.filename or folder} cannot be read: {error.strerror}."
            ) from error
        size_bytes = file.tell()
        file.seek(0)
        yield Packed(file, size_bytes, len(chosen), ignored)


def choose(folder: Path) -> tuple[list[Path], int]:
    """The files that belong to the upload, in order, and how many files and folders do not.

    Raises:
        Failure: when one is a link, or neither file nor folder.
    """
    if not folder.is_dir():
        raise Failure(f"There is no folder {folder}.", Exit.USAGE)
    root = folder.resolve()
    return _Walk(root).run()


class _Walk:
    """One look through a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._last = (
            [_rules(root, (root / TERRAFORM).read_text(encoding="utf-8").splitlines())]
            if ((root / TERRAFORM).is_file())
            else []
        )
        self._chosen: list[Path] = []
        self._ignored = 0

    def run(self) -> tuple[list[Path], int]:
        """The files, and the number of what was left out."""
        self._look(self._root, [_rules(self._root, USUAL), *_above(self._root)])
        return sorted(self._chosen, key=lambda path: path.as_posix()), self._ignored

    def _look(self, folder: Path, rules: "list[_Rules]") -> None:
        own = folder / GIT
        if own.is_file():
            lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
            rules = [*rules, _rules(folder, lines)]
        for entry in sorted(os.scandir(folder), key=lambda each: each.name):
            path = folder / entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if self._is_ignored(path, rules, is_folder=is_folder):
                self._ignored += 1
            elif is_folder:
                self._look(path, rules)
            else:
                self._take(path, entry)

    def _is_ignored(self, path: Path, rules: "list[_Rules]", *, is_folder: bool) -> bool:
        for each in (*self._last, *reversed(rules)):
            said = each.verdict(path, is_folder=is_folder)
            if said is not None:
                return said
        return False

    def _take(self, path: Path, entry: "os.DirEntry[str]") -> None:
        name = printable(path.relative_to(self._root).as_posix())
        if entry.is_symlink():
            raise Failure(
                f"{name} is a link, and the portal takes only files and folders. Put the file "
                f"there itself, or leave it out in {TERRAFORM}.",
                Exit.USAGE,
            )
        if not entry.is_file(follow_symlinks=False):
            raise Failure(f"{name} is neither a file nor a folder.", Exit.USAGE)
        self._chosen.append(path)
        if len(self._chosen) > MOST_FILES:
            raise Failure(
                f"There are more than {MOST_FILES:,} files in {self._root}. Leave out "
                f"in {TERRAFORM} what the code does not need.",
                Exit.USAGE,
            )


def _rules(root: Path, lines: "tuple[str, ...] | list[str]") -> _Rules:
    from pathspec import GitIgnoreSpec

    try:
        return _Rules(root, GitIgnoreSpec.from_lines(lines))
    except ValueError as error:
        raise Failure(f"A rule of what to ignore below {root} is none: {error}.") from error


def _above(root: Path) -> list[_Rules]:
    """The rules of folders above, as far as the repository that `root` is in."""
    above = []
    for parent in root.parents if not (root / ".git").exists() else ():
        above.append(parent)
        if (parent / ".git").exists():
            break
    else:
        return []
    files = (parent / GIT for parent in reversed(above))
    return [
        _rules(file.parent, file.read_text(encoding="utf-8", errors="replace").splitlines())
        for file in files
        if file.is_file()
    ]


def _write(file: IO[bytes], folder: Path, chosen: list[Path]) -> None:
    root = folder.resolve()
    with (
        gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in chosen:
            with path.open("rb") as content:
                found = os.fstat(content.fileno())
                member = tarfile.TarInfo(path.relative_to(root).as_posix())
                member.size = found.st_size
                member.mode = 0o755 if found.st_mode & stat.S_IXUSR else 0o644
                tar.addfile(member, content)


def upload(project: str, content: Packed) -> Upload:
    """The packed folder as the body of `POST /configuration-versions`."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="project"\r\n\r\n{project}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="code.tar.gz"\r\n'
        "Content-Type: application/gzip\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()

    def pieces() -> Iterator[bytes]:
        yield head
        content.file.seek(0)
        while chunk := content.file.read(CHUNK_BYTES):
            yield chunk
        yield tail

    size_bytes = len(head) + content.size_bytes + len(tail)
    return Upload(size_bytes, f"multipart/form-data; boundary={boundary}", pieces)
