"""Workspaces."""

from typing import Any

from flask import Response, request, url_for

from blueprints._shared import api, current, paging
from blueprints._shared.forms import Body
from blueprints._shared.nouns import query_flag, workspace_json, workspace_of
from services import workspaces

blueprint = api.blueprint("workspaces", __name__, tag="Workspaces")


class NewWorkspace(Body):
    """What a workspace is made of."""

    name: str
    title: str = ""
    description: str = ""
    protected: bool = False


class WorkspaceChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    title: str = ""
    description: str = ""
    protected: bool = False
    version: int | None = None


@blueprint.get("/workspaces")
def index() -> dict[str, Any]:
    """The workspaces the caller sees, by name; `q` narrows them."""
    page = workspaces.visible(
        current.actor(),
        after=paging.after(),
        limit=paging.limit(),
        words=request.args.get("q", ""),
    )
    return api.listing(page, lambda line: workspace_json(line.workspace))


@blueprint.post("/workspaces")
def create() -> Response:
    """Make a workspace."""
    api.require_scope("administer")
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
def show(**url: Any) -> dict[str, Any]:
    """One workspace."""
    return workspace_json(workspace_of(url))


@blueprint.patch("/workspaces/<workspace>")
def edit(**url: Any) -> dict[str, Any]:
    """Change title, description or protection."""
    workspace = workspace_of(url)
    changes = api.body(WorkspaceChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return workspace_json(workspaces.edit(current.actor(), workspace, changes, version=version))


@blueprint.delete("/workspaces/<workspace>")
def delete(**url: Any) -> Response:
    """Delete a workspace; `?confirm=<name>`, and `&abandon_resources=true` while some are left."""
    workspaces.delete(
        current.actor(),
        workspace_of(url),
        confirm=request.args.get("confirm", ""),
        abandon_resources=query_flag("abandon_resources"),
    )
    return api.no_content()
