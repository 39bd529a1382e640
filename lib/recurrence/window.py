"""Active hours: the part of the week in which something may happen."""

import datetime as dt
from dataclasses import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True)
class Window:
    """Hours from `opens` to before `closes`, on these weekdays (Monday is 0).

    Hours that pass midnight belong to the day on which they begin. The same time twice is the
    whole day.
    """

    opens: dt.time = dt.time()
    closes: dt.time = dt.time()
    days: frozenset[int] = EVERY_DAY

    def has_time(self, at: dt.time) -> bool:
        """Whether this time of day is within the hours, whatever the day."""
        if self.opens == self.closes:
            return True
        if self.opens < self.closes:
            return self.opens <= at < self.closes
        return at >= self.opens or at < self.closes

    def has(self, wall: dt.datetime) -> bool:
        """Whether this is within the hours of one of the days."""
        if not self.has_time(wall.time()):
            return False
        began_yesterday = self.opens > self.closes and wall.time() < self.closes
        return (wall - dt.timedelta(days=began_yesterday)).weekday() in self.days

    def opening_after(self, wall: dt.datetime) -> dt.datetime | None:
        """The next time the hours begin, or None if they never do."""
        for ahead in range(9):
            opening = dt.datetime.combine(wall.date() + dt.timedelta(days=ahead), self.opens)
            if opening > wall and opening.weekday() in self.days:
                return opening
        return None
