"""Members of projects and workspaces."""

from typing import Any

from blueprints._shared import api, current
from blueprints._shared.nouns import project_of, workspace_of
from services import members
from services.errors import Unreadable
from services.members import MemberLine, Place
from services.page import Page

blueprint = api.blueprint("members", __name__, tag="Members")


@blueprint.get("/projects/<project>/members")
def of_project(**url: Any) -> dict[str, Any]:
    """The members of a project, owners first."""
    return _listing(members.of(current.actor(), project_of(url)))


@blueprint.put("/projects/<project>/members")
def replace_of_project(**url: Any) -> dict[str, Any]:
    """Make these the members of a project, and nobody else."""
    return _replace(project_of(url))


@blueprint.get("/workspaces/<workspace>/members")
def of_workspace(**url: Any) -> dict[str, Any]:
    """The members of a workspace, owners first."""
    return _listing(members.of(current.actor(), workspace_of(url)))


@blueprint.put("/workspaces/<workspace>/members")
def replace_of_workspace(**url: Any) -> dict[str, Any]:
    """Make these the members of a workspace, and nobody else."""
    return _replace(workspace_of(url))


def _replace(place: Place) -> dict[str, Any]:
    wanted = api.json_value()
    if not isinstance(wanted, list):
        raise Unreadable("Send a JSON array of members, each with a user and a role.")
    return _listing(members.replace(current.actor(), place, wanted))


def _listing(lines: list[MemberLine]) -> dict[str, Any]:
    return api.listing(Page(lines), _json)


def _json(line: MemberLine) -> dict[str, Any]:
    return {
        "user": line.email,
        "user_id": line.user_id,
        "name": line.name,
        "role": line.role.value,
    }
