"""Who asks, and what every page shows around its content."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flask_login
from flask import Flask, current_app, flash, g, request, url_for
from flask_wtf.csrf import generate_csrf

from lib import ids
from lib.version import VERSION
from models.user import ApiToken, User, UserSession
from services import dashboard, hold, sessions, tokens
from services.access import Actor
from services.errors import SignInNeeded
from services.hold import Hold
from services.sessions import Origin

SESSION_KEY = "_user_id"  # Where flask-login keeps what `get_id` says.
API_PREFIX = "/api/v1/"
STATE_PREFIX = "/state/"
PROGRAMS = ("/api/", "/hooks/", STATE_PREFIX)
"""Where programs call: they speak JSON, and know no cookies."""
METRICS_PATH = "/metrics"


class Visitor(flask_login.UserMixin):  # type: ignore[misc]  # its library has no types
    """Somebody who is signed in: by a browser's session, or by a token for the present request."""

    def __init__(
        self,
        user: User,
        *,
        secret: str = "",
        browser: UserSession | None = None,
        token: ApiToken | None = None,
    ) -> None:
        self.user, self.browser, self.token, self._secret = user, browser, token, secret

    @cached_property
    def actor(self) -> Actor:
        """The actor, with the roles held at this moment."""
        if self.token is not None:
            return tokens.actor_of(self.token, self.user, origin())
        assert self.browser is not None  # noqa: S101 - one of the two let the visitor in
        return sessions.actor_of(sessions.SignedIn(self.browser, self.user), origin())

    def get_id(self) -> str:
        """What flask-login keeps in the cookie: the session's secret, not the user's id."""
        return self._secret


@dataclass(frozen=True)
class NavEntry:
    """A line of the sidebar. `count` is what needs or occupies someone: '' for nothing.

    `counts` is the name of what is counted, '' where nothing is.
    """

    label: str
    url: str
    icon: str
    active: bool
    count: str = ""
    key: str = ""
    counts: str = ""


@dataclass(frozen=True)
class Crumb:
    """A step of the hierarchy above a page, with the menu of its siblings."""

    label: str
    url: str = ""
    siblings: tuple["Crumb", ...] = ()


@dataclass(frozen=True)
class Person:
    """Who is signed in, as the frame shows it."""

    id: str
    name: str
    email: str
    theme: str
    timezone: str
    is_admin: bool

    @property
    def initials(self) -> str:
        """One or two letters for the disc."""
        words = [word for word in self.name.replace(".", " ").split() if word[0].isalnum()]
        return "".join(word[0] for word in words[:2]).upper() or "?"


NOBODY = Person("", "", "", "auto", "UTC", is_admin=False)


NAV = (
    ("Dashboard", "dashboard.show", "dashboard", "d"),
    ("Projects", "projects.index", "folder", "p"),
    ("Workspaces", "workspaces.index", "workspace", "w"),
    ("Runs", "runs.index", "runs", "r"),
    ("Queue", "queue.index", "queue", "q"),
    ("Schedules", "schedules.index", "schedule", "s"),
    ("Audit", "audit.index", "audit", "a"),
    ("Administration", "administration.show", "settings", ""),
)
"""The sidebar; an entry is drawn once its endpoint exists."""

_NOUNS = frozenset(endpoint.partition(".")[0] for _, endpoint, _, _ in NAV)


class Current:
    """What layouts read of the present request; one object, a global of every template."""

    @property
    def user(self) -> Person:
        """Who is signed in, or NOBODY."""
        visitor = _visitor()
        if visitor is None:
            return NOBODY
        user = visitor.user
        return Person(user.id, user.name, user.email, user.theme, user.timezone, user.is_admin)

    @property
    def actor(self) -> Actor | None:
        """The same, as services know them."""
        visitor = _visitor()
        return visitor.actor if visitor else None

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is."""
        return _visitor() is not None

    @property
    def title(self) -> str:
        """The page's title, when its template names none."""
        return str(g.get("title", "Gantry"))

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        """Where the page stands in the hierarchy; `respond.page` is given it."""
        found: tuple[Crumb, ...] = tuple(g.get("crumbs", ()))
        return found

    @property
    def hold(self) -> Hold | None:
        """Why nothing runs, while the instance is on hold."""
        return hold.current()

    @property
    def csrf_token(self) -> str:
        """What every form and every htmx request sends back."""
        return str(generate_csrf())

    @property
    def version(self) -> str:
        """Gantry's version."""
        return VERSION

    @property
    def request_id(self) -> str:
        """What an error page and the log call this request."""
        return request_id()

    @property
    def path(self) -> str:
        """The path asked for, without its query."""
        return request.path

    @property
    def place(self) -> int | None:
        """Up to which move of the runs the page was read, for its stream to go on from."""
        found: int | None = g.get("feed_place")
        return found

    @property
    def nav(self) -> list[NavEntry]:
        """The sidebar's entries that exist and that the visitor may open."""
        visitor = _visitor()
        if visitor is None:
            return []
        counts = dashboard.counts(visitor.actor)
        return [
            _entry(row, counts)
            for row in NAV
            if row[1] in current_app.view_functions and _may_open(row[1], visitor)
        ]


def _may_open(endpoint: str, visitor: Visitor) -> bool:
    return visitor.actor.is_admin or not endpoint.startswith("administration.")


def _entry(row: tuple[str, str, str, str], counts: dict[str, str]) -> NavEntry:
    label, endpoint, icon, key = row
    noun, top = endpoint.partition(".")[0], request.path.split("/")[1]
    # A page below a place belongs to the place: the schedules of a stack are under Projects.
    is_active = noun == (top if top in _NOUNS else request.blueprint)
    counted = noun if noun in counts else ""
    return NavEntry(label, url_for(endpoint), icon, is_active, counts.get(noun, ""), key, counted)


def _visitor() -> Visitor | None:
    found: Any = flask_login.current_user
    return found._get_current_object() if found and found.is_authenticated else None


def visitor() -> Visitor:
    """Who asks.

    Raises:
        SignInNeeded: when nobody is signed in.
    """
    found = _visitor()
    if found is None:
        raise SignInNeeded("Sign in to go on.")
    return found


def actor() -> Actor:
    """Who asks, as services know them.

    Raises:
        SignInNeeded: when nobody is signed in.
    """
    return visitor().actor


def app() -> Flask:
    """The app itself, for what outlives the request."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy, which its type hides
    return found


def origin() -> Origin:
    """Where the present request comes from."""
    agent = request.headers.get("User-Agent", "")
    return Origin(request.remote_addr or "", agent, request_id())


def request_id() -> str:
    """The id of the present request, in its log lines and on its error page."""
    if "request_id" not in g:
        g.request_id = ids.new_id()
    return str(g.request_id)


def is_api() -> bool:
    """Whether the present request is a program's, which speaks JSON and knows no cookies."""
    return request.path.startswith(PROGRAMS)


def is_page() -> bool:
    """Whether the present request is a person's who is signed in."""
    return not is_api() and _visitor() is not None


def is_counted() -> bool:
    """Whether the present request is a call of the API, which a limit counts."""
    return request.path.startswith(API_PREFIX) and request.endpoint != "docs.spec"


def is_state_client() -> bool:
    """Whether the present request is a state client's, which may say its token as a password."""
    return request.path.startswith(STATE_PREFIX)


def takes_token() -> bool:
    """Whether a token may be sent with the present request."""
    return is_api() or request.path == METRICS_PATH


def tell(text: str, kind: str = "success") -> None:
    """Say something once, on the next page. Kinds: success, info, warning, danger."""
    flash(text, kind)
