"""Selects over projects, workspaces, stacks and deployments: the rows that lists and pages read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, or_, select, text
from sqlalchemy.orm import aliased

from models.base import shared_alias
from models.configuration_version import ConfigurationVersion
from models.email import Email, EmailTrigger
from models.project import Deployment, DeploymentLock, ManualLock, Project, Stack, Workspace
from models.run import Run
from models.run_content import Plan, Resource, RunFile, RunOutput, StateVersion

Rows = Select[*tuple[Any, ...]]

LastRun = shared_alias(Run, "last_run")
ActiveRun = shared_alias(Run, "active_run")
AppliedRun = shared_alias(Run, "applied_run")


def project_named(name: str) -> Select[Project]:
    """The project with this name."""
    return select(Project).where(Project.name == name)


def workspace_named(name: str) -> Select[Workspace]:
    """The workspace with this name."""
    return select(Workspace).where(Workspace.name == name)


def stack_named(project_id: str, name: str) -> Select[Stack]:
    """The stack of a project with this name."""
    return select(Stack).where(Stack.project_id == project_id, Stack.name == name)


def deployment_of(stack_id: str, workspace_id: str) -> Select[Deployment]:
    """The deployment of a stack in a workspace."""
    return select(Deployment).where(
        Deployment.stack_id == stack_id, Deployment.workspace_id == workspace_id
    )


def deployments_in(workspace_id: str) -> Select[Deployment]:
    """Every deployment in a workspace."""
    return select(Deployment).where(Deployment.workspace_id == workspace_id)


def runs_numbered(workspace_id: str, numbers: Collection[int]) -> Select[Run]:
    """The runs in a workspace that have one of these numbers in their projects."""
    return select(Run).where(Run.workspace_id == workspace_id, Run.number.in_(numbers))


def names_of(table: type[Project | Workspace | Stack], scope: ColumnElement[bool]) -> Select[str]:
    """The names in a scope, in order."""
    return select(table.name).where(scope).order_by(table.name)


def matching(table: type[Project | Workspace | Stack], words: str) -> ColumnElement[bool]:
    """The condition that name or title contains the words, in any case."""
    return or_(
        table.name.icontains(words, autoescape=True),
        table.title.icontains(words, autoescape=True),
    )


def projects() -> Rows:
    """(project, number of its stacks, its last run), by name."""
    stacks = select(func.count()).where(Stack.project_id == Project.id).scalar_subquery()
    return (
        select(Project, stacks, LastRun)
        .select_from(Project)
        .outerjoin(LastRun, LastRun.id == _newest(Run.project_id == Project.id))
        .order_by(Project.name)
    )


def workspaces() -> Rows:
    """(workspace, number of its deployments, its last run), by name."""
    count = select(func.count()).where(Deployment.workspace_id == Workspace.id).scalar_subquery()
    return (
        select(Workspace, count, LastRun)
        .select_from(Workspace)
        .outerjoin(LastRun, LastRun.id == _newest(Run.workspace_id == Workspace.id))
        .order_by(Workspace.name)
    )


def stacks_of(project_id: str) -> Rows:
    """(stack, number of its deployments, its last run) of a project, by name."""
    count = select(func.count()).where(Deployment.stack_id == Stack.id).scalar_subquery()
    return (
        select(Stack, count, LastRun)
        .select_from(Stack)
        .outerjoin(LastRun, LastRun.id == _newest(Run.stack_id == Stack.id))
        .where(Stack.project_id == project_id)
        .order_by(Stack.name)
    )


def deployments() -> Rows:
    """(deployment, its last, active and applied runs, its lock, a person's lock).

    The active run is the lock's holder, else the one that has been there longest.
    """
    first = _oldest_active(Run.deployment_id == Deployment.id)
    return (
        select(Deployment, LastRun, ActiveRun, AppliedRun, DeploymentLock, ManualLock)
        .select_from(Deployment)
        .outerjoin(LastRun, LastRun.id == _newest(Run.deployment_id == Deployment.id))
        .outerjoin(AppliedRun, AppliedRun.id == Deployment.applied_run_id)
        .outerjoin(DeploymentLock, DeploymentLock.deployment_id == Deployment.id)
        .outerjoin(ActiveRun, ActiveRun.id == func.coalesce(DeploymentLock.run_id, first))
        .outerjoin(ManualLock, ManualLock.deployment_id == Deployment.id)
    )


def active_runs(scope: ColumnElement[bool]) -> Select[Run]:
    """The runs of a scope that have not ended, oldest first."""
    return select(Run).where(scope, _ACTIVE).order_by(_BY_ID)


def with_resources(scope: ColumnElement[bool]) -> Select[Deployment]:
    """The deployments of a scope in which resources remain, the fullest first."""
    return (
        select(Deployment)
        .where(scope, Deployment.resource_count > 0)
        .order_by(Deployment.resource_count.desc(), Deployment.id)
    )


def inventory(scope: ColumnElement[bool]) -> Select[int, int]:
    """(number of deployments, number of resources in them) of a scope."""
    return select(func.count(), func.coalesce(func.sum(Deployment.resource_count), 0)).where(scope)


def resources_of(deployment_id: str) -> Rows:
    """(resource, the run that made it, the run that last changed it), by address."""
    made, changed = aliased(Run, name="made_run"), aliased(Run, name="changed_run")
    return (
        select(Resource, made, changed)
        .select_from(Resource)
        .outerjoin(made, made.id == Resource.made_run_id)
        .outerjoin(changed, changed.id == Resource.changed_run_id)
        .where(Resource.deployment_id == deployment_id)
        .order_by(Resource.address)
    )


def resource_groups(deployment_id: str, by: Any) -> Select[str, int]:
    """(value, how many resources have it) of a column of resources, most of all first."""
    return (
        select(by, func.count())
        .where(Resource.deployment_id == deployment_id)
        .group_by(by)
        .order_by(func.count().desc(), by)
    )


def outputs_of(run_id: str) -> Select[RunOutput]:
    """The outputs of a run, by name."""
    return select(RunOutput).where(RunOutput.run_id == run_id).order_by(RunOutput.name)


def blobs_of_deployments(scope: ColumnElement[bool]) -> list[Select[Any]]:
    """The ids of the blobs that states and plans of a scope's deployments are kept in."""
    wanted = select(Deployment.id).where(scope)
    return [
        select(StateVersion.blob_id).where(StateVersion.deployment_id.in_(wanted)),
        select(Plan.blob_id)
        .join(Run, Run.id == Plan.run_id)
        .where(Run.deployment_id.in_(wanted), Plan.blob_id.is_not(None)),
        select(RunFile.blob_id)
        .join(Run, Run.id == RunFile.run_id)
        .where(Run.deployment_id.in_(wanted)),
        select(Email.blob_id)
        .join(EmailTrigger, EmailTrigger.id == Email.trigger_id)
        .where(EmailTrigger.deployment_id.in_(wanted), Email.blob_id.is_not(None)),
    ]


def blobs_of_uploads(project_id: str) -> Select[str]:
    """The ids of the blobs that a project's uploaded code is kept in."""
    return select(ConfigurationVersion.blob_id).where(ConfigurationVersion.project_id == project_id)


def configuration_with_digest(project_id: str, digest: str) -> Select[ConfigurationVersion]:
    """A project's uploaded code with this digest."""
    return select(ConfigurationVersion).where(
        ConfigurationVersion.project_id == project_id, ConfigurationVersion.digest == digest
    )


def _newest(scope: ColumnElement[bool]) -> ScalarSelect[str]:
    """The newest run of the row at hand: one step in an index, however many runs there are."""
    return select(Run.id).where(scope).order_by(Run.id.desc()).limit(1).scalar_subquery()


# Word for word the condition of the partial index, so that SQLite knows it may use it; the second
# half, true of all, makes that index the more telling one. Otherwise it walks all runs by id.
_ACTIVE = text(
    "run.state NOT IN "
    "('finished','failed','discarded','stopped','canceled','timed_out','skipped')"
    " AND run.state > ''"
)
_BY_ID = Run.id.concat("")
"""The id, written so that no index by id is tempting."""


def _oldest_active(scope: ColumnElement[bool]) -> ScalarSelect[str]:
    """The oldest run of the row at hand that has not ended."""
    return select(func.min(_BY_ID)).where(scope, _ACTIVE).scalar_subquery()
