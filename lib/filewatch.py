"""Waiting for files to change without asking again and again: inotify, or polling where there is none.

`DirectoryWatch` is for one thread that waits for one folder (a supervisor); `FileWatch` is for many
files that other threads add and remove while one thread waits (the portal's log hub).
"""

import ctypes
import os
import select
import threading
from collections import Counter
from pathlib import Path
from typing import Protocol, Self

try:
    import inotify_simple
except (ImportError, OSError):  # Not Linux.
    _has_inotify = False
else:
    # Its own way to find the C library starts a compiler and a linker; the process has it loaded.
    inotify_simple._libc = ctypes.CDLL(None, use_errno=True)  # noqa: SLF001 - as said above.
    _has_inotify = hasattr(inotify_simple._libc, "inotify_init1")  # noqa: SLF001

POLL_EVERY_S = 0.1
EVERYTHING = "*"

# From linux/inotify.h: written to, moved here; and the queue has overflowed.
_CHANGES = 0x2 | 0x80
_OVERFLOW = 0x4000


class _Source(Protocol):
    """Something that knows which entries of some folders have changed."""

    def fileno(self) -> int: ...
    def add(self, folder: Path) -> None: ...
    def remove(self, folder: Path) -> None: ...
    def changed(self) -> set[tuple[Path, str]]: ...
    def close(self) -> None: ...


class _Inotify:
    def __init__(self) -> None:
        self._inotify = inotify_simple.INotify(nonblocking=True)
        self._folders: dict[int, Path] = {}

    def fileno(self) -> int:
        return int(self._inotify.fileno())

    def add(self, folder: Path) -> None:
        self._folders[self._inotify.add_watch(folder, _CHANGES)] = folder

    def remove(self, folder: Path) -> None:
        for number in [n for n, path in self._folders.items() if path == folder]:
            del self._folders[number]
            try:
                self._inotify.rm_watch(number)
            except OSError:
                pass  # The folder itself is gone, and its watch with it.

    def changed(self) -> set[tuple[Path, str]]:
        events = list(self._inotify.read(timeout=0))
        folders = dict(self._folders)
        if any(event.mask & _OVERFLOW for event in events):
            return {(folder, EVERYTHING) for folder in folders.values()}
        return {(folders[e.wd], e.name) for e in events if e.wd in folders and e.name}

    def close(self) -> None:
        self._inotify.close()


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
        try:
            os.write(self._wake_write, b"!")
        except BlockingIOError:
            pass  # So many are waiting to be seen already.

    def wait(self, timeout_s: float | None = None) -> set[Path]:
        """Wait for a change, a `wake` or `timeout_s`; return the watched files that changed."""
        _wait(self._source, timeout_s, (self._wake_read,))
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass
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
