"""Deployments: one stack in one workspace, with its resources and outputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.exc import IntegrityError

from lib import ids
from models import places
from models.project import Deployment, DeploymentLock, ManualLock, Stack, Workspace
from models.run import Run
from models.run_content import Resource
from services import paging, stacks, workspaces
from services.access import Action, Actor, require, visible
from services.errors import NotFound
from services.page import Page
from services.transaction import HELD, is_duplicate, session


@dataclass(frozen=True)
class DeploymentLine:
    """A deployment as grids show it. `hand` is a person's lock, `lock` the one a run holds."""

    deployment: Deployment
    last_run: Run | None
    active_run: Run | None
    applied_run: Run | None
    lock: DeploymentLock | None
    hand: ManualLock | None


@dataclass(frozen=True)
class ResourceLine:
    """A resource with the runs that made and last changed it, where they are still known."""

    resource: Resource
    made_run: Run | None
    changed_run: Run | None


@dataclass(frozen=True)
class ResourceFilter:
    """Which resources are wanted: with these words in their address, of a type, of a module.

    The module of what stands in no module is ROOT.
    """

    words: str = ""
    type: str = ""
    module: str = ""


ROOT = "root"
"""How the root module is called where a module is asked for."""

MOST_GROUPS = 100


@dataclass(frozen=True)
class ResourceGroups:
    """How many resources there are by type and by module: the 100 largest of each."""

    types: Sequence[tuple[str, int]]
    modules: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class OutputLine:
    """An output of a deployment. A sensitive one has no value here."""

    name: str
    type: Any
    sensitive: bool
    value: Any


def at(actor: Actor, project_name: str, stack_name: str, workspace_name: str) -> Deployment:
    """The deployment of a stack in a workspace; one not stored yet when nothing made it so far.

    Raises:
        NotFound: when the actor does not see both project and workspace.
    """
    stack = stacks.towards(actor, project_name, stack_name)
    workspace = workspaces.towards(actor, workspace_name)
    deployment = between(stack, workspace)
    require(actor, Action.SEE, deployment)
    return deployment


def between(stack: Stack, workspace: Workspace) -> Deployment:
    """The deployment of the one in the other, stored or not; nobody's rights are asked."""
    return _found(stack, workspace) or _blank(stack, workspace)


def get(actor: Actor, project_name: str, stack_name: str, workspace_name: str) -> Deployment:
    """As `at`, but only one that is stored.

    Raises:
        NotFound: when there is none.
    """
    deployment = at(actor, project_name, stack_name, workspace_name)
    if not is_stored(deployment):
        raise NotFound(
            f"{stack_name} has never been deployed to {workspace_name}: its first run, variable "
            "or lock makes the deployment."
        )
    return deployment


def is_stored(deployment: Deployment) -> bool:
    """Whether anything has made the deployment so far."""
    return bool(inspect(deployment).persistent)


def ensure(stack: Stack, workspace: Workspace) -> Deployment:
    """The deployment, made if need be; part of the caller's transaction."""
    return keep(between(stack, workspace))


def keep(deployment: Deployment) -> Deployment:
    """The same deployment, stored; part of the caller's transaction."""
    if is_stored(deployment):
        return deployment
    here = session()
    wanted = places.deployment_of(deployment.stack_id, deployment.workspace_id)
    found = here.scalars(wanted).first()
    if found is not None:
        return found
    try:
        with here.begin_nested():
            here.add(deployment)
            here.flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise NotFound from error
        return here.scalars(wanted).one()
    return deployment


def of_stack(
    actor: Actor, stack: Stack, *, after: str | None = None, limit: int = paging.USUAL_PAGE
) -> Page[DeploymentLine]:
    """The deployments of a stack that the actor sees, by workspace."""
    require(actor, Action.SEE, stack)
    rows = places.deployments().where(Deployment.stack_id == stack.id, visible(actor, Deployment))
    return paging.fetch(
        rows.order_by(Deployment.workspace_name),
        Deployment.workspace_name,
        after=after,
        limit=limit,
        line=DeploymentLine,
        key_of=lambda line: line.deployment.workspace_name,
    )


def of_workspace(
    actor: Actor, workspace: Workspace, *, after: str | None = None, limit: int = paging.USUAL_PAGE
) -> Page[DeploymentLine]:
    """The deployments in a workspace that the actor sees, the oldest first."""
    require(actor, Action.SEE, workspace)
    rows = places.deployments().where(
        Deployment.workspace_id == workspace.id, visible(actor, Deployment)
    )
    return paging.fetch(
        rows.order_by(Deployment.id),
        Deployment.id,
        after=after,
        limit=limit,
        line=DeploymentLine,
        key_of=lambda line: line.deployment.id,
    )


def line_of(actor: Actor, deployment: Deployment) -> DeploymentLine:
    """One deployment with its runs and locks."""
    require(actor, Action.SEE, deployment)
    row = session().execute(places.deployments().where(Deployment.id == deployment.id)).first()
    return DeploymentLine(*row) if row else DeploymentLine(deployment, None, None, None, None, None)


def active_runs(actor: Actor, deployment: Deployment, limit: int = 20) -> Sequence[Run]:
    """The runs there that have not ended, oldest first."""
    require(actor, Action.SEE, deployment)
    return session().scalars(_active(deployment).limit(limit)).all()


def resources(
    actor: Actor,
    deployment: Deployment,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_PAGE,
    wanted: ResourceFilter = ResourceFilter(),
) -> Page[ResourceLine]:
    """What exists there, by address."""
    require(actor, Action.SEE, deployment)
    rows = places.resources_of(deployment.id)
    if wanted.words:
        rows = rows.where(Resource.address.icontains(wanted.words, autoescape=True))
    if wanted.type:
        rows = rows.where(Resource.type == wanted.type)
    if wanted.module:
        rows = rows.where(Resource.module == ("" if wanted.module == ROOT else wanted.module))
    return paging.fetch(
        rows,
        Resource.address,
        after=after,
        limit=limit,
        line=ResourceLine,
        key_of=lambda line: line.resource.address,
    )


def resource_groups(actor: Actor, deployment: Deployment) -> ResourceGroups:
    """How many resources exist there, by type and by module."""
    require(actor, Action.SEE, deployment)
    types, modules = (
        [
            (value or ROOT, count)
            for value, count in session().execute(
                places.resource_groups(deployment.id, column).limit(MOST_GROUPS)
            )
        ]
        for column in (Resource.type, Resource.module)
    )
    return ResourceGroups(types, modules)


def outputs(actor: Actor, deployment: Deployment) -> list[OutputLine]:
    """The outputs of the last apply there, by name; of a sensitive one only that it is there."""
    require(actor, Action.SEE, deployment)
    if deployment.outputs_run_id is None:
        return []
    rows = session().scalars(places.outputs_of(deployment.outputs_run_id))
    return [
        OutputLine(row.name, row.type, row.sensitive, None if row.sensitive else row.value)
        for row in rows
    ]


def held(deployment: Deployment) -> Deployment:
    """The deployment as it is now, held until the caller's transaction ends.

    Raises:
        NotFound: when it is gone.
    """
    row = session().get(Deployment, deployment.id, with_for_update=HELD, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _found(stack: Stack, workspace: Workspace) -> Deployment | None:
    return session().scalars(places.deployment_of(stack.id, workspace.id)).first()


def _blank(stack: Stack, workspace: Workspace) -> Deployment:
    return Deployment(
        id=ids.new_id(),
        project_id=stack.project_id,
        stack_id=stack.id,
        workspace_id=workspace.id,
        project_name=stack.project_name,
        stack_name=stack.name,
        workspace_name=workspace.name,
        resource_count=0,
    )


def _active(deployment: Deployment) -> Any:
    scope: ColumnElement[bool] = Run.deployment_id == deployment.id
    return places.active_runs(scope)
