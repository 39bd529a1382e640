"""Destroying all that is deployed in a workspace."""

from typing import Any

from blueprints._shared import api, current
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, run_link, workspace_of
from services import teardown
from services.teardown import Made

blueprint = api.blueprint("teardown", __name__, tag="Workspaces")


class Destroy(Body):
    """`confirm` is the workspace's name."""

    confirm: str


@blueprint.post("/workspaces/<workspace>/destroy")
def create(**url: Any) -> Json:
    """Make a destroy run for each deployment; what cannot be destroyed now stays, with the reason.

    The workspace itself stays.
    """
    asked = api.body(Destroy)
    made = teardown.destroy(current.actor(), workspace_of(url), asked.confirm)
    return {"items": [_made_json(each) for each in made], "next": None}


def _made_json(made: Made) -> Json:
    row = made.deployment
    return {
        "project": row.project_name,
        "stack": row.stack_name,
        "workspace": row.workspace_name,
        "run": run_link(made.run),
        "reason": made.reason or None,
    }
