"""Settling a blocked deployment."""

from typing import Any

from blueprints._shared import api, current
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, deployment_at, deployment_json
from services import deployments, settling

blueprint = api.blueprint("settle", __name__, tag="Deployments")
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/settle"


class Settle(Body):
    """`decision` is take_candidate or keep_current; `candidate` names one of several."""

    decision: str
    note: str = ""
    candidate: str | None = None


@blueprint.post(PATH)
def create(**url: Any) -> Json:
    """Say which state holds; the block ends, and the queue goes on."""
    asked, actor = api.body(Settle), current.actor()
    deployment = deployment_at(url)
    settling.settle(actor, deployment, asked.decision, asked.note, candidate_id=asked.candidate)
    return deployment_json(deployments.line_of(actor, deployment_at(url)))
