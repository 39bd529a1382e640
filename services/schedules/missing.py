"""What becomes of planned times that went by: which are made up for, and which are missed. Pure.

Late within `IN_TIME` is on time: a leader that changes or a busy minute loses nothing.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from models.schedule import Missed

IN_TIME = dt.timedelta(minutes=5)
MOST_MADE_UP = 100
"""So many times are made up for at most; those before them are missed, whatever the policy."""


@dataclass(frozen=True)
class Policy:
    """What a schedule says about times that went by."""

    missed: Missed
    max_delay: dt.timedelta | None = None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a planned time: it fires, or is missed for a reason."""

    scheduled_for: dt.datetime
    reason: str = ""

    @property
    def fires(self) -> bool:
        """Whether a run is to be made."""
        return not self.reason


def judge(due: Sequence[dt.datetime], now: dt.datetime, policy: Policy) -> list[Verdict]:
    """A verdict for each of the times, which are all that are due, oldest first.

    Of several at once the newest alone counts as on time, unless all are made up for.
    """
    return [
        Verdict(planned, _reason(now - planned, len(due) - place, policy))
        for place, planned in enumerate(due)
    ]


def _reason(late: dt.timedelta, rank: int, policy: Policy) -> str:
    """Why a time is missed, or ''. `rank` is 1 for the newest of those that are due."""
    most = policy.max_delay
    if most is not None and late > most:
        return f"{_words(late)} late: more than the longest delay, {_words(most)}."
    is_newest = rank == 1
    is_made, why = {
        Missed.NONE: (is_newest and late <= IN_TIME, _AWAY.format(_words(late))),
        Missed.ONE: (is_newest, "Made up for by the newest of the times that were missed."),
        Missed.ALL: (rank <= MOST_MADE_UP, _TOO_MANY),
    }[policy.missed]
    return "" if is_made else why


_AWAY = "Gantry was not at work then; it came {} late."
_TOO_MANY = f"More than {MOST_MADE_UP} times were missed, and this is one of the older ones."


def _words(length: dt.timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return f"{int(length.total_seconds())} s"
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
