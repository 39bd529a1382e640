"""Requests, counted and timed by endpoint; and a line in the log for those that matter."""

import threading
from typing import Any

import structlog
from flask import Flask, Response, g, request

from lib import clock

log = structlog.get_logger("gantry.web")

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "LOCK", "UNLOCK"})
SLOW_S = 2.0
_EXTENSION = "gantry_meter"
_guard = threading.Lock()


class Meter:
    """What one process has answered so far."""

    def __init__(self) -> None:
        from prometheus_client import (  # noqa: PLC0415 - at the first request, not at the start
            CollectorRegistry,
            Counter,
            Histogram,
        )

        self.registry = CollectorRegistry(auto_describe=False)
        self._answers = Counter(
            "gantry_http_requests",
            "Requests that were answered.",
            ["endpoint", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "gantry_http_request_seconds",
            "From a request to the beginning of its answer.",
            ["endpoint", "method"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def note(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._answers.labels(endpoint, method, status).inc()
        self._seconds.labels(endpoint, method).observe(seconds)

    def text(self) -> bytes:
        """The counts, in Prometheus' text form."""
        from prometheus_client import generate_latest  # noqa: PLC0415 - as above

        return bytes(generate_latest(self.registry))


def install(app: Flask) -> None:
    """Time every request of the app, from before everything else to after it."""
    app.before_request(_begin)
    app.after_request(_end)


def meter_of(app: Any) -> Meter:
    """The meter of an app, made when it is first asked for."""
    with _guard:
        found: Meter = app.extensions.get(_EXTENSION) or app.extensions.setdefault(
            _EXTENSION, Meter()
        )
        return found


def _begin() -> None:
    g.meter_began = clock.monotonic()


def _end(response: Response) -> Response:
    from flask import current_app  # noqa: PLC0415 - a proxy, only good within a request

    seconds = max(0.0, clock.monotonic() - g.get("meter_began", clock.monotonic()))
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "OTHER"
    meter_of(current_app).note(endpoint, method, response.status_code, seconds)
    _say(response, endpoint, seconds)
    return response


def _say(response: Response, endpoint: str, seconds: float) -> None:
    """Changes, refusals and what was slow are told; what only looks, at the level debug."""
    is_change = request.method not in {"GET", "HEAD", "OPTIONS"}
    level = "debug"
    if is_change or response.status_code >= 400 or seconds >= SLOW_S:
        level = "info"
    if response.status_code >= 500:
        level = "warning"
    # The query stays out: people put things into it that no log should have.
    facts: dict[str, Any] = {"method": request.method, "path": request.path, "endpoint": endpoint}
    facts |= {"status": response.status_code, "ms": round(seconds * 1000, 1)}
    getattr(log, level)("request", **facts)
