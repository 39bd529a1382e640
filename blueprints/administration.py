"""Administration: people, the settings in force, health."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Response, current_app, request, url_for

import config
from blueprints._shared import current, paging
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.forms import Form, parse_form
from blueprints._shared.respond import page, respond_after
from models.user import User
from services import health, hold, teams, users
from services.access import require_admin
from services.errors import Conflict, Invalid
from services.teams import RoleLine

blueprint = Blueprint("administration", __name__, url_prefix="/administration")


class NewUser(Form):
    """What the form for a new user sends."""

    email: str = ""
    name: str = ""
    password: str = ""
    is_admin: bool = False


class ChangedUser(Form):
    """What the form of a user sends."""

    name: str | None = None
    is_admin: bool = False
    version: int | None = None


@dataclass(frozen=True)
class UsersPage:
    """What administration/users.html reads. `made` is a password, shown this once."""

    users: list[User]
    older_url: str
    q: str
    errors: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    made_for: str = ""
    made: str = ""


@dataclass(frozen=True)
class UserPage:
    """What administration/user.html reads."""

    profile: User
    roles: list[RoleLine]
    errors: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    made: str = ""


@blueprint.get("")
def show() -> Response:
    """Health: what is well, and what is not."""
    require_admin(current.actor())
    return page(
        "administration/show.html", {"checks": health.checks(with_work=True)}, crumbs=_crumbs()
    )


@blueprint.get("/hold/release")
def confirm_release() -> Response:
    """Ask before runs go on, and say what to look at first."""
    require_admin(current.actor())
    found = hold.current()
    if found is None:
        raise Conflict("Nothing is on hold: runs go on.")
    return page("administration/release.html", {"found": found}, crumbs=_crumbs("Hold"))


@blueprint.post("/hold/release")
def release_hold() -> Response:
    """Let runs go on that wait since a restore."""
    try:
        hold.release(current.actor())
    except Conflict as refusal:  # A second click.
        current.tell(refusal.text, "warning")
        return respond_after(url_for(".show"))
    return respond_after(url_for(".show"), said="Runs go on.")


@blueprint.get("/settings")
def settings() -> Response:
    """The settings in force; secrets show only that they are set."""
    require_admin(current.actor())
    lines = config.lines(current_app.extensions["gantry_settings"])
    return page("administration/settings.html", {"lines": lines}, crumbs=_crumbs("Settings"))


@blueprint.get("/users")
def user_list(
    errors: Mapping[str, str] | None = None, made: tuple[str, str] = ("", "")
) -> Response:
    """Everybody, and the form for somebody new."""
    q = request.args.get("q", "")
    found = users.listed(current.actor(), q=q, after=paging.after(), limit=paging.limit())
    older = url_with(cursor=paging.encode(found.next)) if found.next else ""
    shown = UsersPage(list(found.items), older, q, errors or {}, request.form, *made)
    status = 422 if errors else 200
    return page("administration/users.html", shown, crumbs=_crumbs("Users"), status=status)


@blueprint.post("/users")
def create_user() -> Response:
    """Make a user."""
    form = parse_form(NewUser)
    try:
        user, made = users.create(
            current.actor(),
            form.email,
            name=form.name,
            password=form.password or None,
            is_admin=form.is_admin,
        )
    except Invalid as refused:
        return user_list(refused.fields)
    if made is None:
        return respond_after(url_for(".user_list"), said=f"{user.email} can sign in now.")
    return user_list(made=(user.email, made))


@blueprint.get("/users/<user_id>")
def user(user_id: str, errors: Mapping[str, str] | None = None, made: str = "") -> Response:
    """Somebody."""
    require_admin(current.actor())
    found = users.get(current.actor(), user_id)
    roles = teams.roles_of_user(current.actor(), found)
    shown = UserPage(found, roles, errors or {}, request.form, made)
    crumbs = [*_crumbs("Users", url_for(".user_list")), Crumb(found.email)]
    return page("administration/user.html", shown, crumbs=crumbs, status=422 if errors else 200)


@blueprint.post("/users/<user_id>")
def edit_user(user_id: str) -> Response:
    """Change somebody's name, or whether they administer."""
    form = parse_form(ChangedUser)
    changes = users.Changes(name=form.name, is_admin=form.is_admin)
    try:
        users.edit(current.actor(), user_id, changes, version=form.version)
    except Invalid as refused:
        return user(user_id, refused.fields)
    return respond_after(url_for(".user", user_id=user_id), said="Saved.")


@blueprint.post("/users/<user_id>/reset-password")
def reset_password(user_id: str) -> Response:
    """Give somebody a new password, and show it this once."""
    _, made = users.reset_password(current.actor(), user_id)
    return user(user_id, made=made)


@blueprint.post("/users/<user_id>/deactivate")
def deactivate(user_id: str) -> Response:
    """Shut somebody out."""
    changed = users.edit(current.actor(), user_id, users.Changes(is_active=False))
    said = f"{changed.email} can no longer sign in; sessions have ended, tokens work no more."
    return respond_after(url_for(".user", user_id=user_id), said=said)


@blueprint.post("/users/<user_id>/activate")
def activate(user_id: str) -> Response:
    """Let somebody in again."""
    changed = users.edit(current.actor(), user_id, users.Changes(is_active=True))
    return respond_after(url_for(".user", user_id=user_id), said=f"{changed.email} may sign in.")


def _crumbs(label: str = "", url: str = "") -> list[Crumb]:
    first = Crumb("Administration", url_for("administration.show"))
    return [first, Crumb(label, url)] if label else [first]
