"""Workspaces."""

from typing import Annotated, Any

from flask import Response, request, url_for
from pydantic import Field

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import query_flag, workspace_json, workspace_of
from blueprints._shared.shapes import Deletion, Paging, Words, list_of
from blueprints._shared.shapes.nouns import Workspace
from services import workspaces

blueprint = api.blueprint("workspaces", __name__, tag="workspace")


class NewWorkspace(Body):
    """What a workspace is made of."""

    name: Annotated[str, Field(examples=["staging"])]
    """Its name in URLs: small letters, digits and hyphens. It never changes."""
    title: Annotated[str, Field(examples=["Staging"])] = ""
    """What people call it."""
    description: Annotated[str, Field(examples=["Where changes are tried first"])] = ""
    """What it is for, in free text."""
    protected: bool = False
    """Whether destroy runs are refused here."""


class WorkspaceChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    title: Annotated[str, Field(examples=["Staging"])] = ""
    """What people call it."""
    description: Annotated[str, Field(examples=["Where changes are tried first"])] = ""
    """What it is for, in free text."""
    protected: bool = False
    """Whether destroy runs are refused here."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@blueprint.get("/workspaces")
@describe(list_of(Workspace), query=[Paging, Words])
def index() -> dict[str, Any]:
    """List workspaces.

    Those that the caller sees, by name.
    """
    page = workspaces.visible(
        current.actor(),
        after=paging.after(),
        limit=paging.limit(),
        words=request.args.get("q", ""),
    )
    return api.listing(page, lambda line: workspace_json(line.workspace))


@blueprint.post("/workspaces")
@describe(Workspace, status=201, takes=NewWorkspace, once=True, refuses={409: "The name is taken."})
def create() -> Response:
    """Make a workspace.

    For administrators, or for everybody when the portal is set so. Whoever makes it owns it.
    """
    new = api.body(NewWorkspace)
    made, is_new = api.once(
        "workspace",
        lambda: workspaces.create(current.actor(), **new.model_dump()),
        name=lambda workspace: workspace.name,
        find=lambda name: workspaces.get(current.actor(), name),
    )
    url = url_for("api_workspaces.show", workspace=made.name)
    return api.created(workspace_json(made), url, is_new=is_new)


@blueprint.get("/workspaces/<workspace>")
@describe(Workspace)
def show(**url: Any) -> Workspace:
    """Show a workspace.

    Its name, title and protection. Its deployments and members have calls of their own.
    """
    return workspace_json(workspace_of(url))


@blueprint.patch("/workspaces/<workspace>")
@describe(Workspace, takes=WorkspaceChanges, refuses={409: "Somebody changed it meanwhile."})
def edit(**url: Any) -> Workspace:
    """Change a workspace.

    Title, description or protection; what is left out stays as it is.
    """
    workspace = workspace_of(url)
    changes = api.body(WorkspaceChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return workspace_json(workspaces.edit(current.actor(), workspace, changes, version=version))


@blueprint.delete("/workspaces/<workspace>")
@describe(query=[Deletion], refuses={409: "Resources exist there, or runs are at work."})
def delete(**url: Any) -> Response:
    """Delete a workspace.

    With its deployments, runs and states, for good. Runs at work are killed. Refused while
    resources exist, unless that is said to be meant.
    """
    workspaces.delete(
        current.actor(),
        workspace_of(url),
        confirm=request.args.get("confirm", ""),
        abandon_resources=query_flag("abandon_resources"),
    )
    return api.no_content()
