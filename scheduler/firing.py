"""Firing schedules: a bounded pass over those whose time has come, longest due first.

APScheduler is the clock that calls it, in the process that leads; the rows say what is to happen.
"""

import structlog

from lib import clock
from scheduler.execution.site import Site
from services import schedules
from services.errors import GantryError

log = structlog.get_logger(__name__)

PASS_S = 5.0
"""How long a pass goes on. What is left is first in the next one, a second later."""

BREATH_S = 0.001
"""A pause after each: on SQLite there is one writer, and people's requests are writers too."""


def fire(site: Site) -> None:
    """Settle the schedules whose time has come, each in a transaction of its own."""
    deadline = clock.monotonic() + PASS_S
    last: schedules.Key | None = None
    while True:
        with site.unit():
            batch = schedules.due(last)
        for last in batch:
            if clock.monotonic() > deadline or site.closing.wait(BREATH_S):
                return
            _settle(site, last[1])
        if not batch:
            return


def _settle(site: Site, schedule_id: str) -> None:
    try:
        with site.unit():
            schedules.settle(schedule_id)
    except GantryError as error:
        log.warning("a schedule waits for the next pass", id=schedule_id, reason=error.text)
    except Exception:
        log.exception("a schedule could not be settled", id=schedule_id)
