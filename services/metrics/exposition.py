"""What is scraped: gauges read afresh, counters and histograms counted from the moves of runs.

A scrape asks a dozen bounded questions, whatever the number of runs; the answer is kept for a few
seconds, so that many scrapers cost no more than one. Of the database every portal process says
the same; counters begin with the process, as Prometheus expects of them.
"""

import datetime as dt
import threading
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from lib import clock
from lib.version import VERSION
from models import run_statistics
from services.errors import GantryError
from services.metrics import gauges
from services.metrics.moves import MoveCounts
from services.transaction import session

log = structlog.get_logger(__name__)

KEPT_S = 5.0
SETTLED = dt.timedelta(seconds=2)
"""Moves younger than this may still have older ones, by number, coming in beside them."""


class Exposition:
    """The metrics of one process. Use from any thread."""

    def __init__(self, *, kept_s: float = KEPT_S, settled: dt.timedelta = SETTLED) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._kept_s, self._settled = kept_s, settled
        self._lock = threading.Lock()
        self._kept: tuple[float, bytes] | None = None
        self._place: int | None = None
        self._moves = MoveCounts(self.registry)
        self._gauges = {
            name: Gauge(name, said, labels, registry=self.registry)
            for name, (said, labels, _) in gauges.TABLE.items()
        }
        self._answers = Gauge(
            "gantry_database_up", "Whether the database answered.", registry=self.registry
        )
        build = Gauge("gantry_build_info", "The version.", ["version"], registry=self.registry)
        build.labels(VERSION).set(1)
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Everything, in Prometheus' text form."""
        with self._lock:
            now = clock.monotonic()
            if self._kept is None or not 0 <= now - self._kept[0] < self._kept_s:
                self._read()
                self._kept = (now, bytes(generate_latest(self.registry)))
            return self._kept[1]

    def _read(self) -> None:
        """Ask anew. Without a database the old gauges go, and the process's own numbers stay."""
        for gauge in self._gauges.values():
            gauge.clear()
        reading = gauges.Reading()
        try:
            for name, (_, labels, read) in gauges.TABLE.items():
                self._set(self._gauges[name], labels, read(reading))
            self._count()
        except (SQLAlchemyError, GantryError) as error:
            session().rollback()
            log.warning("the database gave no numbers", reason=type(error).__name__)
            self._answers.set(0)
        else:
            self._answers.set(1)

    @staticmethod
    def _set(gauge: Gauge, labels: tuple[str, ...], found: gauges.Found) -> None:
        for values, number in found.items():
            target: Any = gauge.labels(*values) if labels else gauge
            target.set(number)

    def _count(self) -> None:
        """Count what has moved since the last time; nothing of before the first."""
        if self._place is None:
            self._place = session().scalar(run_statistics.newest_move()) or 0
            return
        self._place = self._moves.count(self._place, clock.now() - self._settled)
