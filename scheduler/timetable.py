"""Every periodic job of the portal, in one table. Jobs run in the one process that leads."""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from scheduler import dispatcher, firing, upkeep
from scheduler.execution.site import Site
from services import emails, leases, outbox, runs, schedules, ttl, workers
from services import upkeep as rows
from services.errors import GantryError
from services.vcs import deliveries

log = structlog.get_logger(__name__)

LEASE = dt.timedelta(seconds=15)
KEEP_LEASE_EVERY_S = 5
THREADS = 4
"""One more than there are jobs that may take long at the same time, so that the lease is kept."""


@dataclass(frozen=True)
class Job:
    """Something done every so often, if this process leads."""

    name: str
    every_s: int
    do: Callable[[Site], object]


JOBS = (
    Job("fire schedules", 1, firing.fire),
    Job("dispatch", 5, lambda _site: dispatcher.look_again()),
    Job("warn of times to live", 60, lambda _site: ttl.warn()),
    Job("expire plans", 30, lambda _site: runs.expire_plans()),
    Job("remove directories of ended runs", 300, upkeep.remove_directories),
    Job("forget what is over", 3600, lambda _site: rows.forget()),
    Job("forget delivered messages", 3600, lambda _site: outbox.forget()),
    Job("forget old ledgers", 3600, lambda _site: schedules.forget()),
    Job("forget received mail", 3600, lambda _site: emails.forget()),
    Job("forget old deliveries", 3600, lambda _site: deliveries.forget()),
    Job("forget old workers", 3600, lambda _site: workers.forget_old()),
    Job("remove logs that are too old", 3600, upkeep.remove_old_logs),
)


class Timetable:
    """Starts APScheduler with the table above; its jobs do nothing while another process leads.

    `owner` is the name under which it holds the lease, `leads` whether it did at the last look.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.owner = secrets.token_hex(8)
        self.leads = False
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Try to lead, and begin."""
        self.keep_lease()
        self._scheduler.add_job(
            self.keep_lease, "interval", seconds=KEEP_LEASE_EVERY_S, id="keep lease"
        )
        for job in JOBS:
            self._scheduler.add_job(
                self.do, "interval", seconds=job.every_s, id=job.name, args=[job]
            )
        self._scheduler.start()

    def stop(self) -> None:
        """End, and let another process lead at once."""
        self._scheduler.shutdown(wait=True)
        if self.leads:
            with self._site.unit():
                leases.give_up("timetable", self.owner)

    @property
    def is_running(self) -> bool:
        """Whether the clockwork runs (it may lead or not)."""
        return bool(self._scheduler.running)

    def keep_lease(self) -> None:
        """Take the lease or prolong it, if nobody else has it."""
        try:
            with self._site.unit():
                self.leads = leases.hold("timetable", self.owner, LEASE)
        except GantryError as error:
            self.leads = False
            log.warning("the timetable could not keep its lease", reason=error.text)

    def do(self, job: Job) -> None:
        """Do a job, if this one leads. A refusal is logged, and the next time comes."""
        if not self.leads:
            return
        try:
            with self._site.unit():
                job.do(self._site)
        except GantryError as error:
            log.warning("a periodic job could not be done", job=job.name, reason=error.text)
