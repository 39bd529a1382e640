"""Appending to a log. One writer at a time, held by a lock that dies with its process."""

import fcntl
import os
from pathlib import Path
from typing import Self

from lib import clock
from lib.log_file.index import EVERY_BYTES, EVERY_US, RECORD, Index, Record, index_path

_MODE = 0o600


def gap_notice(missing: int) -> bytes:
    """The line that stands where `missing` bytes could not be written."""
    return b"\n[gantry: %d bytes of the log are missing here, it could not be written]\n" % missing


class LogWriter:
    """Appends exactly the bytes it is given, and never raises for a full disk.

    Bytes that cannot be written are counted; when writing works again a line says how many are
    missing. Opening waits for another writer to close or die, and creates folders as needed.

    Raises:
        OSError: when the log cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.missing_bytes = 0
        self._pending_gap = 0
        self._fd = _open_append(path)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        self._index_fd = os.open(index_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        self.size = os.fstat(self._fd).st_size
        index = self._index()
        # Records of bytes that the log has lost are overwritten.
        self._index_size = len(index) * RECORD.size
        self._last = index[len(index) - 1] if len(index) else None
        self._lines = self._count_lines()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Append `data`, or count as missing what of it cannot be written."""
        if self._pending_gap and not self._tell_gap():
            self._lose(len(data))
            return
        self._note_places(data)
        self._lose(len(data) - self._append(data))

    def accounted_since(self, offset: int) -> int:
        """How many of the bytes given since the log had `offset` are in it or told as missing."""
        gaps = self._index().gaps_from(offset)
        told = sum(gap.missing - len(gap_notice(gap.missing)) for gap in gaps)
        return self.size - offset + told

    def close(self) -> None:
        """Release the log; a gap that is still open is told first, if that works by now."""
        if self._fd < 0:
            return
        if self._pending_gap:
            self._tell_gap()
        os.close(self._index_fd)
        os.close(self._fd)
        self._fd = -1

    def _append(self, data: bytes) -> int:
        """Write as much of `data` as goes; return how many bytes that was."""
        view, written = memoryview(data), 0
        try:
            while written < len(data):
                written += os.write(self._fd, view[written:])
        except OSError:
            pass  # Disk full, quota, size limit: the run goes on, and the log will say so.
        self.size += written
        self._lines += data.count(b"\n", 0, written)
        return written

    def _lose(self, missing: int) -> None:
        self.missing_bytes += missing
        self._pending_gap += missing

    def _tell_gap(self) -> bool:
        """Write the line about the open gap; False, with nothing changed, when it does not go."""
        place = Record(self.size, self._lines, _now_us(), self._pending_gap)
        notice = gap_notice(self._pending_gap)
        if self._append(notice) == len(notice) and self._append_index([place]):
            self._pending_gap = 0
            return True
        os.ftruncate(self._fd, place.offset)
        self.size, self._lines = place.offset, place.lines
        return False

    def _note_places(self, data: bytes) -> None:
        """Add to the index what it needs to know of `data`, which is about to be appended."""
        now_us, records, lines = _now_us(), [], self._lines
        for at in range(0, len(data), EVERY_BYTES):
            offset = self.size + at
            if self._is_due(offset, now_us):
                self._last = Record(offset, lines, now_us)
                records.append(self._last)
            lines += data.count(b"\n", at, at + EVERY_BYTES)
        if records:
            self._append_index(records)

    def _is_due(self, offset: int, now_us: int) -> bool:
        last = self._last
        return (
            last is None
            or offset - last.offset >= EVERY_BYTES
            or abs(now_us - last.time_us) >= EVERY_US
        )

    def _append_index(self, records: list[Record]) -> bool:
        """Add `records`; False when that fails. Half a record is overwritten by the next."""
        data = b"".join(record.pack() for record in records)
        try:
            if os.pwrite(self._index_fd, data, self._index_size) < len(data):
                return False
        except OSError:
            return False
        self._index_size += len(data)
        return True

    def _index(self) -> Index:
        size = os.fstat(self._index_fd).st_size
        return Index(os.pread(self._index_fd, size, 0) if size else b"", self.size)

    def _count_lines(self) -> int:
        """The line ends of the whole log, counted from the last place the index knows."""
        offset, lines = (self._last.offset, self._last.lines) if self._last else (0, 0)
        while offset < self.size and (block := os.pread(self._fd, 1 << 16, offset)):
            lines += block.count(b"\n")
            offset += len(block)
        return lines


def _open_append(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, _MODE)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, _MODE)


def _now_us() -> int:
    return int(clock.now().timestamp() * 1_000_000)
