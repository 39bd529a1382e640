"""States of a deployment: its versions, what differs between two, and what a person decides."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current, paging, places
from blueprints._shared.current import Crumb
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import posted
from services import comparison, settling, states
from services.access import Action, require
from services.comparison import Comparison
from services.errors import Conflict, Invalid
from services.page import Page
from services.settling import Doubt
from services.states import StateComparison, StateLine

blueprint = Blueprint("states", __name__)
PLACE = "/projects/<project>/stacks/<stack>/workspaces/<workspace>"
URL = f"{PLACE}/state-versions"
TAB = "state-versions"


@dataclass(frozen=True)
class Index:
    """What states/index.html reads."""

    frame: Frame
    lines: Page[StateLine]
    next_url: str
    doubt: Doubt | None
    in_the_way: str | None


@dataclass(frozen=True)
class Show:
    """What states/show.html reads. `now` is the current version, `made_of` what this came from."""

    frame: Frame
    line: StateLine
    now: Any
    made_of: Any
    may_roll_back: bool
    in_the_way: str | None


@dataclass(frozen=True)
class Compare:
    """What states/compare.html reads: the records with their comparisons."""

    frame: Frame
    found: StateComparison
    changes: list[tuple[dict[str, Any], Comparison]]
    outputs: list[tuple[dict[str, Any], Comparison]]


@blueprint.get(URL)
def index(**url: str) -> Response:
    """The versions, newest first, and what there is to settle."""
    frame, actor = _frame(url), current.actor()
    lines = states.listed(actor, frame.thing, after=paging.after(), limit=paging.limit())
    doubt = settling.doubt(actor, frame.thing)
    context = Index(frame, lines, places.next_url(lines), doubt, states.in_the_way(frame.thing))
    return page("states/index.html", context, crumbs=frame.crumbs)


@blueprint.get(f"{URL}/compare")
def compare(**url: str) -> Response:
    """What differs between two versions, `?from=` and `?to=`."""
    frame = _frame(url)
    names = request.args.get("from", ""), request.args.get("to", "")
    found = states.compare(current.actor(), frame.thing, *names)
    context = Compare(frame, found, _compared(found.changes), _compared(found.outputs))
    return page("states/compare.html", context, crumbs=(*frame.crumbs, Crumb("Compare states")))


@blueprint.get(f"{URL}/<version>")
def show(version: str, **url: str) -> Response:
    """One version: facts, and what can be done with it."""
    frame = _frame(url)
    line = states.find(current.actor(), frame.thing, version)
    now = states.current_version(frame.thing)
    context = Show(
        frame=frame,
        line=line,
        now=now,
        made_of=states.by_id(frame.thing, line.version.from_id),
        may_roll_back="handle_state" in frame.may and states.can_roll_back(line.version, now),
        in_the_way=states.in_the_way(frame.thing),
    )
    crumbs = (*frame.crumbs, Crumb(f"State {line.version.serial}"))
    return page("states/show.html", context, crumbs=crumbs)


@blueprint.get(f"{URL}/<version>/download")
def download(version: str, **url: str) -> Response:
    """The content of a version, as a file."""
    frame = _frame(url)
    found, content = states.download(current.actor(), frame.thing, version)
    response = Response(content, content_type="application/json")
    name = "-".join((*frame.names.values(), str(found.serial)))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.tfstate"'
    return response


@blueprint.post(URL)
def create(**url: str) -> Response:
    """Import a state from a file."""
    frame, form = _frame(url), posted()
    require(current.actor(), Action.HANDLE_STATE, frame.thing)
    file = request.files.get("file")
    content = file.read() if file else b""
    try:
        made, is_new = states.bring(current.actor(), frame.thing, content, form["note"])
    except (Conflict, Invalid) as refusal:
        return _refused(f"{frame.url}/{TAB}", refusal)
    said = (
        f"State {made.serial} is current." if is_new else "This state is the current one already."
    )
    return respond_after(f"{frame.url}/{TAB}", said=said)


@blueprint.post(f"{URL}/<version>/rollback")
def rollback(version: str, **url: str) -> Response:
    """Make an older version's content current again."""
    frame, form = _frame(url), posted()
    try:
        made = states.rollback(current.actor(), frame.thing, version, form["note"])
    except (Conflict, Invalid) as refusal:
        return _refused(f"{frame.url}/{TAB}/{version}", refusal)
    said = (
        f"State {made.serial} is current. Nothing out there has changed: a plan shows what would."
    )
    return respond_after(f"{frame.url}/{TAB}", said=said)


@blueprint.post(f"{PLACE}/settle")
def settle(**url: str) -> Response:
    """Say which state holds, and let the queue go on."""
    frame, form = _frame(url), posted()
    decision, _, candidate = form["decision"].partition(":")
    if not decision:
        current.tell("Choose which state holds; nothing was settled yet.", "warning")
        return respond_after(frame.url)
    try:
        settling.settle(
            current.actor(), frame.thing, decision, form["note"], candidate_id=candidate or None
        )
    except (Conflict, Invalid) as refusal:
        return _refused(frame.url, refusal)
    return respond_after(frame.url, said="Settled: runs that change it start again.")


def _frame(url: dict[str, str]) -> Frame:
    return places.of_deployment(url["project"], url["stack"], url["workspace"], TAB)


def _compared(records: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Comparison]]:
    return [(record, comparison.compare(record)) for record in records]


def _refused(url: str, refusal: Conflict | Invalid) -> Response:
    current.tell(refusal.text, "warning")
    return respond_after(url)
