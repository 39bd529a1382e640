"""Cron lines as cron(5) has them: cronsim reads the line, the calendar is walked here.

Sunday is 0 and 7. When both the day of the month and the weekday are restricted, either will do.
`L` is the last day of a month, `5#2` the second Friday, `5L` the last one.

A line with a fixed hour and minute means a time of day: it comes once on every day it names, in
the autumn at the first of two, in the spring right after the gap. A line with `*` in hour or
minute means a rhythm: it follows the clock through both hours of the autumn. This is what Debian's
cron does. cronsim's own walk counts whole hours, and loses its way where a zone shifts by half of
one (Lord Howe).
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cronsim import CronSim, CronSimError

from lib.recurrence.wall import instants, local, settle
from lib.recurrence.window import Window

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
HORIZON_YEARS = 45
"""A day that has not come in so many years (29 February on a Monday takes 40) does not come."""
_LAST_YEAR = 9990
_ORDINAL = re.compile(r"\b(2[123]|31)th\b")
_ENDINGS = {"1": "st", "2": "nd", "3": "rd"}
_EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_PARTS = (
    ("minute", "minute", "0 to 59"),
    ("hour", "hour", "0 to 23"),
    ("day-of-month", "day of the month", "1 to 31, or L for the last"),
    ("month", "month", "1 to 12 or JAN to DEC"),
    ("day-of-week", "weekday", "0 to 7 (Sunday is 0 and 7) or SUN to SAT"),
)


@dataclass(frozen=True)
class Cron:
    """A cron line of five fields; build it with `parse`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """The line, with its spaces in order.

        Raises:
            ValueError: with a sentence about the field that cannot be read.
        """
        line = " ".join(text.split())
        if line.startswith("@"):
            if line.lower() not in ALIASES:
                raise ValueError(f"Of these words there are {', '.join(ALIASES)}.")
            line = line.lower()
        elif len(line.split()) != 5:
            raise ValueError(
                "A cron line has five fields: minute, hour, day of the month, month, weekday."
            )
        try:
            _sim(line)
        except CronSimError as error:
            raise ValueError(_sentence(str(error))) from None
        return cls(line)

    @property
    def is_rhythm(self) -> bool:
        """Whether the line follows the clock, rather than naming times of day."""
        minute, hour = _expand(self.text).split()[:2]
        return minute.startswith("*") or hour.startswith("*")

    @property
    def skips_months(self) -> bool:
        """Whether it names a day that some months lack, and no other."""
        days = {day for day in _sim(self.text).days if day > 0}
        return bool(days) and min(days) > 28

    def explain(self) -> str:
        """The line in English, as cronsim says it."""
        said: str = _sim(self.text).explain()
        return _ORDINAL.sub(lambda found: found[1] + _ENDINGS[found[1][-1]], said)

    def times(
        self, after: dt.datetime, zone: dt.tzinfo, window: Window | None = None
    ) -> Iterator[dt.datetime]:
        """The instants after this one, in order; within the window, if there is one."""
        sim = _sim(self.text)
        clock = [
            dt.time(hour, minute)
            for hour in sorted(sim.hours)
            for minute in sorted(sim.minutes)
            if window is None or window.has_time(dt.time(hour, minute))
        ]
        if not clock:
            return
        last = after
        for day in _days(sim, local(after, zone).date()):
            walls = [dt.datetime.combine(day, at) for at in clock]
            for instant in self._on(walls, zone, window):
                if instant > last:
                    yield instant
                    last = instant

    def _on(
        self, walls: list[dt.datetime], zone: dt.tzinfo, window: Window | None
    ) -> list[dt.datetime]:
        wanted = [wall for wall in walls if window is None or window.has(wall)]
        if self.is_rhythm:
            return sorted(instant for wall in wanted for instant in instants(wall, zone))
        return sorted(settle(wall, zone) for wall in wanted)


def _days(sim: CronSim, first: dt.date) -> Iterator[dt.date]:
    """The days the line names, from the day before `first` on."""
    day = first - dt.timedelta(days=1)
    last_year = min(first.year + HORIZON_YEARS, _LAST_YEAR)
    while day.year <= last_year:
        if day.month not in sim.months:
            day = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
            continue
        if sim.match_day(day):
            yield day
        day += dt.timedelta(days=1)


def _expand(line: str) -> str:
    return ALIASES.get(line, line)


def _sim(line: str) -> CronSim:
    return CronSim(_expand(line), _EPOCH)


def _sentence(error: str) -> str:
    for theirs, ours, range_ in _PARTS:
        if theirs in error:
            return f"The {ours} cannot be read. It is {range_}, with * , - and /."
    return "The cron line cannot be read."
