"""What time it is: the one reader of the wall clock and of the monotonic clock.

Tests stand still with `frozen`, which replaces the source that `now` and `monotonic` read, so no
code under test is patched and none has to be handed a clock.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Source(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed point, never going back."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed point, never going back."""
        return time.monotonic()


class FrozenClock:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("A clock is set to an aware time; this one has no time zone.")
        self._now = at.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """The instant at which the clock stands, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds by which the clock has been advanced since it was frozen."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks.

        Raises:
            ValueError: when `seconds` is negative, because time does not run back.
        """
        if seconds < 0:
            raise ValueError("Time does not run back.")
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


_source: Source = SystemClock()


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _source.now()


def monotonic() -> float:
    """Seconds since some fixed point, never going back: for durations and deadlines."""
    return _source.monotonic()


def source() -> Source:
    """What tells the time now; another one while a test has replaced it."""
    return _source


@contextmanager
def replaced(by: Source) -> Iterator[None]:
    """Let every reader of this process ask `by` until the block ends."""
    global _source  # noqa: PLW0603 - the one place that replaces the source, and puts it back.
    before, _source = _source, by
    try:
        yield
    finally:
        _source = before


@contextmanager
def frozen(at: datetime) -> Iterator[FrozenClock]:
    """Stop every clock of this process at `at` until the block ends, and hand out the clock."""
    clock = FrozenClock(at)
    with replaced(clock):
        yield clock
