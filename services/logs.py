"""Reading a run's log: a page of lines, the end, what comes after an offset, a text.

Everything here is bounded, so that a million lines cost what a page costs. Where logs are kept is
behind `LogStore`; the folder of the data directory is the one there is.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lib import ansi, clock
from lib.log_file import LogReader, Match, Page
from models.run import Run
from services.house import house

PAGE_LINES = 500
TAIL_LINES = 200
SEARCH_LIMIT = 200
GROWTH_LIMIT_BYTES = 128 * 1024
_COLOURS_FROM_BYTES = 4096
_BLOCK_BYTES = 64 * 1024
_EXCERPT_BYTES = 2048


class Reading(Protocol):
    """An open log. Lines count from one, offsets from zero; see `lib.log_file.LogReader`."""

    @property
    def exists(self) -> bool: ...  # noqa: D102 - as in LogReader
    @property
    def size(self) -> int: ...  # noqa: D102 - said by the class
    @property
    def line_count(self) -> int: ...  # noqa: D102 - said by the class
    def read(self, offset: int, limit: int) -> bytes: ...  # noqa: D102 - said by the class
    def line_at(self, offset: int) -> int: ...  # noqa: D102 - said by the class
    def offset_of(self, line: int) -> int: ...  # noqa: D102 - said by the class
    def page(self, first_line: int, count: int) -> Page: ...  # noqa: D102 - said by the class
    def search(  # noqa: D102 - said by the class
        self, text: str, from_line: int = 1, limit: int = 100
    ) -> list[Match]: ...


class LogStore(Protocol):
    """Where logs are kept."""

    def open(self, run_id: str) -> AbstractContextManager[Reading]:
        """Open a run's log, which may not be there (yet, or any more)."""

    def path(self, run_id: str) -> Path | None:
        """The file that grows while the log is written, or None when there is none to watch."""


class FolderStore:
    """Logs in the data directory, plain while they grow, compressed afterwards."""

    def open(self, run_id: str) -> AbstractContextManager[Reading]:
        """Open a run's log."""
        return LogReader(house().log_path(run_id))

    def path(self, run_id: str) -> Path | None:
        """The plain file of a run's log."""
        return house().log_path(run_id)


_store: LogStore = FolderStore()


def use_store(store: LogStore) -> None:
    """Keep logs elsewhere from now on."""
    global _store  # noqa: PLW0603 - one store per process
    _store = store


def store() -> LogStore:
    """Where logs are kept."""
    return _store


@dataclass(frozen=True)
class LogLine:
    """One line, ready for a page: `html` is escaped, with classes for its colours."""

    number: int
    offset: int
    html: str
    at: dt.datetime | None = None


@dataclass(frozen=True)
class LogPage:
    """Some lines in a row of a log that has `line_count` of them by now."""

    lines: Sequence[LogLine]
    next_offset: int
    size: int
    line_count: int
    is_expired: bool = False

    @property
    def first(self) -> int:
        """The number of the first line, or 1."""
        return self.lines[0].number if self.lines else 1

    @property
    def last(self) -> int:
        """The number of the last line, or 0."""
        return self.lines[-1].number if self.lines else 0

    @property
    def has_earlier(self) -> bool:
        """Whether there are lines before these."""
        return self.first > 1

    @property
    def has_later(self) -> bool:
        """Whether there are lines after these by now."""
        return self.last < self.line_count


@dataclass(frozen=True)
class Found:
    """The lines that hold a text; `cut_short` when there are more than were looked for."""

    text: str
    lines: Sequence[LogLine] = field(default_factory=tuple)
    cut_short: bool = False


def page(run: Run, first_line: int, count: int = PAGE_LINES) -> LogPage:
    """`count` lines from `first_line` on."""
    with _store.open(run.id) as log:
        return _page(run, log, max(1, first_line), count)


def tail(run: Run, count: int = TAIL_LINES, *, start: int = 0, end: int | None = None) -> LogPage:
    """The last `count` lines of the log, or of its bytes from `start` to `end`."""
    with _store.open(run.id) as log:
        stop = log.size if end is None else min(end, log.size)
        first, last = _lines_between(log, start, stop)
        if last < first:
            return _nothing(run, log)
        return _page(run, log, max(first, last - count + 1), min(count, last - first + 1))


def after(run: Run, offset: int) -> LogPage:
    """The whole lines that came after `offset`; a last one without its end once the run is over.

    At most GROWTH_LIMIT_BYTES are looked at: a client asks again from `next_offset`.
    """
    with _store.open(run.id) as log:
        offset = max(0, min(offset, log.size))
        data = log.read(offset, GROWTH_LIMIT_BYTES)
        is_end = offset + len(data) >= log.size
        if not (run.is_over and is_end):
            data = data[: data.rfind(b"\n") + 1] or (b"" if is_end else data)
        if not data:
            return LogPage((), offset, log.size, log.line_count, is_expired(run))
        first, count = log.line_at(offset), data.count(b"\n") + (not data.endswith(b"\n"))
        if log.offset_of(first) < offset:
            # A huge line came in pieces; its beginning has been shown, and that is what is shown.
            first, count = first + 1, count - 1
        lines = _lines(log, first, count) if count else []
        return LogPage(lines, offset + len(data), log.size, log.line_count)


def search(run: Run, text: str, limit: int = SEARCH_LIMIT) -> Found:
    """The lines of the whole log that hold `text`, ASCII letters in any case."""
    if not text.strip():
        return Found(text)
    with _store.open(run.id) as log:
        matches = log.search(text, limit=limit + 1)
        lines = [_line_around(log, match) for match in matches[:limit]]
        return Found(text, lines, cut_short=len(matches) > limit)


def line_at(run: Run, offset: int) -> int:
    """The number of the line to which the byte at `offset` belongs."""
    with _store.open(run.id) as log:
        return log.line_at(offset)


def first_lines(run: Run, texts: Sequence[str]) -> Mapping[str, int]:
    """The line in which each of the texts first stands; one that stands nowhere is left out."""
    found: dict[str, int] = {}
    with _store.open(run.id) as log:
        for text in texts:
            needle = text.split("\n", 1)[0].strip()
            matches = log.search(needle, limit=1) if needle else []
            if matches:
                found[text] = matches[0].line
    return found


def raw(run: Run, offset: int = 0, limit: int | None = None) -> Iterator[bytes]:
    """The bytes from `offset` on that are there at this moment, in blocks."""
    with _store.open(run.id) as log:
        end = log.size if limit is None else min(log.size, offset + limit)
        while offset < end and (block := log.read(offset, min(_BLOCK_BYTES, end - offset))):
            offset += len(block)
            yield block


def size(run: Run) -> int:
    """How many bytes the log has by now."""
    with _store.open(run.id) as log:
        return log.size


def quiet_s(run: Run, *, since: dt.datetime) -> float:
    """For how many seconds nothing has been printed, counted from `since` at the earliest."""
    path = _store.path(run.id)
    try:
        printed_s = path.stat().st_mtime if path is not None else 0.0
    except FileNotFoundError:
        printed_s = 0.0
    return clock.now().timestamp() - max(printed_s, since.timestamp())


def is_expired(run: Run) -> bool:
    """Whether the log was there once and has been removed since."""
    return run.log_expired_at is not None


def _lines_between(log: Reading, start: int, stop: int) -> tuple[int, int]:
    """The first and the last line that begin within these bytes; 1 and 0 when there is none."""
    if stop <= start:
        return 1, 0
    first = log.line_at(start)
    if log.offset_of(first) < start:
        first += 1  # It began before: it is shown there.
    return first, log.line_at(stop - 1)


def _nothing(run: Run, log: Reading) -> LogPage:
    return LogPage((), log.size, log.size, log.line_count, is_expired(run))


def _page(run: Run, log: Reading, first_line: int, count: int) -> LogPage:
    lines = _lines(log, first_line, count)
    end = log.offset_of(lines[-1].number + 1) if lines else log.size
    return LogPage(lines, end, log.size, log.line_count, is_expired(run))


def _lines(log: Reading, first_line: int, count: int) -> list[LogLine]:
    found = log.page(first_line, count).lines
    if not found:
        return []
    htmls, _ = ansi.lines_to_html([line.text for line in found], _colours_at(log, found[0].offset))
    return [
        LogLine(line.number, line.offset, html, line.at)
        for line, html in zip(found, htmls, strict=True)
    ]


def _line_around(log: Reading, match: Match) -> LogLine:
    """The line of a match, from near its beginning on: so that many matches are cheap to show."""
    start = max(0, match.offset - _EXCERPT_BYTES)
    before = log.read(start, match.offset - start)
    begin = start + before.rfind(b"\n") + 1
    line = log.read(begin, 2 * _EXCERPT_BYTES).split(b"\n", 1)[0]
    htmls, _ = ansi.lines_to_html([line])
    return LogLine(match.line, begin, htmls[0])


def _colours_at(log: Reading, offset: int) -> str:
    """The colours that hold at a line's start: programs that leave one open did so not long ago."""
    start = max(0, offset - _COLOURS_FROM_BYTES)
    return ansi.state_after(log.read(start, offset - start))
