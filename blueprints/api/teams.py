"""Teams: administrators look after them, everybody sees those they are in."""

from collections.abc import Sequence
from typing import Annotated, Any, NotRequired, cast

from flask import Response, request, url_for
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, conditional, current, paging, shapes
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.shapes import (
    Email,
    Id,
    Instant,
    Paging,
    PersonName,
    Slug,
    Title,
    Version,
    Words,
    list_of,
    shape,
)
from models import team as models
from models.user import User
from services import teams
from services.errors import Unreadable
from services.page import Page

blueprint = api.blueprint("teams", __name__, tag="team")


@shape
class TeamRole(TypedDict):
    """A role that a team holds."""

    project: NotRequired[Slug]
    """The project it is held on, or else"""
    workspace: NotRequired[Slug]
    """the workspace."""
    role: shapes.Role
    """The role."""


@shape
class Team(TypedDict):
    """People and service accounts that hold roles together."""

    id: Id
    """Its id."""
    name: Slug
    """Its name; it never changes."""
    title: Title
    """What people call it."""
    description: Annotated[str, Field(examples=["Looks after the clusters"])]
    """What it is for."""
    created_at: Instant | None
    """When it was made."""
    created_by: PersonName
    """Who made it."""
    version: Version
    """Rises with each change of title or description."""
    size: NotRequired[Annotated[int, Field(examples=[7])]]
    """How many are in it; in lists."""
    roles: NotRequired[list[TeamRole]]
    """The roles it holds; not in lists."""


@shape
class TeamMember(TypedDict):
    """Somebody in a team."""

    user: NotRequired[Email]
    """A person's e-mail address."""
    user_id: NotRequired[Id]
    """A person's id."""
    service_account: NotRequired[Slug]
    """A service account's name."""
    service_account_id: NotRequired[Id]
    """A service account's id."""
    name: PersonName
    """What they are called."""
    is_active: Annotated[bool, Field(examples=[True])]
    """Whether they can act at all."""


class NewTeam(Body):
    """A team to be made, with nobody in it."""

    name: Slug
    """Its name: small letters, digits and hyphens. It never changes."""
    title: Title = ""
    """What people call it."""
    description: Annotated[str, Field(examples=["Looks after the clusters"])] = ""
    """What it is for."""


class TeamChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    title: Title = ""
    """What people call it."""
    description: Annotated[str, Field(examples=["Looks after the clusters"])] = ""
    """What it is for."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


class NewTeamMember(Body):
    """Somebody to be in a team: one of the two."""

    user: Annotated[str, Field(examples=["dave@example.com"])] = ""
    """A person, by id or e-mail address."""
    service_account: Annotated[str, Field(examples=[""])] = ""
    """A service account, by name or id."""


@shape
class TeamDeletion(TypedDict, total=False):
    """What makes sure that a deletion is meant."""

    confirm: Annotated[str, Field(examples=["platform"])]
    """The name of the team, typed again. Without it nothing is deleted."""


TEAM_MEMBERS = list[NewTeamMember]


@blueprint.get("/teams")
@describe(list_of(Team), query=[Paging, Words])
def index() -> dict[str, Any]:
    """List teams.

    By name: all of them for administrators, one's own for others.
    """
    words = request.args.get("q", "")
    found = teams.listed(current.actor(), q=words, after=paging.after(), limit=paging.limit())
    return api.listing(found, _line)


@blueprint.post("/teams")
@describe(Team, status=201, takes=NewTeam, once=True, refuses={409: "The name is taken."})
def create() -> Response:
    """Make a team.

    For administrators. Nobody is in it yet, and it holds no role.
    """
    sent, actor = api.body(NewTeam), current.actor()
    made, is_new = api.once(
        "team",
        lambda: teams.create(actor, **sent.model_dump()),
        name=lambda one: one.id,
        find=lambda one: teams.get(actor, one),
    )
    return api.created(_whole(made), url_for(".show", team=made.name), is_new=is_new)


@blueprint.get("/teams/<team>")
@describe(Team)
def show(team: str) -> Team:
    """Show a team.

    By name or id, with the roles it holds. Administrators see all, others those they are in.
    """
    return _whole(_team(team))


@blueprint.patch("/teams/<team>")
@describe(Team, takes=TeamChanges, refuses={409: "Somebody changed it meanwhile."})
def edit(team: str) -> Team:
    """Change a team.

    Title or description; what is left out stays as it is. For administrators.
    """
    changes = api.body(TeamChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return _whole(teams.edit(current.actor(), _team(team), changes, version=version))


@blueprint.delete("/teams/<team>")
@describe(query=[TeamDeletion])
def delete(team: str) -> Response:
    """Delete a team.

    With every role it holds: who had a role through it loses it at once. For administrators.
    """
    confirm = request.args.get("confirm", "")
    teams.delete_team(current.actor(), _team(team), confirm=confirm)
    return api.no_content()


@blueprint.get("/teams/<team>/members")
@describe(list_of(TeamMember))
def members(team: str) -> dict[str, Any]:
    """List who is in a team.

    People first, by name.
    """
    return _inside(teams.members_of(current.actor(), _team(team)))


@blueprint.put("/teams/<team>/members")
@describe(list_of(TeamMember), takes=TEAM_MEMBERS, guarded=True)
def replace_members(team: str) -> dict[str, Any]:
    """Replace who is in a team.

    These, and nobody else; it takes effect at once. For administrators. Send the `ETag` of the list
    you saw as `If-Match`, so that nobody's change is lost.
    """
    wanted = api.json_value()
    if not isinstance(wanted, list):
        raise Unreadable("Send a JSON array, each with a user or a service_account.")
    found = teams.replace_members(
        current.actor(),
        _team(team),
        wanted,
        is_as_seen=lambda now: conditional.is_as_seen(_inside(now)),
    )
    return _inside(found)


def _inside(found: Sequence[User]) -> dict[str, Any]:
    return api.listing(Page(found), _member)


def _team(name: str) -> models.Team:
    return teams.get(current.actor(), name)


def _whole(team: models.Team) -> Team:
    held = teams.roles_of(current.actor(), team)
    roles = [{line.noun: line.place, "role": line.role.value} for line in held]
    # One of its names is the noun.
    return {**as_json(team), "roles": cast("list[TeamRole]", roles)}


def _line(line: teams.TeamLine) -> Team:
    return {**as_json(line.team), "size": line.size}


def as_json(team: models.Team) -> Team:
    """A team as the API answers it."""
    return {
        "id": team.id,
        "name": team.name,
        "title": team.title,
        "description": team.description,
        "created_at": api.instant(team.created_at),
        "created_by": team.created_by_name,
        "version": team.version,
    }


def _member(user: User) -> TeamMember:
    kind = user.kind.actor_kind
    found = {
        kind: user.handle,
        f"{kind}_id": user.id,
        "name": user.name,
        "is_active": user.is_active,
    }
    return cast("TeamMember", found)  # Two of its names are made of the kind.
