"""The side index of a log: where the log was at what time, and how many lines it had.

The file is a row of 32-byte records, four little-endian unsigned 64-bit numbers each: the offset
in the log, the line ends before that offset, the time in microseconds since 1970 at which the byte
at the offset was written, and the bytes that are missing just before the offset (else 0). It only
helps: a reader without it counts from the beginning.
"""

import struct
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import NamedTuple

RECORD = struct.Struct("<QQQQ")
EVERY_BYTES = 64 * 1024
EVERY_US = 1_000_000


class Record(NamedTuple):
    """One place in the log."""

    offset: int
    lines: int
    time_us: int
    missing: int = 0

    def pack(self) -> bytes:
        """The record as it stands in the file."""
        return RECORD.pack(*self)


def index_path(log_path: Path) -> Path:
    """Where the index of the log at `log_path` is."""
    return log_path.with_name(log_path.name + ".idx")


class Index:
    """The records of one moment, up to a size of the log in bytes."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        count = len(data) // RECORD.size
        # After a crash of the machine the index may know more than the log kept.
        self._count = bisect_right(range(count), size, key=lambda at: self[at].offset)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: int) -> Record:
        return Record(*RECORD.unpack_from(self._data, at * RECORD.size))

    def at_offset(self, offset: int) -> Record:
        """The last record at or before `offset`; the log's beginning when there is none."""
        return self._before(
            bisect_right(range(self._count), offset, key=lambda at: self[at].offset)
        )

    def before_line(self, line_ends: int) -> Record:
        """The last record before the line end number `line_ends`, counted from one."""
        return self._before(
            bisect_left(range(self._count), line_ends, key=lambda at: self[at].lines)
        )

    def gaps_from(self, offset: int) -> list[Record]:
        """The records at or after `offset` that tell of missing bytes."""
        first = bisect_left(range(self._count), offset, key=lambda at: self[at].offset)
        return [record for at in range(first, self._count) if (record := self[at]).missing]

    def _before(self, at: int) -> Record:
        return self[at - 1] if at else Record(0, 0, 0)
