"""Projects."""

from typing import Any

from flask import Response, request, url_for

from blueprints._shared import api, current, paging
from blueprints._shared.forms import Body
from blueprints._shared.nouns import project_json, project_of, query_flag
from services import projects

blueprint = api.blueprint("projects", __name__, tag="Projects")


class NewProject(Body):
    """What a project is made of."""

    name: str
    title: str = ""
    description: str = ""


class ProjectChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    title: str = ""
    description: str = ""
    version: int | None = None


@blueprint.get("/projects")
def index() -> dict[str, Any]:
    """The projects the caller sees, by name; `q` narrows them."""
    page = projects.visible(
        current.actor(),
        after=paging.after(),
        limit=paging.limit(),
        words=request.args.get("q", ""),
    )
    return api.listing(page, lambda line: project_json(line.project))


@blueprint.post("/projects")
def create() -> Response:
    """Make a project."""
    api.require_scope("administer")
    new = api.body(NewProject)
    made, is_new = api.once(
        "project",
        lambda: projects.create(current.actor(), **new.model_dump()),
        name=lambda project: project.name,
        find=lambda name: projects.get(current.actor(), name),
    )
    url = url_for("api_projects.show", project=made.name)
    return api.created(project_json(made), url, is_new=is_new)


@blueprint.get("/projects/<project>")
def show(**url: Any) -> dict[str, Any]:
    """One project."""
    return project_json(project_of(url))


@blueprint.patch("/projects/<project>")
def edit(**url: Any) -> dict[str, Any]:
    """Change title or description."""
    project = project_of(url)
    changes = api.body(ProjectChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return project_json(projects.edit(current.actor(), project, changes, version=version))


@blueprint.delete("/projects/<project>")
def delete(**url: Any) -> Response:
    """Delete a project; `?confirm=<name>`, and `&abandon_resources=true` while some are left."""
    projects.delete(
        current.actor(),
        project_of(url),
        confirm=request.args.get("confirm", ""),
        abandon_resources=query_flag("abandon_resources"),
    )
    return api.no_content()
