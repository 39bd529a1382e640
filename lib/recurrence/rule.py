"""When something happens: a cron line, an interval or one date, from a start to an end."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from lib.recurrence.cron import Cron
from lib.recurrence.interval import Every
from lib.recurrence.window import Window

_TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Once:
    """One instant."""

    at: dt.datetime

    def explain(self) -> str:
        """In English."""
        return "Once"


@dataclass(frozen=True)
class Rule:
    """The whole of it. `first` is where intervals are counted from.

    Nothing happens before `start` or after `end`; the window is of the wall clock in `zone`, and
    a single date passes it.
    """

    what: Cron | Every | Once
    zone: dt.tzinfo
    first: dt.datetime
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    window: Window | None = None

    def after(self, instant: dt.datetime) -> Iterator[dt.datetime]:
        """The instants after this one, in order."""
        if self.start is not None:
            instant = max(instant, self.start - _TICK)
        for planned in self._times(instant):
            if self.end is not None and planned > self.end:
                return
            yield planned

    def next(self, instant: dt.datetime) -> dt.datetime | None:
        """The first instant after this one, or None."""
        return next(self.after(instant), None)

    def explain(self) -> str:
        """What it says, in English."""
        return self.what.explain()

    def _times(self, after: dt.datetime) -> Iterator[dt.datetime]:
        match self.what:
            case Cron():
                yield from self.what.times(after, self.zone, self.window)
            case Every():
                yield from self.what.times(self.first, after, self.zone, self.window)
            case Once(at):
                if at > after:
                    yield at
