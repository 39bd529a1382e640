"""Members of projects and workspaces."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, shapes
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import project_of, workspace_of
from blueprints._shared.shapes import Email, Id, PersonName, list_of, shape
from services import members
from services.errors import Unreadable
from services.members import MemberLine, Place
from services.page import Page

blueprint = api.blueprint("members", __name__, tag="member")
REFUSED = "Owners replace members; only an administrator leaves a place without an owner."


class NewMember(Body):
    """Somebody, and the role they are to hold."""

    user: Email
    """Their id or e-mail address."""
    role: shapes.Role
    """What they may do: an owner everything, a deployer runs, a viewer look."""


MEMBERS = list[NewMember]


@shape
class Member(TypedDict):
    """Somebody with a role."""

    user: Email
    """Their e-mail address."""
    user_id: Id
    """Their id."""
    name: PersonName
    """Their name."""
    role: Annotated[str, Field(examples=["deployer"])]
    """What they may do: an owner everything, a deployer runs, a viewer look."""


@blueprint.get("/projects/<project>/members")
@describe(list_of(Member))
def of_project(**url: Any) -> dict[str, Any]:
    """List the members of a project.

    Owners first.
    """
    return _listing(members.of(current.actor(), project_of(url)))


@blueprint.put("/projects/<project>/members")
@describe(
    list_of(Member),
    takes=MEMBERS,
    refuses={403: REFUSED},
)
def replace_of_project(**url: Any) -> dict[str, Any]:
    """Replace the members of a project.

    These become the members, and nobody else. A person is named by id or e-mail address.
    """
    return _replace(project_of(url))


@blueprint.get("/workspaces/<workspace>/members")
@describe(list_of(Member))
def of_workspace(**url: Any) -> dict[str, Any]:
    """List the members of a workspace.

    Owners first.
    """
    return _listing(members.of(current.actor(), workspace_of(url)))


@blueprint.put("/workspaces/<workspace>/members")
@describe(
    list_of(Member),
    takes=MEMBERS,
    refuses={403: REFUSED},
)
def replace_of_workspace(**url: Any) -> dict[str, Any]:
    """Replace the members of a workspace.

    These become the members, and nobody else. A person is named by id or e-mail address.
    """
    return _replace(workspace_of(url))


def _replace(place: Place) -> dict[str, Any]:
    wanted = api.json_value()
    if not isinstance(wanted, list):
        raise Unreadable("Send a JSON array of members, each with a user and a role.")
    return _listing(members.replace(current.actor(), place, wanted))


def _listing(lines: list[MemberLine]) -> dict[str, Any]:
    return api.listing(Page(lines), _json)


def _json(line: MemberLine) -> Member:
    return {
        "user": line.email,
        "user_id": line.user_id,
        "name": line.name,
        "role": line.role.value,
    }
