"""Reading a log: by offset, by page of lines, from the end, by text; while it grows or long after.

Lines are numbered from one, offsets from zero. A last line without its end counts as a line.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from lib.log_file.frames import Frames, compressed_path
from lib.log_file.index import Index, index_path

LINE_LIMIT_BYTES = 16 * 1024
_BLOCK_BYTES = 256 * 1024


class Line(NamedTuple):
    """One line. `text` is without its end and holds at most LINE_LIMIT_BYTES of `length` bytes."""

    number: int
    offset: int
    text: bytes
    length: int
    at: datetime


class Match(NamedTuple):
    """The first place of a line at which a text was found."""

    line: int
    offset: int


@dataclass(frozen=True)
class Page:
    """Some lines in a row; `next_offset` is where the bytes after them begin."""

    lines: list[Line]
    next_offset: int


class _Source(Protocol):
    fd: int

    @property
    def size(self) -> int: ...

    def read(self, offset: int, limit: int) -> bytes: ...


class _PlainFile:
    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    @property
    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def read(self, offset: int, limit: int) -> bytes:
        return os.pread(self.fd, limit, offset)


class LogReader:
    """Reads the log at `path`, plain or compressed. A log that is not there reads as empty.

    A reader keeps what it has opened: to see a log that came to be later, open another.
    """

    def __init__(self, path: Path) -> None:
        self._index_path = index_path(path)
        self._source = _open(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._source:
            os.close(self._source.fd)
            self._source = None

    @property
    def exists(self) -> bool:
        """Whether there is a log (not yet written, expired and deleted ones are none)."""
        return self._source is not None

    @property
    def size(self) -> int:
        """The bytes of the log by now."""
        return self._source.size if self._source else 0

    @property
    def line_count(self) -> int:
        """The lines of the log by now."""
        size = self.size
        if not size:
            return 0
        return self._line_at(self._index(), size) - (self.read(size - 1, 1) == b"\n")

    def read(self, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset` on; fewer only at the end."""
        return self._source.read(offset, limit) if self._source else b""

    def line_at(self, offset: int) -> int:
        """The number of the line to which the byte at `offset` belongs."""
        return self._line_at(self._index(), min(offset, self.size))

    def offset_of(self, line: int) -> int:
        """Where the line number `line` begins; the end of the log when it has no such line."""
        return self._offset_of(self._index(), line)

    def time_of(self, line: int) -> datetime:
        """When the line number `line` was written, to the second."""
        index = self._index()
        return _time(index, self._offset_of(index, line))

    def page(self, first_line: int, count: int) -> Page:
        """`count` lines from number `first_line` on, or as many as there are."""
        index, size, number = self._index(), self.size, max(1, first_line)
        offset, lines = self._offset_of(index, number), list[Line]()
        while len(lines) < count and offset < size:
            block = self.read(offset, min(_BLOCK_BYTES, size - offset))
            ended = block.split(b"\n", count - len(lines))
            rest = ended.pop()
            if not ended:  # One line larger than a block, or the last one, which has no end yet.
                end = self._offset_of(index, number + 1)
                has_end = self.read(end - 1, 1) == b"\n"
                length = end - offset - has_end
                at = _time(index, offset)
                lines.append(Line(number, offset, rest[:LINE_LIMIT_BYTES][:length], length, at))
                offset, number = end, number + 1
            for text in ended:
                at = _time(index, offset)
                lines.append(Line(number, offset, text[:LINE_LIMIT_BYTES], len(text), at))
                offset, number = offset + len(text) + 1, number + 1
        return Page(lines, offset)

    def tail(self, count: int) -> Page:
        """The last `count` lines."""
        return self.page(max(1, self.line_count - count + 1), count)

    def search(self, text: str, from_line: int = 1, limit: int = 100) -> list[Match]:
        """The first `limit` lines from `from_line` on with `text` in them, ASCII in any case."""
        needle, found = text.encode().lower(), list[Match]()
        number, size = max(1, from_line), self.size
        offset = self.offset_of(number)
        while needle and offset < size and len(found) < limit:
            block = self.read(offset, min(4 * _BLOCK_BYTES, size - offset)).lower()
            _find_lines(block, needle, Match(number, offset), found)
            # What the block's end may have cut is looked at again: a line, or in a huge one a word.
            step = block.rfind(b"\n") + 1 or max(1, len(block) - len(needle) + 1)
            if offset + len(block) == size:
                step = len(block)
            number += block.count(b"\n", 0, step)
            offset += step
        return found[:limit]

    def _line_at(self, index: Index, offset: int) -> int:
        place = index.at_offset(offset)
        line, position = place.lines + 1, place.offset
        while position < offset and (
            block := self.read(position, min(_BLOCK_BYTES, offset - position))
        ):
            line += block.count(b"\n")
            position += len(block)
        return line

    def _offset_of(self, index: Index, line: int) -> int:
        if line <= 1:
            return 0
        place = index.before_line(line - 1)
        offset, missing_ends = place.offset, line - 1 - place.lines
        while block := self.read(offset, _BLOCK_BYTES):
            ends = block.count(b"\n")
            if ends >= missing_ends:
                rest = block.split(b"\n", missing_ends)[-1]
                return offset + len(block) - len(rest)
            missing_ends -= ends
            offset += len(block)
        return offset

    def _index(self) -> Index:
        try:
            return Index(self._index_path.read_bytes(), self.size)
        except FileNotFoundError:
            return Index(b"", self.size)


def _open(path: Path) -> _Source | None:
    # The plain form first: compressing puts the packed one in place before it removes the plain.
    for open_form, form_path in ((_PlainFile, path), (Frames, compressed_path(path))):
        try:
            return open_form(form_path)
        except FileNotFoundError:
            continue
    return None


def _find_lines(block: bytes, needle: bytes, start: Match, found: list[Match]) -> None:
    """Append to `found` the first match of each line of `block`, which begins at `start`."""
    number, counted, at = start.line, 0, block.find(needle)
    while at >= 0:
        number += block.count(b"\n", counted, at)
        counted = at
        if not found or found[-1].line < number:
            found.append(Match(number, start.offset + at))
        line_end = block.find(b"\n", at)
        at = block.find(needle, line_end) if line_end >= 0 else -1


def _time(index: Index, offset: int) -> datetime:
    return datetime.fromtimestamp(index.at_offset(offset).time_us / 1_000_000, UTC)
