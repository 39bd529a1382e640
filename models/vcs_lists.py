"""Repositories, links and deliveries as they are looked for."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, func, or_, select

from models.project import Deployment, Project, Stack
from models.run import Run
from models.run_state import FINAL, RunType
from models.vcs import (
    VcsComment,
    VcsDelivery,
    VcsIntegration,
    VcsLink,
    VcsOutcome,
    VcsRepository,
    VcsRun,
)


def integrations(condition: ColumnElement[bool]) -> Select[VcsIntegration, Project | None]:
    """Integrations with the projects they belong to, those of the instance first, by name."""
    return (
        select(VcsIntegration, Project)
        .outerjoin(Project, Project.id == VcsIntegration.project_id)
        .where(condition)
        .order_by(VcsIntegration.project_id.is_not(None), Project.name, VcsIntegration.name)
    )


def usable_in(project_id: str) -> ColumnElement[bool]:
    """The condition under which an integration may be used by the stacks of a project."""
    return or_(VcsIntegration.project_id.is_(None), VcsIntegration.project_id == project_id)


def checks_wanted() -> Select[VcsIntegration]:
    """Integrations that somebody wants to see tested, longest waiting first."""
    return (
        select(VcsIntegration)
        .where(VcsIntegration.check_wanted_at.is_not(None))
        .order_by(VcsIntegration.check_wanted_at)
    )


def repository_named(integration_id: str, name: str) -> Select[VcsRepository]:
    """The repository of an integration; services' names compare without case."""
    return select(VcsRepository).where(
        VcsRepository.integration_id == integration_id,
        func.lower(VcsRepository.name) == name.lower(),
    )


def link_rows(
    condition: ColumnElement[bool],
) -> Select[VcsLink, Deployment, VcsRepository, VcsIntegration]:
    """Links with their deployments, repositories and integrations, by place."""
    return (
        select(VcsLink, Deployment, VcsRepository, VcsIntegration)
        .join(Deployment, Deployment.id == VcsLink.deployment_id)
        .join(VcsRepository, VcsRepository.id == VcsLink.repository_id)
        .join(VcsIntegration, VcsIntegration.id == VcsRepository.integration_id)
        .where(condition)
        .order_by(Deployment.project_name, Deployment.stack_name, Deployment.workspace_name)
    )


def links_of_repository(repository_id: str) -> Select[VcsLink, Deployment, Stack]:
    """What is linked to a repository, the oldest first: always in one order."""
    return (
        select(VcsLink, Deployment, Stack)
        .join(Deployment, Deployment.id == VcsLink.deployment_id)
        .join(Stack, Stack.id == VcsLink.stack_id)
        .where(VcsLink.repository_id == repository_id)
        .order_by(VcsLink.id)
    )


def repositories_of(integration_id: str) -> Select[VcsRepository, int]:
    """The repositories of an integration with the number of links to each, by name."""
    return (
        select(VcsRepository, func.count(VcsLink.id))
        .outerjoin(VcsLink, VcsLink.repository_id == VcsRepository.id)
        .where(VcsRepository.integration_id == integration_id)
        .group_by(VcsRepository.id)
        .order_by(VcsRepository.name)
    )


def due_polls(now: dt.datetime) -> Select[VcsRepository, VcsIntegration]:
    """Repositories whose turn to be looked at has come and that something is linked to."""
    return (
        select(VcsRepository, VcsIntegration)
        .join(VcsIntegration, VcsIntegration.id == VcsRepository.integration_id)
        .where(
            VcsRepository.next_poll_at <= now,
            VcsIntegration.poll_every_s > 0,
            VcsIntegration.is_paused.is_(False),
            select(VcsLink.id).where(VcsLink.repository_id == VcsRepository.id).exists(),
        )
        .order_by(VcsRepository.next_poll_at)
    )


def pending(now: dt.datetime) -> Select[str]:
    """Deliveries to be dealt with, in the order in which they came."""
    return (
        select(VcsDelivery.id)
        .where(VcsDelivery.verdict == "pending", VcsDelivery.due_at <= now)
        .order_by(VcsDelivery.due_at, VcsDelivery.id)
    )


def delivered_as(integration_id: str, delivery_id: str) -> Select[VcsDelivery]:
    """The delivery of this id."""
    return select(VcsDelivery).where(
        VcsDelivery.integration_id == integration_id, VcsDelivery.delivery_id == delivery_id
    )


def same_body(integration_id: str, body_sha256: str) -> Select[VcsDelivery]:
    """A delivery with the same bytes."""
    return select(VcsDelivery).where(
        VcsDelivery.integration_id == integration_id, VcsDelivery.body_sha256 == body_sha256
    )


def deliveries(condition: ColumnElement[bool]) -> Select[VcsDelivery, VcsIntegration]:
    """Deliveries with their integrations, newest first."""
    return (
        select(VcsDelivery, VcsIntegration)
        .join(VcsIntegration, VcsIntegration.id == VcsDelivery.integration_id)
        .where(condition)
        .order_by(VcsDelivery.id.desc())
    )


def outcomes_of(delivery_ids: Collection[str]) -> Select[VcsOutcome, Deployment, Run | None]:
    """What became of deliveries, with the deployments and the runs they started."""
    return (
        select(VcsOutcome, Deployment, Run)
        .join(Deployment, Deployment.id == VcsOutcome.deployment_id)
        .outerjoin(Run, Run.id == VcsOutcome.run_id)
        .where(VcsOutcome.delivery_id.in_(delivery_ids))
        .order_by(Deployment.project_name, Deployment.stack_name, Deployment.workspace_name)
    )


def has_outcome_in(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition under which a delivery meant something to deployments under a condition."""
    found = (
        select(VcsOutcome.id)
        .join(Deployment, Deployment.id == VcsOutcome.deployment_id)
        .where(VcsOutcome.delivery_id == VcsDelivery.id, condition)
    )
    return found.exists()


def previews_under_way(link_id: str, *, pull: int | None, ref: str) -> Select[Run]:
    """Previews of a pull request, or (without one) of a branch, that have not ended."""
    same = VcsRun.pull.is_(None) & (VcsRun.ref == ref) if pull is None else VcsRun.pull == pull
    return (
        select(Run)
        .join(VcsRun, VcsRun.run_id == Run.id)
        .where(VcsRun.link_id == link_id, same)
        .where(Run.type == RunType.PREVIEW, Run.state.not_in(FINAL))
        .order_by(Run.id)
    )


def runs_of_commit(link_id: str, sha: str, *, pull: int | None) -> Select[Run, VcsRun]:
    """The runs that a link started for a commit, newest first."""
    same = VcsRun.pull.is_(None) if pull is None else VcsRun.pull == pull
    return (
        select(Run, VcsRun)
        .join(VcsRun, VcsRun.run_id == Run.id)
        .where(VcsRun.link_id == link_id, VcsRun.sha == sha, same)
        .order_by(Run.id.desc())
    )


def was_told(integration_id: str, repository: str, number: int, sha: str) -> Select[str]:
    """A delivery that told of this commit of a pull request."""
    return select(VcsDelivery.id).where(
        VcsDelivery.integration_id == integration_id,
        VcsDelivery.repository == repository,
        VcsDelivery.number == number,
        VcsDelivery.sha == sha,
    )


def outcome_at(delivery_id: str, deployment_id: str) -> Select[VcsOutcome]:
    """What became of a delivery for a deployment."""
    return select(VcsOutcome).where(
        VcsOutcome.delivery_id == delivery_id, VcsOutcome.deployment_id == deployment_id
    )


def runs_of_pull(repository_id: str, number: int) -> Select[Run, VcsRun]:
    """The runs of a pull request, newest first."""
    return (
        select(Run, VcsRun)
        .join(VcsRun, VcsRun.run_id == Run.id)
        .where(VcsRun.repository_id == repository_id, VcsRun.pull == number)
        .order_by(Run.id.desc())
    )


def comment_at(repository_id: str, number: int) -> Select[VcsComment]:
    """Gantry's comment on a pull request."""
    return select(VcsComment).where(
        VcsComment.repository_id == repository_id, VcsComment.number == number
    )
