"""Destroying all that is deployed in a workspace."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, run_link, workspace_of
from blueprints._shared.shapes import Slug, list_of, shape
from blueprints._shared.shapes.nouns import RunLink
from services import teardown
from services.teardown import Made

blueprint = api.blueprint("teardown", __name__, tag="workspace")


class Destroy(Body):
    """`confirm` is the workspace's name."""

    confirm: Annotated[str, Field(examples=["staging"])]
    """The workspace's name, typed again."""


@shape
class Destroyed(TypedDict):
    """What becomes of one deployment."""

    project: Slug
    """The project of its stack."""
    stack: Annotated[str, Field(examples=["web"])]
    """Its stack."""
    workspace: Annotated[str, Field(examples=["staging"])]
    """Its workspace."""
    run: RunLink | None
    """The run that destroys it; null when there is none."""
    reason: Annotated[str | None, Field(examples=[None])]
    """Why there is none, in a sentence."""


@blueprint.post("/workspaces/<workspace>/destroy")
@describe(
    list_of(Destroyed),
    takes=Destroy,
    once=True,
    refuses={409: "Nothing can be destroyed there now."},
)
def create(**url: Any) -> Json:
    """Destroy all that is deployed in a workspace.

    Makes a destroy run for each deployment, dependents first; what cannot be destroyed now stays,
    with the reason. The workspace itself stays, too.
    """
    asked, actor, workspace = api.body(Destroy), current.actor(), workspace_of(url)
    done, _is_new = api.once(
        "teardown",
        lambda: teardown.destroy(actor, workspace, asked.confirm),
        name=lambda made: made.id,
        find=lambda teardown_id: teardown.again(workspace, teardown_id),
    )
    return {"items": [_made_json(each) for each in done.made], "next": None}


def _made_json(made: Made) -> Destroyed:
    row = made.deployment
    return {
        "project": row.project_name,
        "stack": row.stack_name,
        "workspace": row.workspace_name,
        "run": run_link(made.run),
        "reason": made.reason or None,
    }
