"""Links: the repository of a deployment."""

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import deployment_at, stack_of
from blueprints._shared.shapes import list_of
from blueprints._shared.shapes.vcs import Patterns, Repository, VcsLink
from blueprints._shared.vcs_json import link_json
from services.errors import NotFound
from services.page import Page
from services.vcs import links

blueprint = api.blueprint("vcs_links", __name__, tag="deployment")
STACK = "/projects/<project>/stacks/<stack>"
PATH = f"{STACK}/workspaces/<workspace>/vcs-link"


class NewLink(Body):
    """What a deployment is to be linked to; what is left out has its usual value."""

    integration: Annotated[str, Field(examples=["github"])]
    """The integration to go through, by id or name; the project's own stand first."""
    repository: Repository
    """The repository's name there."""
    branch: Annotated[str, Field(examples=["main"])] = ""
    """The branch to follow; empty for the repository's default branch."""
    path: Annotated[str, Field(examples=["stacks/web"])] = ""
    """The directory of the code; empty for the repository's top."""
    globs: Patterns = Field(default_factory=list)
    """Which other files concern it."""
    tags: Annotated[str, Field(examples=["v*"])] = ""
    """Which tags start a run, by pattern; empty for none."""
    on_push: Literal["apply", "preview", "nothing"] = "apply"
    """What a push to the branch starts."""
    on_pull_request: Annotated[bool, Field(examples=[True])] = True
    """Whether pull requests into the branch are previewed."""
    allow_forks: bool = False
    """Whether those from forks are, too. Their code then sees the deployment's secrets."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@blueprint.get(f"{STACK}/vcs-links")
@describe(list_of(VcsLink))
def of_stack(**url: Any) -> dict[str, Any]:
    """List the links of a stack.

    By workspace, as far as the caller sees them.
    """
    return api.listing(Page(links.of_stack(current.actor(), stack_of(url))), link_json)


@blueprint.get(PATH)
@describe(VcsLink)
def show(**url: Any) -> VcsLink:
    """Show a deployment's link.

    Its repository, branch and path, and what a change there starts.
    """
    line = links.get(current.actor(), deployment_at(url))
    if line is None:
        raise NotFound(links.no_link(url["stack"], url["workspace"]))
    return link_json(line)


@blueprint.put(PATH)
@describe(VcsLink, takes=NewLink, refuses={409: "Somebody changed it meanwhile."})
def put(**url: Any) -> VcsLink:
    """Link a deployment to a repository.

    Or change its link, whole. From then on it starts runs with the caller's rights, who must own
    the project and be able to create runs in the workspace.
    """
    sent = api.body(NewLink).model_dump()
    return link_json(links.put(current.actor(), deployment_at(url), **sent))


@blueprint.delete(PATH)
@describe()
def delete(**url: Any) -> Response:
    """Unlink a deployment.

    What the link has started goes on.
    """
    links.remove(current.actor(), deployment_at(url))
    return api.no_content()
