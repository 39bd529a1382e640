"""What a run changes, left and right: heads by the page, each resource when it is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import change_stream, htmx
from blueprints._shared.respond import fragment
from blueprints._shared.run_frame import Frame, frame, require_run, run_page
from models.run import Run
from models.run_pages import ChangeFilter
from services.comparison import Comparison, compare
from services.runs import change_pages
from services.runs.change_pages import Change, Heads, Survey

blueprint = Blueprint(
    "run_changes", __name__, url_prefix="/runs/<string(length=20):run_id>/changes"
)
LONGEST_WORDS = 200
MOST_DRIFT = 100
ACTIONS = ("delete", "replace", "create", "update", "import", "move", "forget", "read", "other")


@dataclass(frozen=True)
class Compared:
    """A drift or output record of the document, compared."""

    record: Mapping[str, Any]
    comparison: Comparison


@dataclass(frozen=True)
class Changes:
    """What runs/changes.html and runs/_changes_more.html read."""

    frame: Frame
    run: Run
    wanted: ChangeFilter
    document: Mapping[str, Any] | None
    survey: Survey
    heads: Heads
    opened: Sequence[Change]
    more_opened: int | None
    is_open: bool
    drift: Sequence[Compared]
    outputs: Sequence[Compared]


@dataclass(frozen=True)
class One:
    """What runs/change.html and runs/_change.html read."""

    frame: Frame
    run: Run
    change: Change


@dataclass(frozen=True)
class More:
    """What runs/_changes_more.html reads."""

    run: Run
    wanted: ChangeFilter
    heads: Heads


@blueprint.get("")
def show(run_id: str) -> Response:
    """The changes, destroy and replace first; `?open=all` has them opened, so many at a time."""
    run = require_run(run_id)
    wanted, after = _wanted(), _after()
    is_open = request.args.get("open") == "all"
    opened, more = change_pages.opened(run, wanted, after) if is_open else ([], None)
    document = change_pages.document(run)
    context = Changes(
        frame=frame(run, "changes"),
        run=run,
        wanted=wanted,
        document=document,
        survey=change_pages.survey(run, wanted),
        heads=Heads((), None) if is_open else change_pages.heads(run, wanted, after),
        opened=opened,
        more_opened=more,
        is_open=is_open,
        drift=_compared(document, "drift"),
        outputs=_compared(document, "outputs"),
    )
    return run_page("runs/changes.html", context)


@blueprint.get("/more")
def more(run_id: str) -> Response:
    """The next heads, for the end of the list."""
    run = require_run(run_id)
    wanted = _wanted()
    return fragment(
        "runs/_changes_more.html", More(run, wanted, change_pages.heads(run, wanted, _after()))
    )


@blueprint.get("/<int:position>")
def one(run_id: str, position: int) -> Response:
    """One resource: a page of its own, or what is inside its box."""
    run = require_run(run_id)
    found = change_pages.one(run, position)
    context = One(frame(run, "changes"), run, found)
    if htmx.wants_fragment():
        return fragment("runs/_change.html", context)
    return run_page("runs/change.html", context)


@blueprint.get("/document.json")
def document(run_id: str) -> Response:
    """The whole document as JSON, as masked as the pages."""
    run = require_run(run_id)
    response = change_stream.answer(run)
    name = f"{run.project_name}-{run.number}-changes.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _wanted() -> ChangeFilter:
    def text(name: str) -> str:
        return request.args.get(name, "").replace("\0", "").strip()[:LONGEST_WORDS]

    return ChangeFilter(action=text("action"), type=text("type"), text=text("q"))


def _after() -> int:
    text = request.args.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _compared(document: Mapping[str, Any] | None, part: str) -> list[Compared]:
    records = (document or {}).get(part) or []
    return [
        Compared(record, change_pages.trimmed(compare(record))) for record in records[:MOST_DRIFT]
    ]
