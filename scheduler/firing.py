"""Firing schedules: a bounded pass over those whose time has come, longest due first.

APScheduler is the clock that calls it, in the process that leads; the rows say what is to happen.
A few schedules are settled in each transaction: as many as keep it short, since on SQLite whoever
else writes waits for its end.
"""

import datetime as dt
from collections.abc import Sequence

import structlog

from lib import clock
from scheduler.execution.site import Site
from services import hold, schedules
from services.errors import GantryError, Unavailable

log = structlog.get_logger(__name__)

PASS_S = 10.0
"""How long a pass goes on. What is left is first in the next one, a second later."""

BREAK = dt.timedelta(seconds=30)
"""So long without a look, and nobody was watching."""

HELD_S = 0.15
"""How long one transaction should last: as many schedules are settled in it as that takes."""

LEAST_TOGETHER, MOST_TOGETHER = 10, 100
"""So many schedules are settled in one transaction at least, and at most.

One that takes long mostly waits, on PostgreSQL for others who make runs in the same project: with
fewer in each there would be more of them, that is, more waiting.
"""


class Watch:
    """Since when this process looks at the schedules without a break.

    A time that came while somebody watched is late at the worst, however much there was to do; what
    came while nobody did (the portal was down, asleep, on hold, or led by nobody) may be missed.
    """

    def __init__(self) -> None:
        self._since = self._last = dt.datetime.min.replace(tzinfo=dt.UTC)

    def look(self) -> dt.datetime:
        """Look, now; since when that has been done all along."""
        now = clock.now()
        if not dt.timedelta() <= now - self._last <= BREAK:
            self._since = now
        self._last = now
        return self._since


_watch = Watch()


class Pace:
    """How many schedules the next transaction settles, by how long the last ones took.

    After a fault in one of several each is settled by itself, until those several are over.
    """

    def __init__(self) -> None:
        self._size = LEAST_TOGETHER
        self._alone = 0

    @property
    def size(self) -> int:
        """So many at most."""
        return 1 if self._alone else self._size

    def settled(self, count: int, took_s: float) -> None:
        """So many were settled, in so many seconds."""
        if self._alone:
            self._alone = max(0, self._alone - count)
            return
        if count < self._size and took_s < HELD_S:
            return  # The last few of many say little of how many would fit.
        fitting = int(HELD_S * count / max(took_s, 0.001))
        # A short one says little of a long one: at most twice as many as were just measured.
        self._size = max(LEAST_TOGETHER, min(fitting, 2 * count, MOST_TOGETHER))

    def stumbled(self, count: int) -> None:
        """Of so many, one cannot be settled."""
        self._alone = count


_pace = Pace()


def fire(site: Site) -> None:
    """Settle the schedules whose time has come, a few in each transaction."""
    with site.unit():
        if hold.is_on():
            return
    since = _watch.look()
    deadline = clock.monotonic() + PASS_S
    last: schedules.Key | None = None
    while True:
        with site.unit():
            keys = schedules.due(last)
        if not keys:
            return
        while keys:
            if clock.monotonic() > deadline or site.closing.is_set():
                return
            count = _settle(site, [each for _, each in keys[: _pace.size]], since)
            if count:
                last, keys = keys[count - 1], keys[count:]
            _watch.look()


def _settle(site: Site, ids: Sequence[str], since: dt.datetime) -> int:
    """Settle schedules together. With how many of them, from the first on, this pass is done."""
    try:
        with site.unit():
            done = schedules.settle(ids, watched_since=since)
    except Exception as error:  # noqa: BLE001 - a fault in one schedule keeps no other from firing
        return _after(error, ids)
    _pace.settled(done.count, done.held_s)
    return done.count


def _after(error: Exception, ids: Sequence[str]) -> int:
    """Say what went wrong; with how many of them the pass is done: none, when one is at fault."""
    if isinstance(error, Unavailable):
        log.warning("schedules wait for the next pass", ids=ids, reason=error.text)
        return len(ids)
    if len(ids) > 1:
        log.warning("schedules are settled one by one", count=len(ids), reason=repr(error))
        _pace.stumbled(len(ids))
        return 0
    if isinstance(error, GantryError):
        log.warning("a schedule waits for the next pass", id=ids[0], reason=error.text)
    else:
        log.error("a schedule could not be settled", id=ids[0], exc_info=error)
    _pace.settled(1, HELD_S)
    return 1
