"""What stands above the tabs of a run and beside them: the same on each of its pages."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app

from blueprints._shared import current, run_words
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page
from blueprints._shared.run_words import SourceWords
from lib import clock
from models.run import Run
from models.run_state import WORKING
from models.vcs import VcsRun
from services import tiers
from services.access import Action, can
from services.runs import phases, reading
from services.runs.phases import Phase
from services.runs.reading import Overview
from services.vcs import reports

# The last tenth of a run's time is told of.
_LAST_PART = 10
# A browser looks a little later than the server will say so.
_MARGIN_S = 0.5
Tab = tuple[str, str, bool, int | str | None]


@dataclass(frozen=True)
class Frame:
    """What runs/_frame.html reads."""

    view: Overview
    tab: str
    url: str
    title: str
    source: SourceWords
    trigger: str
    confirm_label: str
    effect: str
    strip: tuple[Phase, ...]
    seconds: float
    is_cancelling: bool
    note: str
    told: VcsRun | None
    may_settle: bool

    @property
    def run(self) -> Run:
        """The run."""
        return self.view.run

    @property
    def isolation_promise(self) -> str:
        """What the run is kept from; "" while nobody knows where it will be at work."""
        return tiers.promise(self.run.isolation)

    @property
    def is_working(self) -> bool:
        """Whether a worker is at it."""
        return self.run.state in WORKING

    @property
    def log_kept_until(self) -> dt.datetime | None:
        """When the log of a run that has ended will expire; None when it has, or nobody knows."""
        run = self.run
        if run.finished_at is None or run.log_expired_at is not None:
            return None
        days = current_app.extensions["gantry_settings"].log_retention_days
        return run.finished_at + dt.timedelta(days=days)

    @property
    def has_blocked(self) -> bool:
        """Whether the run is the reason why its deployment is blocked."""
        place = self.view.deployment
        return place.blocked_at is not None and place.blocked_run_id == self.run.id

    @property
    def ends_at(self) -> dt.datetime | None:
        """When a run at work reaches its longest duration, if it goes on like this."""
        if not self.is_working or self.is_cancelling:
            return None
        return clock.now() + dt.timedelta(seconds=self._left_s)

    @property
    def is_near_limit(self) -> bool:
        """Whether somebody should know by now that the run will be stopped for its duration."""
        return self.ends_at is not None and self._left_s <= self._warning_s

    @property
    def look_in_s(self) -> float | None:
        """After how many seconds the page says something else, by the clock alone."""
        if self.is_cancelling and self.view.force_at is not None:
            left_s = (self.view.force_at - clock.now()).total_seconds()
        else:
            left_s = self._left_s - self._warning_s if self.ends_at is not None else -1.0
        return round(left_s + _MARGIN_S, 1) if left_s > 0 else None

    @property
    def _left_s(self) -> float:
        return max(0.0, self.run.max_duration_s - self.seconds)

    @property
    def _warning_s(self) -> float:
        return self.run.max_duration_s / _LAST_PART

    @property
    def home(self) -> str:
        """The page of the deployment."""
        run = self.run
        return (
            f"/projects/{run.project_name}/stacks/{run.stack_name}/workspaces/{run.workspace_name}"
        )


def require_run(run_id: str) -> Run:
    """The run that the URL names, if whoever asks may see it.

    Raises:
        NotFound: otherwise.
    """
    return reading.get(current.actor(), run_id)


def frame(run: Run, tab: str) -> Frame:
    """The frame of one of the run's pages."""
    view = reading.overview(current.actor(), run)
    return Frame(
        view=view,
        tab=tab,
        url=f"/runs/{run.id}",
        title=run_words.title(run),
        source=run_words.source(run),
        trigger=run_words.trigger(run),
        confirm_label=run_words.confirm_label(run),
        effect=run_words.effect(run, view.deployment),
        strip=tuple(phases.strip(view.phases)),
        seconds=sum(phase.seconds for phase in view.phases if phase.state in WORKING),
        is_cancelling=run.cancel_requested_at is not None and run.state in WORKING,
        note=run_words.NOTES.get(run.state, ""),
        told=reports.shown_of(run),
        may_settle=can(current.actor(), Action.SETTLE, view.deployment),
    )


def run_page(template: str, context: Any, *, status: int = 200) -> Response:
    """A whole page of a run; `context` has its frame as `frame`."""
    return page(template, context, crumbs=_crumbs(context.frame), status=status)


def _crumbs(built: Frame) -> tuple[Crumb, ...]:
    run = built.run
    project = f"/projects/{run.project_name}"
    return (
        Crumb("Projects", "/projects"),
        Crumb(run.project_name, project),
        Crumb(run.stack_name, f"{project}/stacks/{run.stack_name}"),
        Crumb(run.workspace_name, built.home),
        Crumb(f"#{run.number}", built.url),
    )
