"""The first page: what needs a person, what runs, how it went."""

from dataclasses import dataclass

from flask import Blueprint, Response, jsonify

from blueprints._shared import current
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page_or_fragment
from services import dashboard
from services.dashboard import Dashboard

blueprint = Blueprint("dashboard", __name__)

OUTCOMES = [
    ("finished", "Finished"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
    ("running", "At work"),
    ("waiting", "Waiting"),
]


@dataclass(frozen=True)
class DashboardPage:
    """What dashboard/show.html and dashboard/_now.html read; the rest is for the chart macros."""

    found: Dashboard
    outcomes: list[tuple[str, str]]
    days: list[tuple[str, dict[str, int]]]
    labels: list[str]
    waiting: list[tuple[str, str, list[float | None]]]
    running: list[tuple[str, str, list[float | None]]]
    drift: list[tuple[str, dict[str, int]]]


@blueprint.get("/")
def show() -> Response:
    """The dashboard; its live part alone for who asks for a fragment."""
    found = dashboard.show(current.actor())
    shown = _page(found)
    crumbs = [Crumb("Dashboard")]
    return page_or_fragment("dashboard/show.html", "dashboard/_now.html", shown, crumbs=crumbs)


@blueprint.get("/counts")
def counts() -> Response:
    """What the sidebar counts, for pages that stay open."""
    response = jsonify(dashboard.counts(current.actor()))
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(found: Dashboard) -> DashboardPage:
    labels = [f"{day.on:%-d %b}" for day in found.days]
    has_drift = any(any(day.drift.values()) for day in found.days)
    return DashboardPage(
        found=found,
        outcomes=OUTCOMES,
        days=[(label, day.outcomes) for label, day in zip(labels, found.days, strict=True)],
        labels=labels,
        waiting=[
            ("a", "Half waited less", [day.waiting_p50_s for day in found.days]),
            ("b", "95 % waited less", [day.waiting_p95_s for day in found.days]),
        ],
        running=[
            ("a", "Half took less", [day.running_p50_s for day in found.days]),
            ("b", "95 % took less", [day.running_p95_s for day in found.days]),
        ],
        drift=[
            (label, {"waiting": day.drift["found"], "finished": day.drift["none"]})
            for label, day in zip(labels, found.days, strict=True)
            if has_drift
        ],
    )
