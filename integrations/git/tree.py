"""From a fetched commit to a directory of ordinary files, with no .git in it."""

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from integrations.git.errors import GitError
from integrations.git.session import FETCHED, MIB, Session

LINK_MODE = b"120000"
LISTING_BYTES_PER_FILE = 400


@dataclass(frozen=True)
class Entry:
    """One file of the tree."""

    path: str
    is_link: bool
    size_bytes: int


def write(session: Session, dest: Path, *, limit_bytes: int, limit_files: int) -> None:
    """Write the files of the fetched commit into the empty directory `dest`.

    Symbolic links are kept when they stay inside, and refused otherwise. Submodules are empty
    directories, large files their pointers.

    Raises:
        GitError: when there are too many files, or too much in them, or a link leads out.
    """
    entries = _entries(session, limit_files)
    if len(entries) > limit_files:
        raise GitError(f"{session.address} has more than {limit_files:,} files.")
    if sum(entry.size_bytes for entry in entries) > limit_bytes:
        raise GitError(
            f"The files of {session.address} are larger than {limit_bytes / MIB:,.0f} MiB."
        )
    session.run("read-tree", FETCHED)
    session.run(f"--work-tree={dest}", "checkout-index", "--all", "--force", "--quiet")
    _make_links(dest, [entry.path for entry in entries if entry.is_link])


def _entries(session: Session, limit_files: int) -> list[Entry]:
    """The files of the tree, at least one more than the limit when there are more."""
    most = limit_files * LISTING_BYTES_PER_FILE
    listing = session.run("ls-tree", "-r", "-z", "--long", FETCHED, output_bytes=most)
    if len(listing) == most:
        raise GitError(f"{session.address} has more than {limit_files:,} files.")
    return [_entry(line) for line in listing.split(b"\0") if line]


def _entry(line: bytes) -> Entry:
    """The entry of a line of mode, type, id, size (of a submodule "-"), tab, path."""
    about, _, path = line.partition(b"\t")
    mode, _, _, size = about.split()
    return Entry(os.fsdecode(path), mode == LINK_MODE, int(size) if size.isdigit() else 0)


def _make_links(dest: Path, paths: list[str]) -> None:
    """Turn the files that git wrote for links into links.

    No link is there while git writes, so it follows none; and each is judged by its own text
    first, then, once all are there, by where it leads.
    """
    for path in paths:
        place = dest / path
        target = os.fsdecode(place.read_bytes())
        if not target or "\0" in target or _leads_out(path, target):
            raise _leading_out(path)
        place.unlink()
        place.symlink_to(target)
    top = dest.resolve()
    for path in paths:
        try:
            inside = (dest / path).resolve().is_relative_to(top)
        except (OSError, RuntimeError):  # A circle of links.
            inside = False
        if not inside:
            raise _leading_out(path)


def _leads_out(path: str, target: str) -> bool:
    joined = posixpath.normpath(posixpath.join("/top", posixpath.dirname(path), target))
    return posixpath.isabs(target) or not (joined == "/top" or joined.startswith("/top/"))


def _leading_out(path: str) -> GitError:
    shown = "".join(char if char.isprintable() else "?" for char in path)
    return GitError(f"The repository has a symbolic link that leads out of it: “{shown}”.")
