"""Waiting for files to change: inotify, or polling where there is none.

`DirectoryWatch` is for one thread that waits for one folder (a supervisor); `FileWatch` is for many
files that other threads add and remove while one thread waits (the portal's log hub).
"""

import contextlib
import ctypes
import os
import select
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self

_libc = ctypes.CDLL(None, use_errno=True)
_has_inotify = hasattr(_libc, "inotify_init1")

POLL_EVERY_S = 0.1
EVERYTHING = "*"

# From linux/inotify.h: written to, moved here; and the queue has overflowed. An event is the
# number of its watch, what happened, a cookie, and the length of the name that follows.
_CHANGES = 0x2 | 0x80
_OVERFLOW = 0x4000
_EVENT = struct.Struct("iIII")
_READ_BYTES = 64 * 1024


class _Source(Protocol):
    """Something that knows which entries of some folders have changed."""

    def fileno(self) -> int: ...
    def add(self, folder: Path) -> None: ...
    def remove(self, folder: Path) -> None: ...
    def changed(self) -> set[tuple[Path, str]]: ...
    def close(self) -> None: ...


class _Inotify:
    """The kernel's own notices (inotify(7)).

    Called directly: the packages for it import several times what a zygote should weigh.
    """

    def __init__(self) -> None:
        self._fd = _checked(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        self._folders: dict[int, Path] = {}

    def fileno(self) -> int:
        return self._fd

    def add(self, folder: Path) -> None:
        number = _checked(_libc.inotify_add_watch(self._fd, os.fsencode(folder), _CHANGES))
        self._folders[number] = folder

    def remove(self, folder: Path) -> None:
        for number in [n for n, path in self._folders.items() if path == folder]:
            del self._folders[number]
            # Fails when the folder itself is gone, and its watch with it.
            _libc.inotify_rm_watch(self._fd, number)

    def changed(self) -> set[tuple[Path, str]]:
        found = set[tuple[Path, str]]()
        for number, mask, name in self._events():
            if mask & _OVERFLOW:
                found |= {(folder, EVERYTHING) for folder in self._folders.values()}
            elif name and number in self._folders:
                found.add((self._folders[number], name))
        return found

    def close(self) -> None:
        os.close(self._fd)

    def _events(self) -> Iterator[tuple[int, int, str]]:
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size + length
            yield number, mask, os.fsdecode(data[at - length : at].rstrip(b"\0"))


class _Polling:
    def __init__(self) -> None:
        self._folders: dict[Path, dict[str, tuple[int, int, int]]] = {}

    def fileno(self) -> int:
        return -1

    def add(self, folder: Path) -> None:
        self._folders[folder] = _entries(folder)

    def remove(self, folder: Path) -> None:
        self._folders.pop(folder, None)

    def changed(self) -> set[tuple[Path, str]]:
        found = set()
        for folder, before in list(self._folders.items()):
            after = _entries(folder)
            found |= {(folder, name) for name, seen in after.items() if before.get(name) != seen}
            if folder in self._folders:
                self._folders[folder] = after
        return found

    def close(self) -> None:
        self._folders.clear()


class DirectoryWatch:
    """Tells which entries of `folder` were written to or moved there since it was opened.

    Raises:
        OSError: when the folder cannot be watched.
    """

    def __init__(self, folder: Path, *, poll: bool = False) -> None:
        self._source = _open_source(poll=poll)
        self._source.add(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self, timeout_s: float | None = None, *, fds: tuple[int, ...] = ()) -> set[str]:
        """Wait for a change, for one of `fds` to be readable, or for `timeout_s`.

        Returns the names of the entries that changed; EVERYTHING among them when too much
        happened to say.
        """
        _wait(self._source, timeout_s, fds)
        return {name for _, name in self._source.changed()}

    def close(self) -> None:
        """Stop watching."""
        self._source.close()


class FileWatch:
    """Tells one waiting thread which of many files have changed; other threads add and remove.

    A file need not exist yet, its folder must. A file added twice is removed twice.
    """

    def __init__(self, *, poll: bool = False) -> None:
        self._source = _open_source(poll=poll)
        self._lock = threading.Lock()
        self._files: Counter[tuple[Path, str]] = Counter()
        self._folders: Counter[Path] = Counter()
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, path: Path) -> None:
        """Watch `path` too.

        Raises:
            FileNotFoundError: when its folder does not exist.
        """
        with self._lock:
            if not self._folders[path.parent]:
                self._source.add(path.parent)
            self._folders[path.parent] += 1
            self._files[path.parent, path.name] += 1

    def remove(self, path: Path) -> None:
        """Watch `path` no longer, if nobody else added it."""
        with self._lock:
            if not self._files[path.parent, path.name]:
                return
            self._files[path.parent, path.name] -= 1
            self._folders[path.parent] -= 1
            if not self._folders[path.parent]:
                self._source.remove(path.parent)
            # Counters keep what has come down to nothing; a portal lives long.
            self._files += Counter()
            self._folders += Counter()

    def wake(self) -> None:
        """Let the waiting thread return at once."""
        with contextlib.suppress(BlockingIOError):  # So many are waiting to be seen already.
            os.write(self._wake_write, b"!")

    def wait(self, timeout_s: float | None = None) -> set[Path]:
        """Wait for a change, a `wake` or `timeout_s`; return the watched files that changed."""
        _wait(self._source, timeout_s, (self._wake_read,))
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        with self._lock:
            changed = self._source.changed()
            crowded = {folder for folder, name in changed if name == EVERYTHING}
            return {
                folder / name
                for folder, name in self._files
                if (folder, name) in changed or folder in crowded
            }

    def close(self) -> None:
        """Stop watching; nobody may be waiting any more."""
        self._source.close()
        os.close(self._wake_read)
        os.close(self._wake_write)


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def _open_source(*, poll: bool) -> _Source:
    return _Inotify() if _has_inotify and not poll else _Polling()


def _wait(source: _Source, timeout_s: float | None, fds: tuple[int, ...]) -> None:
    poller = select.poll()
    for fd in fds:
        poller.register(fd, select.POLLIN)
    if source.fileno() >= 0:
        poller.register(source.fileno(), select.POLLIN)
    else:
        timeout_s = POLL_EVERY_S if timeout_s is None else min(timeout_s, POLL_EVERY_S)
    poller.poll(None if timeout_s is None else max(0.0, timeout_s) * 1000)


def _entries(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    try:
        for entry in os.scandir(folder):
            stat = entry.stat(follow_symlinks=False)
            found[entry.name] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    except FileNotFoundError:
        pass  # The folder, or an entry between listing and looking, is gone.
    return found
