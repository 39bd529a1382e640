"""The list of runs: the one seam that the page of all runs and every Runs tab use.

Rows are made ready here, so that the template writes strings and calls no macro per row: a list of
fifty is painted in about a millisecond.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import current_app, render_template, request
from markupsafe import Markup

from blueprints._shared import current, paging
from blueprints._shared.filters import ago, duration, zone
from models.project import Deployment, Project, Stack, Workspace
from models.run_state import RunState, RunStatus, RunType
from services.access import Action, Actor, can
from services.errors import Invalid
from services.runs import filters, listing
from services.runs.filters import RunFilter
from services.runs.listing import Cursor, RunLine, RunPage
from services.runs.waiting import WaitingOn

Scope = Project | Workspace | Stack | Deployment | None
NOTE_LIMIT = 200
TITLES: Mapping[RunType, str] = {
    RunType.GENERATE: "Generate",
    RunType.PREVIEW: "Preview",
    RunType.APPLY: "Apply",
    RunType.DESTROY: "Destroy",
    RunType.TASK: "Task",
    RunType.TEST: "Test",
}
_ENOUGH = 3
"""Runs of one kind on a page from which “usual” can be said."""

_BAR = 44.0
_SIGNS = (
    ("add", "+", "create", "to create"),
    ("change", "~", "update", "to change"),
    ("destroy", "−", "delete", "to destroy"),
    ("replace", "±", "replace", "to replace"),
    ("import", "⇣", "import", "to import"),
    ("move", "→", "move", "to move"),
    ("forget", "⌀", "forget", "to forget"),
)


class Row(NamedTuple):
    """A run as its row writes it."""

    id: str
    number: int
    title: str
    state: Markup
    tags: str
    note: str
    note_url: str
    type: str
    place: str
    place_url: str
    workspace: str
    workspace_url: str
    source: str
    delta: Markup
    person: Markup
    trigger: str
    at: str
    at_exact: str
    ago: str
    time: Markup
    can: str
    why: str


@dataclass(frozen=True)
class Chip:
    """A filter at a click."""

    label: str
    url: str
    active: bool = False


@dataclass(frozen=True)
class RunList:
    """What templates/runs/_list.html reads. `url` is the list's page, without a query."""

    url: str
    live_url: str
    bulk_url: str
    topics: str
    rows: Sequence[Row]
    shows_stack: bool
    shows_workspace: bool
    quick: Sequence[Chip]
    in_force: Sequence[Chip]
    filter_form: Markup
    query: Mapping[str, str]
    rest: Mapping[str, str]
    problems: Mapping[str, str]
    is_narrowed: bool
    is_cut: bool
    older_url: str
    newer_url: str
    matching_url: str
    create_url: str
    may_act: bool


def run_list(actor: Actor, scope: Scope, *, url: str | None = None) -> RunList:
    """What `runs/_list.html` reads, for the runs of a scope as the present query narrows them.

    `url` is the address of the list's page: the present one unless this is for its fragment. A
    filter that does not hold narrows nothing, and the page says what is wrong with it.
    """
    here = url or request.path
    given = {name: ",".join(request.args.getlist(name)) for name in filters.NAMES}
    query = {name: text for name, text in given.items() if text}
    wanted, problems = _wanted(query)
    found = listing.page(actor, wanted, scope=scope, cursor=cursor())
    shows_stack = not isinstance(scope, Stack | Deployment)
    shows_workspace = not isinstance(scope, Workspace | Deployment)
    return RunList(
        url=here,
        live_url=_with("/runs/list", query | _scope_query(scope) | {"at": here} | _page_query()),
        bulk_url="/runs/bulk",
        topics=_topic(scope),
        rows=_rows(actor, found),
        shows_stack=shows_stack,
        shows_workspace=shows_workspace,
        quick=_quick(here, query),
        in_force=_in_force(here, query),
        filter_form=_filter_form(
            here,
            tuple(query.items()),
            tuple(problems.items()),
            shows_stack=shows_stack,
            shows_workspace=shows_workspace,
        ),
        query=query,
        rest={name: text for name, text in query.items() if name != "q"},
        problems=problems,
        is_narrowed=bool(query),
        is_cut=found.is_cut,
        older_url=_neighbour(here, query, found.older),
        newer_url=_neighbour(here, query, found.newer),
        matching_url=_with("/runs/bulk", query | _scope_query(scope) | {"at": here}),
        create_url=_create_url(actor, scope),
        may_act=_may_act(actor, scope),
    )


def cursor() -> Cursor | None:
    """Where the asked-for page begins, from `?cursor=` or, towards newer ones, `?newer=`."""
    for name in ("cursor", "newer"):
        text = request.args.get(name, "")
        if text:
            return Cursor(paging.decode(text, str)[0], newer=name == "newer")
    return None


def _wanted(query: Mapping[str, str]) -> tuple[RunFilter, Mapping[str, str]]:
    values = {name: [text] for name, text in query.items()}
    if values.get("created_by") == ["me"]:
        values["created_by"] = [current.actor().id or ""]
    try:
        return filters.parse(values), {}
    except Invalid as refusal:
        good = {name: text for name, text in values.items() if name not in refusal.fields}
        return filters.parse(good), refusal.fields


# The addresses around a list.


def _with(url: str, query: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def _page_query() -> dict[str, str]:
    return {name: request.args[name] for name in ("cursor", "newer") if request.args.get(name)}


def _neighbour(url: str, query: Mapping[str, str], place: Cursor | None) -> str:
    if place is None:
        return ""
    name = "newer" if place.newer else "cursor"
    return _with(url, {**query, name: paging.encode(place.run_id)})


def _topic(scope: Scope) -> str:
    return "runs" if scope is None else f"{scope.__tablename__}:{scope.id}"


def _scope_query(scope: Scope) -> dict[str, str]:
    """How the fragment and the bulk page are told the scope."""
    match scope:
        case Project():
            return {"in_project": scope.name}
        case Workspace():
            return {"in_workspace": scope.name}
        case Stack():
            return {"in_project": scope.project_name, "in_stack": scope.name}
        case Deployment():
            return {
                "in_project": scope.project_name,
                "in_stack": scope.stack_name,
                "in_workspace": scope.workspace_name,
            }
        case None:
            return {}


def _create_url(actor: Actor, scope: Scope) -> str:
    if scope is not None and not can(actor, Action.CREATE_RUN, scope):
        return ""
    if scope is None and not _may_act(actor, None):
        return ""
    names = {key.removeprefix("in_"): name for key, name in _scope_query(scope).items()}
    return _with("/runs/new", names)


def _may_act(actor: Actor, scope: Scope) -> bool:
    """Whether the actor may do anything to any run here: else the list has no boxes to tick."""
    if scope is not None and not isinstance(scope, Workspace | Project | Stack):
        return can(actor, Action.ARCHIVE, scope)
    held = {role.rank for role in (*actor.project_roles.values(), *actor.workspace_roles.values())}
    return actor.is_admin or any(rank > 0 for rank in held)


# Filters.

_QUICK: Sequence[tuple[str, Mapping[str, str]]] = (
    ("All", {}),
    ("Needs a person", {"state": "unconfirmed,pending_review"}),
    ("Running", {"status": "running"}),
    ("Waiting", {"state": "queued,ready,confirmed"}),
    ("Failed", {"status": "failed,timed_out"}),
)
_WORDS = {
    "created_by": "person",
    "q": "text",
    "since": "since",
    "until": "until",
    "archived": "archived",
}


def _quick(url: str, query: Mapping[str, str]) -> list[Chip]:
    rest = {name: text for name, text in query.items() if name not in {"state", "status"}}
    now = {name: text for name, text in query.items() if name in {"state", "status"}}
    return [Chip(label, _with(url, rest | dict(asks)), now == asks) for label, asks in _QUICK]


def _in_force(url: str, query: Mapping[str, str]) -> list[Chip]:
    quick = [dict(asks) for _, asks in _QUICK]
    states = {name: text for name, text in query.items() if name in {"state", "status"}}
    shown = [name for name in query if name != "q" and not (name in states and states in quick)]
    return [
        Chip(
            f"{_WORDS.get(name, name)}: {query[name].replace('_', ' ')}",
            _with(url, {key: text for key, text in query.items() if key != name}),
        )
        for name in shown
    ]


@lru_cache(maxsize=256)
def _filter_form(
    url: str,
    query: tuple[tuple[str, str], ...],
    problems: tuple[tuple[str, str], ...],
    *,
    shows_stack: bool,
    shows_workspace: bool,
) -> Markup:
    names = {"query": dict(query), "problems": dict(problems), "is_narrowed": bool(query)}
    shown = {"shows_stack": shows_stack, "shows_workspace": shows_workspace}
    return Markup(render_template("runs/_filter.html", url=url, **names, **shown))  # noqa: S704


# Rows.


class _Reader:
    """Who reads a page of rows: what they may do, worked out once for like rows; their zone."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._able: dict[tuple[Any, ...], str] = {}
        self._zone = zone()

    def able(self, line: RunLine) -> str:
        """The bulk actions the reader may do to a run now."""
        key = (
            listing.role_on(self._actor, line),
            line.state,
            line.worker_id is None,
            line.cancel_requested_at,
            line.archived_at is None,
        )
        if key not in self._able:
            self._able[key] = " ".join(listing.bulk_actions(self._actor, line))
        return self._able[key]

    def exact(self, at: dt.datetime) -> str:
        """The instant in the reader's zone."""
        return f"{at.astimezone(self._zone):%-d %b %Y, %H:%M:%S %Z}"


def _rows(actor: Actor, found: RunPage) -> list[Row]:
    usual, reader = _usual(found.lines), _Reader(actor)
    return [
        _row(reader, line, found.waiting.get(line.id), usual.get((line.deployment_id, line.type)))
        for line in found.lines
    ]


def rows_of(actor: Actor, lines: Sequence[RunLine]) -> list[Row]:
    """Rows of just these runs, for pages that name them."""
    reader = _Reader(actor)
    return [_row(reader, line, None, None) for line in lines]


def _row(reader: _Reader, line: RunLine, waiting: WaitingOn | None, usual_s: float | None) -> Row:
    project, stack, place = line.project_name, line.stack_name, line.workspace_name
    stack_url = f"/projects/{project}/stacks/{stack}"
    cancelling = line.cancel_requested_at is not None and line.is_working
    note, note_url = _note(line, waiting)
    return Row(
        id=line.id,
        number=line.number,
        title=line.message.split("\n", 1)[0] or _untitled(line),
        state=_part("state", "cancelling" if cancelling else line.state.value),
        tags=_tags(line),
        note=note,
        note_url=note_url,
        type=_type(line),
        place=f"{project} / {stack}",
        place_url=stack_url,
        workspace=place,
        workspace_url=f"{stack_url}/workspaces/{place}",
        source=_source(line),
        delta=_delta(tuple((line.changes or {}).get(key) or 0 for key, *_ in _SIGNS))
        if line.changes is not None
        else Markup(),
        person=_part("person", line.created_by_name, "user" if line.created_by_id else "system"),
        trigger="" if line.trigger_kind == "manual" else line.trigger_name or line.trigger_kind,
        at=line.created_at.isoformat(),
        at_exact=reader.exact(line.created_at),
        ago=ago(line.created_at),
        time=_time(line, usual_s),
        can=reader.able(line),
        why="already ended" if line.is_over else "at work" if line.is_working else "waiting",
    )


def _untitled(line: RunLine) -> str:
    return f"{_type(line)} of {line.stack_name} in {line.workspace_name}"


def _type(line: RunLine) -> str:
    if line.drift:
        return "Drift check" if line.type is RunType.PREVIEW else "Reconcile"
    if line.destroy and line.type is RunType.PREVIEW:
        return "Destroy preview"
    return TITLES[line.type]


def _tags(line: RunLine) -> str:
    tags = ["archived"] if line.archived_at else []
    if line.priority and not line.is_over:
        tags.append(f"priority {line.priority}")
    return " · ".join(tags)


def _note(line: RunLine, waiting: WaitingOn | None) -> tuple[str, str]:
    """One line that says why the run waits, or what went wrong with it."""
    if waiting is not None:
        return waiting.text, waiting.url or ""
    if line.status in {RunStatus.FAILED, RunStatus.TIMED_OUT} and line.error_text:
        return line.error_text.split("\n", 1)[0][:NOTE_LIMIT], ""
    return "", ""


def _source(line: RunLine) -> str:
    pin = line.pin or {}
    commit = str(pin.get("commit") or "")[:7]
    if commit:
        return f"{line.branch}@{commit}" if line.branch else commit
    return line.branch or ""


def _usual(lines: Sequence[RunLine]) -> dict[tuple[str, RunType], float]:
    """What is usual, told from the page itself: it costs no query, and it is about just these."""
    taken: dict[tuple[str, RunType], list[float]] = {}
    for line in lines:
        if line.state is RunState.FINISHED and line.worked_s:
            taken.setdefault((line.deployment_id, line.type), []).append(line.worked_s)
    return {key: median(each) for key, each in taken.items() if len(each) >= _ENOUGH}


def _time(line: RunLine, usual_s: float | None) -> Markup:
    """The time at work, as a bar against the usual; only numbers and our own words are in it."""
    seconds = line.seconds
    if not seconds:
        return Markup()
    text = duration(seconds)
    if line.is_working:
        since = (line.state_since - dt.timedelta(seconds=line.worked_s)).isoformat()
        text = f'<span data-ticking data-started="{since}">{text}</span>'
    tip = f' title="usually {duration(usual_s)}"' if usual_s else ""
    bar = _bar(seconds, usual_s) if usual_s else ""
    return Markup(f'<span class="usual"{tip}>{bar}<span class="tabular">{text}</span></span>')  # noqa: S704


def _bar(seconds: float, usual_s: float) -> str:
    kind = "bar-late" if seconds > 1.5 * usual_s else "bar"
    width = min(_BAR, max(1.5, _BAR / 2 * seconds / usual_s))
    return (
        '<svg viewBox="0 0 44 6" aria-hidden="true">'
        f'<rect class="{kind}" width="{width:.1f}" height="6"/>'
        '<rect class="mark" x="21.5" width="1" height="6"/></svg>'
    )


# Parts that many rows share are drawn once per process: the same words are the same bytes.


@lru_cache(maxsize=2048)
def _delta(counts: tuple[int, ...]) -> Markup:
    return _draw("delta", dict(zip((key for key, *_ in _SIGNS), counts, strict=True)))


@lru_cache(maxsize=4096)
def _part(name: str, *arguments: Any) -> Markup:
    return _draw(name, *arguments)


_FILES = {"state": "state", "person": "person", "delta": "delta"}


def _draw(name: str, *arguments: Any) -> Markup:
    module = current_app.jinja_env.get_template(f"components/{_FILES[name]}.html").module
    macro: Callable[..., Markup] = getattr(module, name)
    return macro(*arguments)
