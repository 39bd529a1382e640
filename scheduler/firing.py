"""Firing schedules: a bounded pass over those whose time has come, longest due first.

APScheduler is the clock that calls it, in the process that leads; the rows say what is to happen.
"""

import datetime as dt

import structlog

from lib import clock
from scheduler.execution.site import Site
from services import hold, schedules
from services.errors import GantryError

log = structlog.get_logger(__name__)

PASS_S = 5.0
"""How long a pass goes on. What is left is first in the next one, a second later."""

BREAK = dt.timedelta(seconds=30)
"""So long without a look, and nobody was watching."""

BREATH_S = 0.001
"""A pause after each: on SQLite there is one writer, and people's requests are writers too."""


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


def fire(site: Site) -> None:
    """Settle the schedules whose time has come, each in a transaction of its own."""
    with site.unit():
        if hold.is_on():
            return
    since = _watch.look()
    deadline = clock.monotonic() + PASS_S
    last: schedules.Key | None = None
    while True:
        with site.unit():
            batch = schedules.due(last)
        for last in batch:
            if clock.monotonic() > deadline or site.closing.wait(BREATH_S):
                return
            _settle(site, last[1], since)
            _watch.look()
        if not batch:
            return


def _settle(site: Site, schedule_id: str, since: dt.datetime) -> None:
    try:
        with site.unit():
            schedules.settle(schedule_id, watched_since=since)
    except GantryError as error:
        log.warning("a schedule waits for the next pass", id=schedule_id, reason=error.text)
    except Exception:
        log.exception("a schedule could not be settled", id=schedule_id)
