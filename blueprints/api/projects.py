"""Projects."""

from typing import Annotated, Any

from flask import Response, request, url_for
from pydantic import Field

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import project_json, project_of, query_flag
from blueprints._shared.shapes import Deletion, Paging, Words, list_of
from blueprints._shared.shapes.nouns import Project
from services import projects

blueprint = api.blueprint("projects", __name__, tag="project")


class NewProject(Body):
    """What a project is made of."""

    name: Annotated[str, Field(examples=["shop"])]
    """Its name in URLs: small letters, digits and hyphens. It never changes."""
    title: Annotated[str, Field(examples=["Shop"])] = ""
    """What people call it."""
    description: Annotated[str, Field(examples=["All that the shop runs on"])] = ""
    """What it is for, in free text."""


class ProjectChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    title: Annotated[str, Field(examples=["Shop"])] = ""
    """What people call it."""
    description: Annotated[str, Field(examples=["All that the shop runs on"])] = ""
    """What it is for, in free text."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@blueprint.get("/projects")
@describe(list_of(Project), query=[Paging, Words])
def index() -> dict[str, Any]:
    """List projects.

    Those that the caller sees, by name.
    """
    page = projects.visible(
        current.actor(),
        after=paging.after(),
        limit=paging.limit(),
        words=request.args.get("q", ""),
    )
    return api.listing(page, lambda line: project_json(line.project))


@blueprint.post("/projects")
@describe(Project, status=201, takes=NewProject, once=True, refuses={409: "The name is taken."})
def create() -> Response:
    """Make a project.

    For administrators, or for everybody when the portal is set so. Whoever makes it owns it.
    """
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
@describe(Project)
def show(**url: Any) -> Project:
    """Show a project.

    Its name, title and description. Its stacks and members have calls of their own.
    """
    return project_json(project_of(url))


@blueprint.patch("/projects/<project>")
@describe(Project, takes=ProjectChanges, refuses={409: "Somebody changed it meanwhile."})
def edit(**url: Any) -> Project:
    """Change a project.

    Title or description; what is left out stays as it is.
    """
    project = project_of(url)
    changes = api.body(ProjectChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return project_json(projects.edit(current.actor(), project, changes, version=version))


@blueprint.delete("/projects/<project>")
@describe(query=[Deletion], refuses={409: "Resources exist there, or runs are at work."})
def delete(**url: Any) -> Response:
    """Delete a project.

    With its stacks, runs and states, for good. Runs at work are killed. Refused while resources
    exist, unless that is said to be meant.
    """
    projects.delete(
        current.actor(),
        project_of(url),
        confirm=request.args.get("confirm", ""),
        abandon_resources=query_flag("abandon_resources"),
    )
    return api.no_content()
