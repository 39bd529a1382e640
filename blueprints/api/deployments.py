"""Deployments: what is deployed of a stack in a workspace, and the lock a person holds on it."""

from typing import Annotated, Any

from flask import Response, request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import (
    Json,
    deployment_at,
    deployment_json,
    instant,
    query_flag,
    run_link,
    stack_of,
    workspace_of,
)
from blueprints._shared.shapes import Paging, Words, list_of, shape
from blueprints._shared.shapes.nouns import Deployment, Output, Resource, ResourceKinds
from models import project as models
from services import deployments, locks, states
from services.deployments import OutputLine, ResourceFilter, ResourceLine
from services.page import Page

blueprint = api.blueprint("deployments", __name__, tag="deployment")
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>"


class HandLock(Body):
    """Why somebody locks a deployment."""

    note: str = ""
    """Why, for those who find it locked."""


@shape
class Force(TypedDict, total=False):
    """Whether somebody else's lock is meant."""

    force: Annotated[bool, Field(examples=[False])]
    """`true` takes anybody's lock away; owners may."""


def _stored(url: Json) -> models.Deployment:
    names = (url["project"], url["stack"], url["workspace"])
    return deployments.get(current.actor(), *names)


@blueprint.get("/projects/<project>/stacks/<stack>/workspaces")
@describe(list_of(Deployment), query=[Paging])
def of_stack(**url: Any) -> Json:
    """List the deployments of a stack.

    Where a stack is deployed, by the name of the workspace; those in workspaces that the caller
    does not see are left out.
    """
    page = deployments.of_stack(
        current.actor(), stack_of(url), after=paging.after(), limit=paging.limit()
    )
    return api.listing(page, deployment_json)


@blueprint.get("/workspaces/<workspace>/deployments")
@describe(list_of(Deployment), query=[Paging])
def of_workspace(**url: Any) -> Json:
    """List the deployments in a workspace.

    What is deployed there, the oldest first; those of projects that the caller does not see are
    left out.
    """
    page = deployments.of_workspace(
        current.actor(), workspace_of(url), after=paging.after(), limit=paging.limit()
    )
    return api.listing(page, deployment_json)


@blueprint.get(PATH)
@describe(Deployment)
def show(**url: Any) -> Json:
    """Show a deployment.

    With who may change it now, and with its runs. A deployment comes to be with its first run,
    variable, schedule or lock; before that it is 404.
    """
    return deployment_json(deployments.line_of(current.actor(), _stored(url)))


@blueprint.post(f"{PATH}/lock")
@describe(Deployment, takes=HandLock, refuses={409: "Somebody locked it by hand already."})
def lock(**url: Any) -> Json:
    """Lock a deployment by hand.

    Other people's runs wait until the lock is taken away. Triggers never pass it, one's own
    included; previews go on.
    """
    asked = api.body(HandLock)
    locks.lock(current.actor(), deployment_at(url), asked.note)
    return show(**url)


@blueprint.delete(f"{PATH}/lock")
@describe(
    query=[Force], refuses={409: "Nobody locked it, or somebody else did; owners may say force."}
)
def unlock(**url: Any) -> Response:
    """Take the lock away.

    One's own; with `?force=true` (owners only) anybody's, a state client's included. A run's lock
    ends with the run.
    """
    locks.unlock(current.actor(), deployment_at(url), force=query_flag("force"))
    return api.no_content()


@blueprint.get(f"{PATH}/resources")
@describe(list_of(Resource), query=[Paging, Words, ResourceKinds])
def resources(**url: Any) -> Json:
    """List the resources.

    What exists there, by address, with the runs that made and changed each.
    """
    page = deployments.resources(
        current.actor(),
        deployment_at(url),
        after=paging.after(),
        limit=paging.limit(),
        wanted=ResourceFilter(*map(request.args.get, ("q", "type", "module"), ("",) * 3)),
    )
    return api.listing(page, _resource_json)


@blueprint.get(f"{PATH}/outputs")
@describe(list_of(Output))
def outputs(**url: Any) -> Json:
    """List the outputs.

    Those of the last apply. Of a sensitive one only that it is there.
    """
    return api.listing(Page(states.outputs(current.actor(), deployment_at(url))), _output_json)


def _resource_json(line: ResourceLine) -> Resource:
    row = line.resource
    return {
        "address": row.address,
        "module": row.module,
        "type": row.type,
        "provider": row.provider,
        "id": row.instance_id,
        "made_by": run_link(line.made_run),
        "changed_by": run_link(line.changed_run),
        "changed_at": instant(row.changed_at),
    }


def _output_json(line: OutputLine) -> Output:
    return {
        "name": line.name,
        "type": line.type,
        "sensitive": line.sensitive,
        "value": line.value,
    }
