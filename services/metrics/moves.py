"""Counting the moves of runs: into which states, how long they stayed, how much they said."""

import datetime as dt
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from models import run_statistics
from models.run_state import FINAL, RunState
from services.transaction import session

MOST_AT_ONCE = 1_000
BATCHES = 10
SECONDS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600)


class MoveCounts:
    """Counters and histograms of what runs went through, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._moves = Counter(
            "gantry_run_moves",
            "Moves of runs into a state.",
            ["state", "type"],
            registry=registry,
        )
        self._phases = Histogram(
            "gantry_run_phase_seconds",
            "How long runs were in a state that they have left.",
            ["state", "type"],
            buckets=SECONDS,
            registry=registry,
        )
        self._waits = Histogram(
            "gantry_run_waiting_seconds",
            "From the making of a run to the beginning of its work.",
            ["type"],
            buckets=SECONDS,
            registry=registry,
        )
        self._log_bytes = Counter(
            "gantry_run_log_bytes",
            "Bytes in the logs of runs that have ended.",
            registry=registry,
        )

    def count(self, place: int, until: dt.datetime) -> int:
        """Count the moves after a number, up to an instant and a bound. Returns the new number."""
        for _ in range(BATCHES):
            rows = session().execute(run_statistics.moves_after(place, until, MOST_AT_ONCE)).all()
            for row in rows:
                self._one(row)
                place = row.id
            if len(rows) < MOST_AT_ONCE:
                break
        return place

    def _one(self, row: Any) -> None:
        run_type = row.type.value
        self._moves.labels(row.state.value, run_type).inc()
        if row.left is not None:
            self._phases.labels(row.left.value, run_type).observe(row.duration_ms / 1000)
        if row.state is RunState.PREPARING and row.epoch <= 1:
            self._waits.labels(run_type).observe(
                max(0.0, (row.at - row.created_at).total_seconds())
            )
        if row.state in FINAL:
            self._log_bytes.inc(row.log_bytes)
