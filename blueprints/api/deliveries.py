"""What services have sent about repositories, and what became of it."""

from typing import Annotated, Any

from flask import Response, request
from pydantic import Field

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.run_made import made
from blueprints._shared.shapes import Slug, list_of
from blueprints._shared.shapes.runs import Run
from blueprints._shared.shapes.vcs import ByDelivery, Delivery
from blueprints._shared.vcs_json import delivery_json
from services import deployments, projects
from services.vcs import deliveries, integrations, starting

blueprint = api.blueprint("deliveries", __name__, tag="vcs-integration")
PATH = "/deliveries/<delivery_id>"


class Place(Body):
    """The deployment for which a run is to be started."""

    project: Slug
    """Its project."""
    stack: Annotated[str, Field(examples=["web"])]
    """Its stack."""
    workspace: Annotated[str, Field(examples=["staging"])]
    """Its workspace."""


@blueprint.get("/deliveries")
@describe(list_of(Delivery), query=[ByDelivery])
def index() -> dict[str, Any]:
    """List deliveries.

    Newest first: those of the caller's projects' integrations, and those that meant something for a
    deployment that the caller sees.
    """
    actor, asked = current.actor(), request.args
    integration, project = asked.get("integration", ""), asked.get("project", "")
    page = deliveries.listed(
        actor,
        integration=integrations.get(actor, integration) if integration else None,
        project=projects.get(actor, project) if project else None,
        verdict=asked.get("verdict", ""),
        after=paging.after(),
        limit=paging.limit(),
    )
    return api.listing(page, delivery_json)


@blueprint.get(PATH)
@describe(Delivery)
def show(delivery_id: str) -> Delivery:
    """Show a delivery.

    With what became of it for each deployment that the caller sees.
    """
    return delivery_json(deliveries.get(current.actor(), delivery_id))


@blueprint.post(f"{PATH}/redeliver")
@describe(Delivery, refuses={409: "It waits for its turn, or says nothing that starts a run."})
def redeliver(delivery_id: str) -> Delivery:
    """Deal with a delivery again.

    For those who keep the integration. What was started is not started again; what was skipped is
    judged anew.
    """
    deliveries.redeliver(current.actor(), delivery_id)
    return show(delivery_id)


@blueprint.post(f"{PATH}/run-anyway")
@describe(Run, status=201, takes=Place, once=True, refuses={409: "A run was started already."})
def run_anyway(delivery_id: str) -> Response:
    """Run a skipped delivery anyway.

    For one deployment, with the caller's rights: an apply or a preview, as its link says.
    """
    sent, actor = api.body(Place), current.actor()
    place = deployments.get(actor, sent.project, sent.stack, sent.workspace)
    return made(lambda: starting.run_anyway(actor, delivery_id, place))
