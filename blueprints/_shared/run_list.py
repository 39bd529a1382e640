"""The list of runs: the one seam that the page of all runs and every Runs tab use.

What stands around the rows is made ready here; the rows themselves come from `run_rows`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from flask import render_template, request
from markupsafe import Markup

from blueprints._shared import current, paging
from blueprints._shared.run_rows import drawn, rows
from models.project import Deployment, Project, Stack, Workspace
from services.access import Action, Actor, can
from services.errors import Invalid
from services.runs import filters, listing
from services.runs.filters import RunFilter
from services.runs.listing import Cursor

Scope = Project | Workspace | Stack | Deployment | None


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
    rows: Sequence[Markup]
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
        rows=drawn(
            rows(actor, found), columns=(_may_act(actor, scope), shows_stack, shows_workspace)
        ),
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
    # The template escapes what it is given.
    return Markup(render_template("runs/_filter.html", url=url, **names, **shown))  # noqa: S704
