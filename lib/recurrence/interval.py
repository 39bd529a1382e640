"""Every so many minutes, hours, days, weeks or months, counted from a first time.

Minutes and hours are counted as time that passes. Days, weeks and months keep the time of day of
the first time, on the wall clock of the zone. Months keep its day: where a month is too short, its
last day stands in (the 31st gives 30 April, then 31 May; 29 February gives 28 February).
"""

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lib.recurrence.wall import local, settle
from lib.recurrence.window import Window

UNITS = ("minutes", "hours", "days", "weeks", "months")
MOST = {"minutes": 525_600, "hours": 8_760, "days": 3_660, "weeks": 520, "months": 120}
HORIZON = 20_000
"""So many steps are looked at, before a time in the window is given up."""
_SECONDS = {"minutes": 60, "hours": 3600}
_SHORT = {
    "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months",
}  # fmt: skip
_LAST_YEAR = 9990


@dataclass(frozen=True)
class Every:
    """Every `number` of `unit` (one of `UNITS`)."""

    number: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Every":
        """Read “15 minutes”, “every 2 hours”, “day”, “1w”.

        Raises:
            ValueError: with a sentence.
        """
        found = re.fullmatch(r"(?:every\s+)?(\d{1,7})?\s*([a-z]+)", text.strip().lower())
        word = found[2] if found else ""
        unit = _SHORT.get(word) or (word if word in UNITS else f"{word}s")
        if not found or unit not in UNITS:
            raise ValueError("Say a number and a unit, such as 15 minutes, 1 day or 3 months.")
        number = int(found[1] or 1)
        if not 1 <= number <= MOST[unit]:
            raise ValueError(f"Say a number of {unit} from 1 to {MOST[unit]:,}.")
        return cls(number, unit)

    @property
    def text(self) -> str:
        """As `parse` reads it: “15 minutes”, “1 day”."""
        return f"{self.number} {self.unit if self.number > 1 else self.unit[:-1]}"

    def explain(self) -> str:
        """The interval in English."""
        return f"Every {self.unit[:-1]}" if self.number == 1 else f"Every {self.text}"

    def times(
        self, first: dt.datetime, after: dt.datetime, zone: dt.tzinfo, window: Window | None = None
    ) -> Iterator[dt.datetime]:
        """The instants after `after`, in order; `first` is the one from which they are counted."""
        # Arithmetic on a time with a zone would be done on its wall clock.
        first, after = first.astimezone(dt.UTC), after.astimezone(dt.UTC)
        if self.unit in _SECONDS:
            return self._passing(first, after, zone, window)
        return self._on_the_calendar(first, after, zone, window)

    def _passing(
        self, first: dt.datetime, after: dt.datetime, zone: dt.tzinfo, window: Window | None
    ) -> Iterator[dt.datetime]:
        step = dt.timedelta(seconds=_SECONDS[self.unit] * self.number)
        count = max(0, (after - first) // step + 1)
        misses = 0
        while misses < HORIZON:
            instant = first + count * step
            if instant.year > _LAST_YEAR:
                return
            wall = local(instant, zone)
            if window is None or window.has(wall):
                yield instant
                misses = 0
                count += 1
                continue
            opening = window.opening_after(wall)
            if opening is None:
                return
            count = max(count + 1, -((first - settle(opening, zone)) // step))
            misses += 1

    def _on_the_calendar(
        self, first: dt.datetime, after: dt.datetime, zone: dt.tzinfo, window: Window | None
    ) -> Iterator[dt.datetime]:
        wall = local(first, zone)
        if window is not None and not window.has_time(wall.time()):
            return
        count = max(0, self._steps(wall, local(after, zone)) - 1)
        for misses in range(count, count + HORIZON):
            planned = self._step(wall, misses)
            if planned.year > _LAST_YEAR:
                return
            if window is None or window.has(planned):
                instant = settle(planned, zone)
                if instant > after and instant >= first:
                    yield instant

    def _steps(self, start: dt.datetime, end: dt.datetime) -> int:
        if self.unit == "months":
            months = (end.year - start.year) * 12 + end.month - start.month
            return months // self.number
        return (end.date() - start.date()).days // (
            self.number * (7 if self.unit == "weeks" else 1)
        )

    def _step(self, start: dt.datetime, count: int) -> dt.datetime:
        if self.unit != "months":
            days = count * self.number * (7 if self.unit == "weeks" else 1)
            return start + dt.timedelta(days=days)
        months = start.year * 12 + start.month - 1 + count * self.number
        year, month = months // 12, months % 12 + 1
        day = min(start.day, calendar.monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day)
