"""Administration of teams: who is in them, what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request, url_for

from blueprints._shared import current, paging
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import Typed, posted
from models.team import Team
from models.user import User
from services import teams
from services.access import require_admin
from services.errors import Conflict, GantryError, Invalid
from services.teams import RoleLine, TeamLine

blueprint = Blueprint("teams", __name__, url_prefix="/administration/teams")
NOTHING = Typed({})


@dataclass(frozen=True)
class Index:
    """What teams/index.html reads."""

    teams: Sequence[TeamLine]
    older_url: str
    q: str
    form: Typed


@dataclass(frozen=True)
class Show:
    """What teams/show.html reads. `form` is of the settings, `who` of a new member."""

    team: Team
    members: Sequence[User]
    roles: Sequence[RoleLine]
    form: Typed
    who: Typed


@dataclass(frozen=True)
class Delete:
    """What teams/delete.html reads."""

    team: Team
    members: Sequence[User]
    roles: Sequence[RoleLine]
    form: Typed


@blueprint.get("")
def index() -> Response:
    """Every team, and the form for another."""
    return _index(NOTHING)


@blueprint.post("")
def create() -> Response:
    """Make a team."""
    form = posted()
    try:
        made = teams.create(
            current.actor(), form["name"], title=form["title"], description=form["description"]
        )
    except (Invalid, Conflict) as refusal:
        return _index(form.refused(refusal, beside="name"), _status(refusal))
    return respond_after(url_for(".show", team=made.name), said="The team is there. Who is in it?")


@blueprint.get("/<team>")
def show(team: str) -> Response:
    """A team."""
    return _show(_team(team))


@blueprint.post("/<team>")
def edit(team: str) -> Response:
    """Change title or description."""
    found, form = _team(team), posted()
    changes = {name: form[name] for name in teams.EDITABLE if name in form.values}
    try:
        teams.edit(current.actor(), found, changes, version=form.version)
    except (Invalid, Conflict) as refusal:
        return _show(found, form.refused(refusal), status=_status(refusal))
    return respond_after(url_for(".show", team=found.name), said="Saved.")


@blueprint.post("/<team>/members")
def put_member(team: str) -> Response:
    """Take somebody into a team."""
    found, form = _team(team), posted()
    try:
        user = teams.put_member(current.actor(), found, form["who"])
    except Invalid as refusal:
        return _show(found, who=form.refused(refusal), status=422)
    return respond_after(url_for(".show", team=found.name), said=f"{user.name} is in the team.")


@blueprint.post("/<team>/members/<user_id>/delete")
def delete_member(team: str, user_id: str) -> Response:
    """Take somebody out of a team."""
    found = _team(team)
    teams.remove_member(current.actor(), found, user_id)
    said = "They are out of the team; the roles they had through it have ended."
    return respond_after(url_for(".show", team=found.name), said=said)


@blueprint.get("/<team>/delete")
def confirm_delete(team: str) -> Response:
    """What goes with a team, before it goes."""
    return _delete(_team(team), NOTHING)


@blueprint.post("/<team>/delete")
def delete(team: str) -> Response:
    """Delete a team."""
    found, form = _team(team), posted()
    try:
        teams.delete_team(current.actor(), found, confirm=form["confirm"])
    except Invalid as refusal:
        return _delete(found, form.refused(refusal), 422)
    return respond_after(url_for(".index"), said=f"The team {team} is gone, with its roles.")


def _team(name: str) -> Team:
    require_admin(current.actor())
    return teams.get(current.actor(), name)


def _index(form: Typed, status: int = 200) -> Response:
    actor, q = current.actor(), request.args.get("q", "")
    require_admin(actor)
    found = teams.listed(actor, q=q, after=paging.after(), limit=paging.limit())
    older = url_with(cursor=paging.encode(found.next)) if found.next else ""
    return page(
        "teams/index.html", Index(found.items, older, q, form), crumbs=_crumbs(), status=status
    )


def _show(team: Team, form: Typed = NOTHING, who: Typed = NOTHING, status: int = 200) -> Response:
    actor = current.actor()
    shown = Show(team, teams.members_of(actor, team), teams.roles_of(actor, team), form, who)
    return page("teams/show.html", shown, crumbs=_crumbs(team.name), status=status)


def _delete(team: Team, form: Typed, status: int = 200) -> Response:
    actor = current.actor()
    shown = Delete(team, teams.members_of(actor, team), teams.roles_of(actor, team), form)
    return page("teams/delete.html", shown, crumbs=_crumbs(team.name), status=status)


def _status(refusal: GantryError) -> int:
    return 422 if isinstance(refusal, Invalid) else 409


def _crumbs(name: str = "") -> list[Crumb]:
    above = [
        Crumb("Administration", url_for("administration.show")),
        Crumb("Teams", url_for(".index")),
    ]
    return [*above, Crumb(name)] if name else above
