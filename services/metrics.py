"""Numbers for Prometheus, asked of the database only when they are scraped."""

from collections.abc import Iterator
from typing import Any

from models import run_statistics
from models.run_state import RunState
from services.transaction import session


class Collector:
    """Gauges of this instance, as prometheus-client collects them."""

    def collect(self) -> Iterator[Any]:
        """Runs that have not ended, by state."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - for scrapes only

        runs = GaugeMetricFamily("gantry_runs", "Runs that have not ended.", labels=["state"])
        rows = session().execute(run_statistics.unfinished_by_state()).all()
        found = {row[0]: row[1] for row in rows}
        for state in run_statistics.UNFINISHED:
            runs.add_metric([RunState(state).value], found.get(state, 0))
        yield runs


def text() -> bytes:
    """Everything, in Prometheus' text form."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - as above

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return bytes(generate_latest(registry))
