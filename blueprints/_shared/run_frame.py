"""What stands above the tabs of a run and beside them: the same on each of its pages."""

from dataclasses import dataclass
from typing import Any

from flask import Response

from blueprints._shared import current, run_words
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page
from blueprints._shared.run_words import SourceWords
from models.run import Run
from models.run_state import WORKING
from models.vcs import VcsRun
from services import tiers
from services.runs import phases, reading
from services.runs.phases import Phase
from services.runs.reading import Overview
from services.vcs import reports

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
