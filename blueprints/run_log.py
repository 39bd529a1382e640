"""A run's log: a page of it anywhere, what came since, one phase's part, the raw bytes, a text."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from blueprints._shared.respond import fragment
from blueprints._shared.run_frame import Frame, frame, require_run, run_page
from models.run import Run
from services import logs
from services.errors import NotFound
from services.logs import PAGE_LINES, Found, LogPage
from services.runs import reading
from services.runs.phases import END_OF_LOG, Phase

blueprint = Blueprint("run_log", __name__, url_prefix="/runs/<string(length=20):run_id>")


@dataclass(frozen=True)
class Part:
    """Lines of one phase."""

    phase: Phase | None
    lines: list[logs.LogLine]


@dataclass(frozen=True)
class Log:
    """What runs/log.html reads: a page of lines, or the lines that hold a text."""

    frame: Frame
    page: LogPage
    parts: list[Part]
    found: Found | None = None
    is_live: bool = False

    earlier: int = 1


@dataclass(frozen=True)
class Lines:
    """What runs/_log_lines.html reads."""

    run: Run
    parts: list[Part]


@dataclass(frozen=True)
class PhaseLog:
    """What runs/_phase_log.html reads."""

    frame: Frame
    phase: Phase
    log: LogPage


@blueprint.get("/log")
def show(run_id: str) -> Response:
    """A page of the log: around a line, the beginning, the end, or what a search found."""
    run = require_run(run_id)
    built = frame(run, "log")
    words = request.args.get("q", "").strip()[:500]
    if words:
        found = logs.search(run, words)
        nothing = LogPage((), 0, 0, 0, logs.is_expired(run))
        return run_page("runs/log.html", Log(built, nothing, [], found))
    line = _number("line")
    if line is None:
        shown = logs.page(run, 1) if run.is_over else logs.tail(run, PAGE_LINES)
    else:
        shown = logs.page(run, 1 + (line - 1) // PAGE_LINES * PAGE_LINES)
    is_live = not run.is_over and not shown.has_later
    parts = _parts(built.view.phases, shown)
    earlier = max(1, shown.first - PAGE_LINES)
    return run_page("runs/log.html", Log(built, shown, parts, is_live=is_live, earlier=earlier))


@blueprint.get("/log/lines")
def lines(run_id: str) -> Response:
    """The lines that came after an offset, under their phases."""
    run = require_run(run_id)
    return _grown(run, logs.after(run, _number("after") or 0))


@blueprint.get("/phases/<int:key>/log")
def phase(run_id: str, key: int) -> Response:
    """The log of one phase, for when it is unfolded."""
    run = require_run(run_id)
    built = frame(run, "history")
    found = _phase(built, key)
    end = None if found.log_end in {None, END_OF_LOG} else found.log_end
    shown = logs.tail(run, PAGE_LINES, start=found.log_start or 0, end=end)
    return fragment("runs/_phase_log.html", PhaseLog(built, found, shown))


@blueprint.get("/phases/<int:key>/log/lines")
def phase_lines(run_id: str, key: int) -> Response:
    """The lines of one phase that came after an offset."""
    run = require_run(run_id)
    _phase_of(run, key)
    return _grown(run, logs.after(run, _number("after") or 0), key)


@blueprint.get("/log/raw")
def raw(run_id: str) -> Response:
    """The log's bytes, to keep."""
    run = require_run(run_id)
    if logs.is_expired(run):
        raise NotFound("This log has expired and was removed. The run stays.")
    response = Response(logs.raw(run), content_type="text/plain; charset=utf-8")
    name = f"{run.project_name}-{run.number}.log"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _grown(run: Run, shown: LogPage, key: int | None = None) -> Response:
    phases = reading.phases_of(run)
    parts = _parts(phases, shown)
    if key is not None:
        parts = [part for part in parts if part.phase is not None and part.phase.row.id == key]
    response = fragment("runs/_log_lines.html", Lines(run, parts))
    is_complete = run.is_over and shown.next_offset >= shown.size
    if key is not None:
        is_complete = is_complete or not _is_growing(phases, key)
    response.headers["Gantry-Log-Offset"] = str(shown.next_offset)
    response.headers["Gantry-Log-Complete"] = "true" if is_complete else "false"
    return response


def _is_growing(phases: list[Phase], key: int) -> bool:
    """Whether a phase may still get lines: the last one with a log does, until the run is over."""
    last = next((phase for phase in reversed(phases) if phase.has_log), None)
    return last is not None and last.row.id == key


def _parts(phases: object, shown: LogPage) -> list[Part]:
    """The lines of a page by the phase in which each begins."""
    # The list's type does not say that these are phases.
    with_log = [phase for phase in phases if phase.has_log]  # type: ignore[attr-defined]
    parts = list[Part]()
    for line in shown.lines:
        of = [phase for phase in with_log if (phase.log_start or 0) <= line.offset]
        owner = of[-1] if of else None
        if not parts or parts[-1].phase is not owner:
            parts.append(Part(owner, []))
        parts[-1].lines.append(line)
    return parts


def _phase(built: Frame, key: int) -> Phase:
    return _phase_in(list(built.view.phases), key)


def _phase_of(run: Run, key: int) -> Phase:
    return _phase_in(reading.phases_of(run), key)


def _phase_in(phases: list[Phase], key: int) -> Phase:
    found = next((phase for phase in phases if phase.row.id == key), None)
    if found is None:
        raise NotFound("This run has no such phase.")
    return found


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
