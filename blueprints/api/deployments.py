"""Deployments: what is deployed of a stack in a workspace, and the lock a person holds on it."""

from typing import Any

from flask import Response, request

from blueprints._shared import api, current, paging
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
from models.project import Deployment
from services import deployments, locks, states
from services.deployments import OutputLine, ResourceLine
from services.page import Page

blueprint = api.blueprint("deployments", __name__, tag="Deployments")
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>"


class Lock(Body):
    """Why somebody locks a deployment."""

    note: str = ""


def _stored(url: Json) -> Deployment:
    names = (url["project"], url["stack"], url["workspace"])
    return deployments.get(current.actor(), *names)


@blueprint.get("/projects/<project>/stacks/<stack>/workspaces")
def of_stack(**url: Any) -> Json:
    """Where a stack is deployed, by workspace."""
    page = deployments.of_stack(
        current.actor(), stack_of(url), after=paging.after(), limit=paging.limit()
    )
    return api.listing(page, deployment_json)


@blueprint.get("/workspaces/<workspace>/deployments")
def of_workspace(**url: Any) -> Json:
    """What is deployed in a workspace, the oldest first."""
    page = deployments.of_workspace(
        current.actor(), workspace_of(url), after=paging.after(), limit=paging.limit()
    )
    return api.listing(page, deployment_json)


@blueprint.get(PATH)
def show(**url: Any) -> Json:
    """One deployment, with its locks and runs."""
    return deployment_json(deployments.line_of(current.actor(), _stored(url)))


@blueprint.post(f"{PATH}/lock")
def lock(**url: Any) -> Json:
    """Lock a deployment by hand: other people's runs wait until the lock is taken away."""
    asked = api.body(Lock)
    locks.lock(current.actor(), deployment_at(url), asked.note)
    return show(**url)


@blueprint.delete(f"{PATH}/lock")
def unlock(**url: Any) -> Response:
    """Take one's own lock away; with `?force=true` (owners) anybody's."""
    locks.unlock(current.actor(), deployment_at(url), force=query_flag("force"))
    return api.no_content()


@blueprint.get(f"{PATH}/resources")
def resources(**url: Any) -> Json:
    """What exists there, by address; `q` narrows it."""
    page = deployments.resources(
        current.actor(),
        deployment_at(url),
        after=paging.after(),
        limit=paging.limit(),
        words=request.args.get("q", ""),
    )
    return api.listing(page, _resource_json)


@blueprint.get(f"{PATH}/outputs")
def outputs(**url: Any) -> Json:
    """The outputs of the last apply; of a sensitive one only that it is there."""
    return api.listing(Page(states.outputs(current.actor(), deployment_at(url))), _output_json)


def _resource_json(line: ResourceLine) -> Json:
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


def _output_json(line: OutputLine) -> Json:
    return {
        "name": line.name,
        "type": line.type,
        "sensitive": line.sensitive,
        "value": line.value,
    }
