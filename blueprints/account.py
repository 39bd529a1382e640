"""One's own account: profile, password, sessions, tokens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from flask import Blueprint, Response, request, url_for

from blueprints._shared import current, token_form
from blueprints._shared.current import Crumb
from blueprints._shared.forms import Form, parse_form
from blueprints._shared.respond import page, respond_after
from blueprints._shared.token_form import Offers
from models.team import Team
from models.user import User, UserSession
from services import first_start, sessions, teams, tokens, users
from services.errors import Invalid
from services.teams import RoleLine
from services.tokens import NewToken as MadeToken
from services.tokens import TokenLine

blueprint = Blueprint("account", __name__, url_prefix="/account")
MOST_TOKENS = 200
# In this order: most browsers also name those that come after them here.
BROWSERS = tuple(
    (word, re.compile(rf"{sign}/(\d+)"))
    for word, sign in (
        ("Edge", "Edg"),
        ("Opera", "OPR"),
        ("Firefox", "Firefox"),
        ("Chrome", "(?:Headless)?Chrome"),
        ("Safari", "Version"),
    )
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


class Profile(Form):
    """What the profile form sends; a field left out stays as it is."""

    name: str | None = None
    theme: str | None = None
    timezone: str | None = None
    version: int | None = None


class NewPassword(Form):
    """What the password form sends."""

    model_config = Form.model_config | {"str_strip_whitespace": False}
    old_password: str = ""
    new_password: str = ""


@dataclass(frozen=True)
class AccountPage:
    """What the account's pages read."""

    profile: User
    errors: Mapping[str, str] = field(default_factory=dict)
    timezones: list[str] = field(default_factory=list)
    sessions: list[UserSession] = field(default_factory=list)
    session_id: str = ""
    tokens: list[TokenLine] = field(default_factory=list)
    teams: list[tuple[Team, list[RoleLine]]] = field(default_factory=list)
    offers: Offers | None = None
    new_token: MadeToken | None = None
    form: Mapping[str, str] = field(default_factory=dict)


@blueprint.get("")
def show(errors: Mapping[str, str] | None = None) -> Response:
    """The profile."""
    shown = AccountPage(
        current.visitor().user, errors or {}, sorted(available_timezones()), form=request.form
    )
    return _page("account/show.html", shown)


@blueprint.post("")
def edit() -> Response:
    """Change name, theme or time zone."""
    form = parse_form(Profile)
    changes = users.Changes(name=form.name, theme=form.theme, timezone=form.timezone)
    try:
        users.edit(current.actor(), current.visitor().user.id, changes, version=form.version)
    except Invalid as refused:
        return show(refused.fields)
    return respond_after(url_for("account.show"), said="Saved.")


@blueprint.get("/password")
def password(errors: Mapping[str, str] | None = None) -> Response:
    """The form for another password."""
    return _page("account/password.html", AccountPage(current.visitor().user, errors or {}))


@blueprint.post("/password")
def change_password() -> Response:
    """Change the password; every other session ends."""
    form, visitor = parse_form(NewPassword), current.visitor()
    keep = visitor.browser.id if visitor.browser else None
    email = visitor.user.email
    try:
        users.change_password(
            visitor.actor, form.old_password, form.new_password, keep_session=keep
        )
    except Invalid as refused:
        return password(refused.fields)
    first_start.forget_password(email)
    said = "Your password is changed; your other sessions have ended."
    return respond_after(url_for("account.show"), said=said)


@blueprint.get("/sessions")
def open_sessions() -> Response:
    """Where one is signed in."""
    visitor = current.visitor()
    here = visitor.browser.id if visitor.browser else ""
    found = sessions.of_user(visitor.user.id)
    return _page(
        "account/sessions.html", AccountPage(visitor.user, sessions=found, session_id=here)
    )


@blueprint.post("/sessions/<session_id>/end")
def end_session(session_id: str) -> Response:
    """Sign out in another browser."""
    sessions.sign_out(current.actor(), session_id)
    return respond_after(url_for("account.open_sessions"), said="That session has ended.")


@blueprint.post("/sessions/end-others")
def end_other_sessions() -> Response:
    """Sign out everywhere but here."""
    visitor = current.visitor()
    ended = sessions.sign_out_elsewhere(
        visitor.actor, visitor.browser.id if visitor.browser else ""
    )
    said = f"{ended} other session{'' if ended == 1 else 's'} ended."
    return respond_after(url_for("account.open_sessions"), said=said)


@blueprint.get("/tokens")
def own_tokens(
    errors: Mapping[str, str] | None = None, new_token: MadeToken | None = None
) -> Response:
    """One's tokens; a new one's text, this once."""
    found = tokens.listed(current.actor(), after=None, limit=MOST_TOKENS)
    user = current.visitor().user
    shown = AccountPage(
        user,
        errors or {},
        tokens=list(found.items),
        offers=token_form.offers(),
        new_token=new_token,
        form=request.form,
    )
    return _page("account/tokens.html", shown)


@blueprint.post("/tokens")
def create_token() -> Response:
    """Make a token, and show it."""
    try:
        made = token_form.create()
    except Invalid as refused:
        return own_tokens(refused.fields)
    return own_tokens(new_token=made)


@blueprint.post("/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> Response:
    """Make a token useless."""
    tokens.revoke(current.actor(), token_id)
    return respond_after(url_for("account.own_tokens"), said="The token works no more.")


@blueprint.get("/teams")
def own_teams() -> Response:
    """The teams one is in, and the roles they hold."""
    visitor = current.visitor()
    found = teams.of_actor_with_roles(visitor.actor)
    return _page("account/teams.html", AccountPage(visitor.user, teams=found))


@blueprint.app_template_global("browser_words")
def browser_words(user_agent: str) -> str:
    """A browser in words, as far as what it says of itself tells: “Firefox 145 on Linux”."""
    browser = next(
        (f"{word} {found[1]}" for word, sign in BROWSERS if (found := sign.search(user_agent))), ""
    )
    system = next((word for sign, word in SYSTEMS if sign in user_agent), "")
    if not browser:
        return user_agent.partition(" ")[0] or "Unknown browser"
    return f"{browser} on {system}" if system else browser


def _page(template: str, shown: AccountPage) -> Response:
    status = 422 if shown.errors else 200
    return page(template, shown, crumbs=[Crumb("Account")], status=status)
