"""Every periodic job of the portal, in one table. Jobs run in the one process that leads."""

import datetime as dt
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from lib import clock
from scheduler import dispatcher, firing, upkeep
from scheduler.execution.site import Site
from services import emails, leases, outbox, runs, schedules, ttl, workers
from services import upkeep as rows
from services.errors import GantryError
from services.vcs import deliveries

log = structlog.get_logger(__name__)

LEASE = dt.timedelta(seconds=15)
KEEP_LEASE, KEEP_LEASE_EVERY_S = "keep lease", 5
THREADS = 4
"""One more than there are jobs that may take long at the same time, so that the lease is kept."""
LONG_S = 60.0
"""A job that is at it for so long is told of; a shorter one only leaves out times of its own."""


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


class Overtime:
    """Whether jobs are at it for too long when their next time comes.

    A pass over much that is due may last longer than the second until the next: that one is left
    out, and the pass after goes on. APScheduler warns of it each time; what deserves a warning is a
    job that does not come back.
    """

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._told: set[str] = set()

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """While a job is at it."""
        began = self._began[name] = clock.monotonic()
        try:
            yield
        finally:
            self._began.pop(name, None)
            if name in self._told:
                self._told.discard(name)
                took_s = round(clock.monotonic() - began)
                log.warning("a periodic job has come back", job=name, took_s=took_s)

    def left_out(self, name: str) -> None:
        """A time of the job came while it was at it: say so, once, if that lasts."""
        began = self._began.get(name)
        if began is None or name in self._told or clock.monotonic() - began < LONG_S:
            return
        self._told.add(name)
        since_s = round(clock.monotonic() - began)
        log.warning("a periodic job does not come back", job=name, since_s=since_s)


def _is_news(line: logging.LogRecord) -> bool:
    """Whether APScheduler says something that `Overtime` does not."""
    return "maximum number of running instances reached" not in str(line.msg)


class Timetable:
    """Starts APScheduler with the table above; its jobs do nothing while another process leads.

    `owner` is the name under which it holds the lease, `leads` whether it did at the last look.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.owner = secrets.token_hex(8)
        self.leads = False
        self._overtime = Overtime()
        logging.getLogger("apscheduler.scheduler").addFilter(_is_news)
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Try to lead, and begin."""
        self.keep_lease()
        self._scheduler.add_listener(self._leave_out, EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_job(
            self.keep_lease, "interval", seconds=KEEP_LEASE_EVERY_S, id=KEEP_LEASE
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
            with self._overtime.at(KEEP_LEASE), self._site.unit():
                self.leads = leases.hold("timetable", self.owner, LEASE)
        except GantryError as error:
            self.leads = False
            log.warning("the timetable could not keep its lease", reason=error.text)

    def do(self, job: Job) -> None:
        """Do a job, if this one leads. A refusal is logged, and the next time comes."""
        if not self.leads:
            return
        try:
            with self._overtime.at(job.name), self._site.unit():
                job.do(self._site)
        except GantryError as error:
            log.warning("a periodic job could not be done", job=job.name, reason=error.text)

    def _leave_out(self, event: JobSubmissionEvent) -> None:
        self._overtime.left_out(event.job_id)
