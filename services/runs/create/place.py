"""Where a run is to be: found by names or by ids, and whether somebody may make runs there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from models.project import Deployment, Project, Stack, Workspace
from services import deployments, projects, stacks, workspaces
from services.access import Action, Actor, require, require_towards
from services.runs.create.request import NewRun
from services.transaction import session

T = TypeVar("T", Project, Stack, Workspace, Deployment)


@dataclass(frozen=True)
class Place:
    """A deployment with what it lies in."""

    project: Project
    stack: Stack
    workspace: Workspace
    deployment: Deployment


def named(actor: Actor, request: NewRun) -> Place:
    """The place that a request names, its deployment kept; in the caller's transaction.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
    """
    project = projects.towards(actor, request.project)
    stack = stacks.towards_in(actor, project, request.stack)
    workspace = workspaces.towards(actor, request.workspace)
    found = deployments.between(stack, workspace)
    require(actor, Action.CREATE_RUN, found)
    return Place(project, stack, workspace, deployments.keep(found))


def places_of(deployment_ids: Collection[str]) -> dict[str, Place]:
    """The places of deployments, by the deployments' ids; nobody's rights are asked."""
    found = _all(Deployment, deployment_ids)
    project = _all(Project, (each.project_id for each in found.values()))
    stack = _all(Stack, (each.stack_id for each in found.values()))
    workspace = _all(Workspace, (each.workspace_id for each in found.values()))
    return {
        each.id: Place(
            project[each.project_id], stack[each.stack_id], workspace[each.workspace_id], each
        )
        for each in found.values()
    }


def require_runs(actor: Actor, place: Place) -> None:
    """Refuse who may not make runs in a place that was found by its id.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
    """
    for each in (place.project, place.stack, place.workspace):
        require_towards(actor, Action.SEE, each)
    require(actor, Action.CREATE_RUN, place.deployment)


def _all(table: type[T], ids: Iterable[str]) -> dict[str, T]:
    rows = session().scalars(select(table).where(table.id.in_(set(ids))))
    return {row.id: row for row in rows}
