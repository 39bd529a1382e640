"""What becomes of planned times that went by: which are made up for, and which are missed. Pure.

What counts is how long nobody looked, and up to `IN_TIME` of that is nothing: neither a leader that
changes nor one that has more to do than it can loses a time.
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


@dataclass(frozen=True)
class Look:
    """A look at the clock: when it is, and since when somebody looks without a break."""

    now: dt.datetime
    since: dt.datetime


def judge(due: Sequence[dt.datetime], look: Look, policy: Policy) -> list[Verdict]:
    """A verdict for each of the times, which are all that are due, oldest first.

    Of several at once the newest alone counts as on time, unless all are made up for.
    """
    return [
        Verdict(planned, _reason(planned, look, len(due) - place, policy))
        for place, planned in enumerate(due)
    ]


def _reason(planned: dt.datetime, look: Look, rank: int, policy: Policy) -> str:
    """Why a time is missed, or ''. `rank` is 1 for the newest of those that are due."""
    most, late = policy.max_delay, look.now - planned
    if most is not None and late > most:
        return f"{_words(late)} late: more than the longest delay, {_words(most)}."
    is_newest, was_away = rank == 1, look.since - planned > IN_TIME
    why_none = _AWAY.format(_words(late)) if was_away else _BEHIND
    is_made, why = {
        Missed.NONE: (is_newest and not was_away, why_none),
        Missed.ONE: (is_newest, "Made up for by the newest of the times that were missed."),
        Missed.ALL: (rank <= MOST_MADE_UP, _TOO_MANY),
    }[policy.missed]
    return "" if is_made else why


_AWAY = "Gantry was not at work then; it came {} late."
_BEHIND = "Gantry had much to do, and a newer planned time had come before it got to this one."
_TOO_MANY = f"More than {MOST_MADE_UP} times were missed, and this is one of the older ones."


def _words(length: dt.timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return f"{int(length.total_seconds())} s"
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
