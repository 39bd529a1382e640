"""Find a project, a stack, a workspace, a run, or a page: the palette's list, and a page of it."""

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, request, url_for

from blueprints._shared import current
from blueprints._shared.current import Crumb
from blueprints._shared.respond import fragment, page
from services import projects, search, workspaces

blueprint = Blueprint("search", __name__)


@dataclass(frozen=True)
class Item:
    """Something to go to."""

    label: str
    url: str
    icon: str
    note: str = ""


@dataclass(frozen=True)
class SearchPage:
    """What search/show.html and search/_list.html read: groups of items, by title."""

    q: str
    groups: list[tuple[str, list[Item]]]


@blueprint.get("/search")
def show() -> Response:
    """What was found: a page, or the list alone for the palette, which asks by fetch."""
    q = request.args.get("q", "").strip()[:100]
    shown = SearchPage(q, _groups(q))
    is_palette = request.headers.get("Sec-Fetch-Dest") == "empty" or "HX-Request" in request.headers
    if is_palette:
        return fragment("search/_list.html", shown)
    return page("search/show.html", shown, crumbs=[Crumb("Search")])


def _groups(q: str) -> list[tuple[str, list[Item]]]:
    found: dict[str, list[Item]] = {}
    for hit in search.find(current.actor(), q):
        endpoint, icon, title = _WAYS[hit.kind]
        if endpoint in current_app.view_functions:
            item = Item(hit.label, url_for(endpoint, **hit.names), icon, hit.note)
            found.setdefault(title, []).append(item)
    pages = [entry for entry in current.Current().nav if q.lower() in entry.label.lower()]
    places = [Item(entry.label, entry.url, entry.icon) for entry in pages]
    groups = [*found.items(), ("Actions", _actions(q) if q else []), ("Pages", places)]
    return [(title, items) for title, items in groups if items]


def _actions(q: str) -> list[Item]:
    """What one may do from anywhere, by its name."""
    actor = current.actor()
    may = {
        "projects.new": projects.may_create(actor),
        "workspaces.new": workspaces.may_create(actor),
    }
    return [
        Item(label, url_for(endpoint), icon)
        for label, endpoint, icon in _ACTIONS
        if q.lower() in label.lower()
        and endpoint in current_app.view_functions
        and may.get(endpoint, actor.is_admin or endpoint.partition(".")[0] not in _ADMINISTRATION)
    ]


_WAYS = {
    "project": ("projects.show", "folder", "Projects"),
    "stack": ("stacks.show", "stack", "Stacks"),
    "workspace": ("workspaces.show", "workspace", "Workspaces"),
    "run": ("runs.show", "runs", "Runs"),
}
"""Kind of hit → its page, its icon, the title of its group."""

_ADMINISTRATION = frozenset({"administration", "teams", "service_accounts", "tokens"})

_ACTIONS = (
    ("Create a run", "run_wizard.new", "play"),
    ("Create a project", "projects.new", "plus"),
    ("Create a workspace", "workspaces.new", "plus"),
    ("Make an API token", "account.own_tokens", "key"),
    ("Change your password", "account.password", "key"),
    ("End your sessions", "account.open_sessions", "user"),
    ("Choose theme and time zone", "account.show", "theme"),
    ("See your teams", "account.own_teams", "users"),
    ("Manage users", "administration.user_list", "user"),
    ("Manage teams", "teams.index", "users"),
    ("Manage service accounts", "service_accounts.index", "cpu"),
    ("Revoke anybody's token", "tokens.index", "key"),
    ("See the settings in force", "administration.settings", "settings"),
)
"""What one may do: its name, its endpoint, its icon."""
