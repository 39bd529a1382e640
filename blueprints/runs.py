"""The page of a run: its tabs, and the fragments that keep them fresh."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current
from blueprints._shared.respond import fragment
from blueprints._shared.run_frame import Frame, frame, require_run, run_page
from lib import clock
from models.run_content import RunOutput, RunVariable
from models.run_history import RunComment
from models.run_state import WORKING, RunType
from services import logs
from services.comparison import Comparison, compare
from services.logs import LogPage
from services.runs import change_pages, reading
from services.runs.change_pages import Heads
from services.runs.phases import END_OF_LOG, Phase
from services.runs.reading import Complaint

blueprint = Blueprint("run", __name__, url_prefix="/runs/<string(length=20):run_id>")
TABS = frozenset({"history", "changes", "variables", "outputs", "result", "log"})


@dataclass(frozen=True)
class Moment:
    """An entry of the history: a phase, with the end of its log if that is open, or a comment."""

    phase: Phase | None = None
    comment: RunComment | None = None
    log: LogPage | None = None


@dataclass(frozen=True)
class History:
    """What runs/show.html and runs/_history.html read."""

    frame: Frame
    moments: Sequence[Moment]
    complaints: Sequence[Complaint]
    silence: "Silence | None" = None


@dataclass(frozen=True)
class Silence:
    """For how long a run at work has printed nothing, and after how long that is worth saying."""

    seconds: float
    since: dt.datetime
    notice_s: int

    @property
    def is_long(self) -> bool:
        """Whether a reader should know."""
        return self.seconds > self.notice_s

    @property
    def look_in_s(self) -> float:
        """After how many seconds it will be long, if nothing is printed till then."""
        return round(self.notice_s - self.seconds + 0.5, 1)


@dataclass(frozen=True)
class Framed:
    """What a fragment of the frame reads."""

    frame: Frame


@dataclass(frozen=True)
class Variables:
    """What runs/variables.html reads."""

    frame: Frame
    variables: Sequence[RunVariable]
    sees_values: bool


@dataclass(frozen=True)
class Outputs:
    """What runs/outputs.html reads."""

    frame: Frame
    outputs: Sequence[RunOutput]
    planned: Sequence[tuple[Mapping[str, Any], Comparison]]


@dataclass(frozen=True)
class Result:
    """What runs/result.html reads."""

    frame: Frame
    document: Mapping[str, Any] | None
    heads: Heads
    complaints: Sequence[Complaint]


@blueprint.get("")
def show(run_id: str) -> Response:
    """The run, at its history."""
    return run_page("runs/show.html", _history(run_id))


@blueprint.get("/summary")
def summary(run_id: str) -> Response:
    """What stands above the tabs."""
    tab = request.args.get("tab", "history")
    return fragment(
        "runs/_summary.html", Framed(frame(require_run(run_id), tab if tab in TABS else ""))
    )


@blueprint.get("/facts")
def facts(run_id: str) -> Response:
    """The column of facts."""
    return fragment("runs/_facts.html", Framed(frame(require_run(run_id), "")))


@blueprint.get("/dialogs")
def dialogs(run_id: str) -> Response:
    """The questions behind the buttons."""
    return fragment("runs/_dialogs.html", Framed(frame(require_run(run_id), "")))


@blueprint.get("/history")
def history(run_id: str) -> Response:
    """The history, newest first."""
    return fragment("runs/_history.html", _history(run_id))


@blueprint.get("/variables")
def variables(run_id: str) -> Response:
    """The effective variables: names for viewers, plain values for deployers."""
    run = require_run(run_id)
    sees_values = reading.sees_values(current.actor(), run)
    context = Variables(frame(run, "variables"), reading.variables(run), sees_values)
    return run_page("runs/variables.html", context)


@blueprint.get("/outputs")
def outputs(run_id: str) -> Response:
    """The outputs, and what the plan says of them."""
    run = require_run(run_id)
    document = change_pages.document(run) or {}
    planned = [(record, compare(record)) for record in document.get("outputs") or []]
    return run_page(
        "runs/outputs.html", Outputs(frame(run, "outputs"), reading.outputs(run), planned)
    )


@blueprint.get("/result")
def result(run_id: str) -> Response:
    """What came of the run."""
    run = require_run(run_id)
    shown = change_pages.heads(run, limit=20) if run.type is RunType.PREVIEW else Heads((), None)
    context = Result(
        frame(run, "result"), change_pages.document(run), shown, reading.complaints(run)
    )
    return run_page("runs/result.html", context)


def _history(run_id: str) -> History:
    run = require_run(run_id)
    built = frame(run, "history")
    phases = list(reversed(built.view.phases))
    newest = next((phase for phase in phases if phase.has_log), None)
    moments = [Moment(phase=phase, log=_end_of_log(built, phase, newest)) for phase in phases]
    comments = [Moment(comment=comment) for comment in reading.comments(run)]
    merged = sorted(moments + comments, key=_when, reverse=True)
    return History(built, merged, reading.complaints(run), _silence(built))


def _when(moment: Moment) -> tuple[Any, int]:
    # Of two states at the same instant the later row is the newer one.
    if moment.phase is not None:
        return moment.phase.since, moment.phase.row.id
    assert moment.comment is not None  # noqa: S101 - it is one of the two
    return moment.comment.at, 0


def _end_of_log(built: Frame, phase: Phase, newest: Phase | None) -> LogPage | None:
    """The end of the log of the phase that stands open; others load when they are opened."""
    if phase is not newest or logs.is_expired(built.run):
        return None
    end = None if phase.log_end in {None, END_OF_LOG} else phase.log_end
    return logs.tail(built.run, start=phase.log_start or 0, end=end)


def _silence(built: Frame) -> Silence | None:
    """How long a run at work has printed nothing; None of a run that is not at work."""
    current_phase = built.view.phases[-1] if built.view.phases else None
    if current_phase is None or current_phase.state not in WORKING:
        return None
    seconds = logs.quiet_s(built.run, since=current_phase.since)
    since = clock.now() - dt.timedelta(seconds=seconds)
    return Silence(seconds, since, reading.silence_notice_s(built.run))
