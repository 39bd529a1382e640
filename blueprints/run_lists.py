"""Lists of runs: the page of all of them, the fragment that keeps a list fresh, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from blueprints._shared import current
from blueprints._shared.gate import is_local_path
from blueprints._shared.respond import fragment, page
from blueprints._shared.run_list import RunList, Scope, run_list
from blueprints._shared.run_rows import Row, rows_of
from models.run_state import RunState
from services import deployments, projects, runs, stacks, workspaces
from services.errors import Invalid
from services.runs import BulkResult, filters, listing, reading
from services.runs.manage import BULK_LIMIT

blueprint = Blueprint("runs", __name__)
ASKS_FIRST = frozenset({"confirm", "cancel", "discard"})
"""What cannot be taken back is shown, run by run, before it is done."""


@dataclass(frozen=True)
class Action:
    """A bulk action in the words of pages."""

    name: str
    label: str
    done: str
    kind: str = ""
    icon: str = ""


ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action("confirm", "Confirm", "confirmed", icon="check"),
        Action("discard", "Discard", "discarded", "outline-danger"),
        Action("cancel", "Cancel", "asked to stop", "outline-danger"),
        Action("rerun", "Re-run", "run again", icon="rerun"),
        Action("prioritize", "Prioritise", "prioritised"),
        Action("archive", "Archive", "archived", icon="archive"),
        Action("unarchive", "Unarchive", "shown again"),
    )
}


@dataclass(frozen=True)
class Index:
    """What templates/runs/index.html reads."""

    runs: RunList


@dataclass(frozen=True)
class Matching:
    """What templates/runs/matching.html reads: all that match, before anything is done."""

    count: str
    is_more: bool
    limit: int
    run_ids: Sequence[str]
    query: Mapping[str, str]
    actions: Sequence[Action]
    back_url: str


@dataclass(frozen=True)
class Review:
    """What templates/runs/bulk_review.html reads."""

    action: Action
    able: Sequence[Row]
    unable: Sequence[tuple[Row, str]]
    back_url: str


@dataclass(frozen=True)
class Outcome:
    """A run of many, and what became of it."""

    row: Row | None
    result: BulkResult


@dataclass(frozen=True)
class Results:
    """What templates/runs/bulk_results.html reads."""

    action: Action
    outcomes: Sequence[Outcome]
    done: int
    back_url: str


@blueprint.get("/runs")
def index() -> Response:
    """Every run one may see."""
    return page("runs/index.html", Index(run_list(current.actor(), None)))


@blueprint.get("/runs/list")
def refresh() -> Response:
    """A list's table anew: what a live list asks for, wherever it stands."""
    found = run_list(current.actor(), _scope(), url=_back_url())
    return fragment("runs/_table.html", Index(found))


@blueprint.get("/runs/bulk")
def matching() -> Response:
    """All runs that match a filter: how many, and what can be done with them."""
    query = {name: request.args[name] for name in filters.NAMES if request.args.get(name)}
    wanted = filters.parse({name: [text] for name, text in query.items()})
    run_ids, is_more = listing.matching(current.actor(), wanted, scope=_scope())
    context = Matching(
        count=f"{BULK_LIMIT}+" if is_more else str(len(run_ids)),
        is_more=is_more,
        limit=BULK_LIMIT,
        run_ids=run_ids,
        query=query,
        actions=tuple(ACTIONS.values()),
        back_url=_back_url(),
    )
    return page("runs/matching.html", context)


@blueprint.post("/runs/bulk")
def bulk() -> Response:
    """Do one thing to many runs, after a look at what it will be if it cannot be taken back."""
    action = ACTIONS.get(request.form.get("action", ""))
    run_ids = list(dict.fromkeys(request.form.getlist("runs")))
    if action is None or not 0 < len(run_ids) <= BULK_LIMIT:
        problem = "Tick one run or more, at most 500, and choose what to do with them."
        raise Invalid({"runs": problem})
    back_url = _local(request.form.get("at") or request.referrer or "")
    if action.name in ASKS_FIRST and not request.form.get("sure"):
        return page("runs/bulk_review.html", _review(action, run_ids, back_url))
    return page("runs/bulk_results.html", _results(action, run_ids, back_url))


def _review(action: Action, run_ids: Sequence[str], back_url: str) -> Review:
    actor = current.actor()
    lines = listing.lines_of(actor, run_ids)
    rows = {row.id: row for row in rows_of(actor, lines)}
    objections = {line.id: listing.objection(actor, action.name, line) for line in lines}
    if action.name == "confirm":
        objections |= {run_id: text for run_id, text in _to_type(lines).items() if text}
    return Review(
        action,
        able=[row for row in rows.values() if not objections[row.id]],
        unable=[(row, objections[row.id] or "") for row in rows.values() if objections[row.id]],
        back_url=back_url,
    )


def _to_type(lines: Sequence[listing.RunLine]) -> dict[str, str]:
    """The runs whose pages ask for a name to be typed: they are not confirmed among many."""
    found = {}
    for line in lines:
        if line.state is RunState.UNCONFIRMED:
            name = reading.name_to_type(reading.get(current.actor(), line.id))
            if name:
                found[line.id] = f"It destroys resources of the protected {name}: confirm it alone."
    return found


def _results(action: Action, run_ids: Sequence[str], back_url: str) -> Results:
    actor = current.actor()
    held_back: dict[str, str] = {}
    if action.name == "confirm":
        held_back = _to_type(listing.lines_of(actor, run_ids))
    able = [run_id for run_id in run_ids if run_id not in held_back]
    done = runs.bulk(actor, action.name, able) if able else []
    done += [BulkResult(run_id, ok=False, reason=text) for run_id, text in held_back.items()]
    rows = {row.id: row for row in rows_of(actor, listing.lines_of(actor, run_ids))}
    outcomes = [Outcome(rows.get(each.run_id), each) for each in done]
    outcomes.sort(key=lambda each: each.result.ok)
    return Results(action, outcomes, sum(each.ok for each in done), back_url)


def _scope() -> Scope:
    """The place a list is of, as its fragment's address names it."""
    actor = current.actor()
    names = {name: request.args.get(f"in_{name}", "") for name in ("project", "stack", "workspace")}
    match names:
        case {"project": "", "workspace": ""}:
            return None
        case {"project": "", "workspace": workspace}:
            return workspaces.get(actor, workspace)
        case {"stack": "", "project": project}:
            return projects.get(actor, project)
        case {"workspace": "", "project": project, "stack": stack}:
            return stacks.get(actor, project, stack)
        case _:
            return deployments.at(actor, names["project"], names["stack"], names["workspace"])


def _back_url() -> str:
    return _local(request.args.get("at", ""))


def _local(url: str) -> str:
    """An address of this portal, or that of all runs."""
    path = url.removeprefix(request.host_url.rstrip("/"))
    return path if is_local_path(path) else "/runs"
