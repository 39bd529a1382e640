"""Members of projects and workspaces."""

from typing import Annotated, Any, NotRequired, cast

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, conditional, current, shapes
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import project_of, query_flag, workspace_of
from blueprints._shared.shapes import Email, Id, PersonName, Slug, list_of, shape
from services import members
from services.errors import Unreadable
from services.members import Holder, MemberLine, Place
from services.page import Page

blueprint = api.blueprint("members", __name__, tag="member")
REFUSED = "Owners replace members; only an administrator leaves a place without an owner."


class NewMember(Body):
    """Somebody, and the role they are to hold."""

    user: Annotated[str, Field(examples=["dave@example.com"])] = ""
    """A person, by id or e-mail address; or else one of the two below."""
    team: Annotated[str, Field(examples=[""])] = ""
    """A team, by name or id."""
    service_account: Annotated[str, Field(examples=[""])] = ""
    """A service account, by name or id."""
    role: shapes.Role
    """What they may do: an owner everything, a deployer runs, a viewer look."""


MEMBERS = list[NewMember]


@shape
class Way(TypedDict):
    """Where a role comes from."""

    role: Annotated[str, Field(examples=["deployer"])]
    """The role."""
    team: Annotated[str | None, Field(examples=["platform"])]
    """The team that holds it; null for one of their own."""


@shape
class Member(TypedDict):
    """Somebody with a role: a person, a team or a service account."""

    user: NotRequired[Email]
    """A person's e-mail address."""
    user_id: NotRequired[Id]
    """A person's id."""
    team: NotRequired[Slug]
    """A team's name."""
    team_id: NotRequired[Id]
    """A team's id."""
    service_account: NotRequired[Slug]
    """A service account's name."""
    service_account_id: NotRequired[Id]
    """A service account's id."""
    name: PersonName
    """What they are called."""
    role: Annotated[str, Field(examples=["deployer"])]
    """What they may do: an owner everything, a deployer runs, a viewer look."""
    is_active: NotRequired[bool]
    """Whether they can act at all; not of a team."""
    size: NotRequired[Annotated[int, Field(examples=[7])]]
    """How many are in the team."""
    ways: NotRequired[list[Way]]
    """Where the role comes from, strongest first; only with `effective`."""


@shape
class Effective(TypedDict, total=False):
    """Whether teams are resolved."""

    effective: Annotated[bool, Field(examples=[False])]
    """`true` lists everybody with a role in the end, of their own or through teams."""


@blueprint.get("/projects/<project>/members")
@describe(list_of(Member), query=[Effective])
def of_project(**url: Any) -> dict[str, Any]:
    """List the members of a project.

    The roles given to people, teams and service accounts, owners first; with `effective` everybody
    who has a role in the end, and where it comes from.
    """
    return _members(project_of(url))


@blueprint.put("/projects/<project>/members")
@describe(
    list_of(Member),
    takes=MEMBERS,
    refuses={403: REFUSED},
    guarded=True,
)
def replace_of_project(**url: Any) -> dict[str, Any]:
    """Replace the members of a project.

    These become the members, and nobody else. Each entry names a user, a team or a service account.
    Send the `ETag` of the list you saw as `If-Match`, so that nobody's change is lost.
    """
    return _replace(project_of(url))


@blueprint.get("/workspaces/<workspace>/members")
@describe(list_of(Member), query=[Effective])
def of_workspace(**url: Any) -> dict[str, Any]:
    """List the members of a workspace.

    The roles given to people, teams and service accounts, owners first; with `effective` everybody
    who has a role in the end, and where it comes from.
    """
    return _members(workspace_of(url))


@blueprint.put("/workspaces/<workspace>/members")
@describe(
    list_of(Member),
    takes=MEMBERS,
    refuses={403: REFUSED},
    guarded=True,
)
def replace_of_workspace(**url: Any) -> dict[str, Any]:
    """Replace the members of a workspace.

    These become the members, and nobody else. Each entry names a user, a team or a service account.
    Send the `ETag` of the list you saw as `If-Match`, so that nobody's change is lost.
    """
    return _replace(workspace_of(url))


def _replace(place: Place) -> dict[str, Any]:
    wanted = api.json_value()
    if not isinstance(wanted, list):
        raise Unreadable(
            "Send a JSON array of members, each a role with a user, a team or a service account."
        )
    lines = members.replace(
        current.actor(),
        place,
        wanted,
        is_as_seen=lambda now: conditional.is_as_seen(_listing(now)),
    )
    return _listing(lines)


def _members(place: Place) -> dict[str, Any]:
    if query_flag("effective"):
        return api.listing(Page(members.holders(current.actor(), place)), _effective)
    return _listing(members.of(current.actor(), place))


def _listing(lines: list[MemberLine]) -> dict[str, Any]:
    return api.listing(Page(lines), _json)


def _json(line: MemberLine) -> Member:
    found = _named(line)
    if line.kind == "team":
        found["size"] = line.size
    else:
        found["is_active"] = line.is_active
    return found


def _effective(line: Holder) -> Member:
    found = _named(line)
    found["is_active"] = line.is_active
    found["ways"] = [{"role": role.value, "team": team or None} for role, team in line.ways]
    return found


def _named(line: MemberLine | Holder) -> Member:
    found = {
        line.kind: line.email,
        f"{line.kind}_id": line.id,
        "name": line.name,
        "role": line.role.value,
    }
    return cast("Member", found)  # Two of its names are made of the kind.
