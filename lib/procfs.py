"""Processes as Linux shows them under /proc: who is who, who is alive, who belongs to a step.

A process id alone names nobody, because it is given out again. Together with the start time
(field 22 of `/proc/PID/stat`, in clock ticks since boot) it names one process for good.
"""

import ctypes
import os
import signal
from typing import NamedTuple

_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


class Identity(NamedTuple):
    """One process for good: its id, and its start time in clock ticks since boot."""

    pid: int
    start_ticks: int

    @property
    def is_alive(self) -> bool:
        """Whether this very process runs (a zombie does not)."""
        return _stat(self.pid) == (self.start_ticks, True)

    def pidfd(self) -> int | None:
        """A descriptor that becomes readable when the process ends, or None when it has ended."""
        try:
            fd = os.pidfd_open(self.pid)
        except OSError:
            return None
        if self.is_alive:
            return fd
        os.close(fd)
        return None

    def send(self, signal_number: int) -> bool:
        """Signal this very process and no later one with its id; False when it has ended."""
        fd = self.pidfd()
        if fd is None:
            return False
        try:
            signal.pidfd_send_signal(fd, signal_number)
        except ProcessLookupError:
            return False
        finally:
            os.close(fd)
        return True

    def send_group(self, signal_number: int) -> bool:
        """Signal the process group this process leads; False when the process has ended."""
        if not self.is_alive:
            return False
        try:
            os.killpg(self.pid, signal_number)
        except ProcessLookupError:
            return False
        return True


def identify(pid: int) -> Identity:
    """The identity of the process that has the id `pid` now; its start is 0 when there is none."""
    stat = _stat(pid)
    return Identity(pid, stat[0] if stat else 0)


def marked(marker: bytes) -> list[Identity]:
    """Every process whose first environment holds the entry `marker` (`NAME=value`)."""
    numbers = (name for name in os.listdir("/proc") if name.isdigit())
    return [identify(int(n)) for n in numbers if marker in _environment(n).split(b"\0")]


def children(of: int | None = None) -> list[int]:
    """The ids of a process's children (of this one's), adopted ones included, zombies too."""
    pid = os.getpid() if of is None else of
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return [int(n) for n in os.listdir("/proc") if n.isdigit() and _parent(n) == pid]


def command_line(pid: int) -> bytes:
    """The arguments of a process, each ended by a zero byte; b"" when it has none, or is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def hide() -> None:
    """Let no other process of the same user look into this one: its environment, its memory."""
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies (PR_SET_CHILD_SUBREAPER).

    Raises:
        OSError: when the kernel refuses.
    """
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) was refused")


def set_name(name: str) -> None:
    """Show this process as `name` in ps and top (at most 15 bytes)."""
    _libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def _stat_fields(pid: int | str) -> list[bytes]:
    """The fields of /proc/PID/stat from the third (state) on, or [] when there is no process."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        # The second field, the name, may hold spaces and brackets: count from its end.
        return os.read(fd, 4096).rpartition(b") ")[2].split()
    except OSError:
        return []
    finally:
        os.close(fd)


def _stat(pid: int) -> tuple[int, bool] | None:
    fields = _stat_fields(pid)
    return (int(fields[19]), fields[0] not in (b"Z", b"X")) if fields else None


def _parent(pid: str) -> int | None:
    fields = _stat_fields(pid)
    return int(fields[1]) if fields else None


def _environment(pid: str) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""
