"""A number for each run: the user and the group as which its processes work, and nobody else's.

What has a number of its own needs no other rule: the kernel lets it neither read nor signal nor
trace what has another one, and counts its processes apart. (One user for all runs and a group for
each is not enough: a user has every right over the user namespaces it has made, whatever its
groups.) The number of a run is kept where it is used, as the group of the run's directory.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: Above what directories of users map by default (2,000,200,000), and below what is signed.
FIRST = 0x7800_0000
COUNT = 0x0800_0000


def of(work_dir: Path) -> int | None:
    """The number of the run that works in `work_dir`, or None when it has none yet."""
    group = work_dir.stat().st_gid
    return group if _is_ours(group) else None


def allot(work_dir: Path) -> int:
    """Give the run that works in `work_dir` a number that no other directory beside it has.

    Where it begins to look depends on the path, so that numbers of runs long gone, and those of
    another portal on the same machine, hardly ever come again.
    """
    folder = os.open(work_dir.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # Whoever else looks for a number waits here.
        taken = set(_groups(work_dir.parent))
        number = _guess(work_dir)
        while number in taken:
            number = FIRST + (number - FIRST + 1) % COUNT
        os.chown(work_dir, -1, number)
    finally:
        os.close(folder)
    return number


def _groups(folder: Path) -> Iterator[int]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # Another run's directory may go meanwhile.
                yield entry.stat(follow_symlinks=False).st_gid


def _guess(work_dir: Path) -> int:
    digest = hashlib.blake2b(os.fsencode(work_dir), digest_size=8).digest()
    return FIRST + int.from_bytes(digest, "big") % COUNT


def _is_ours(number: int) -> bool:
    return FIRST <= number < FIRST + COUNT
