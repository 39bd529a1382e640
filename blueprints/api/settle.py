"""Settling a blocked deployment."""

from typing import Annotated, Any

from pydantic import Field

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, deployment_at, deployment_json
from blueprints._shared.shapes import Id
from blueprints._shared.shapes.nouns import Deployment
from services import deployments, settling

blueprint = api.blueprint("settle", __name__, tag="deployment")
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/settle"


class Settle(Body):
    """`decision` is take_candidate or keep_current; `candidate` names one of several."""

    decision: Annotated[str, Field(examples=["keep_current"])]
    """`take_candidate` or `keep_current`."""
    note: Annotated[str, Field(examples=["Looked at the account: nothing was made"])] = ""
    """Why, for those who read the audit log."""
    candidate: Id | None = None
    """Which of several candidates, by the id of its state version."""


@blueprint.post(PATH)
@describe(
    Deployment,
    takes=Settle,
    refuses={409: "It is not blocked, or the candidate is not offered any more."},
)
def create(**url: Any) -> Json:
    """Settle a blocked deployment.

    Says which state holds; the block ends, and the queue goes on. Audited, with the note.
    """
    asked, actor = api.body(Settle), current.actor()
    deployment = deployment_at(url)
    settling.settle(actor, deployment, asked.decision, asked.note, candidate_id=asked.candidate)
    return deployment_json(deployments.line_of(actor, deployment_at(url)))
