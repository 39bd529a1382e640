"""The order in which runs wait, and who holds them up: selects over runs and locks."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute

from models.project import Deployment, DeploymentLock, ManualLock, Stack, Workspace
from models.run import Run
from models.run_state import LOCKING, WORKING, RunState

_LOCKING = sorted(LOCKING)

# Word for word the conditions of partial indexes, so that SQLite knows it may use them.
_CLAIMABLE = text("run.worker_id IS NULL AND (run.state || '') IN ('ready','confirmed')")
_QUEUED = text("(run.state || '') = 'queued'")


class PLACES:
    """Where a run belongs, for who narrows a queue by it: written so that no index is tempting.

    Those of places lead to all the runs that ever were; the queue's own only to those that wait.
    """

    project_id = Run.project_id.concat("")
    stack_id = Run.stack_id.concat("")
    workspace_id = Run.workspace_id.concat("")


def waiting_for_lock(deployment_id: str, *, by_hand_of: str | None = None) -> Select[Run]:
    """The queued runs that want a deployment's lock, in the order in which they get it.

    With `by_hand_of` only those that pass the lock this person holds by hand.
    """
    wanted = select(Run).where(_waiting_at(deployment_id)).order_by(Run.home_order, Run.id)
    return wanted if by_hand_of is None else wanted.where(started_by_hand_of(by_hand_of))


def anybody_waiting(deployment_id: str) -> Select[str]:
    """The id of one of them, if there is any."""
    return select(Run.id).where(_waiting_at(deployment_id)).limit(1)


def _waiting_at(deployment_id: str) -> ColumnElement[bool]:
    return and_(Run.deployment_id == deployment_id, _QUEUED, Run.type.in_(_LOCKING))


def locks_at(deployment_id: str) -> Select[bool, str | None]:
    """(whether the lock of a deployment is taken, who has locked it by hand); one row."""
    return (
        select(DeploymentLock.deployment_id.is_not(None), ManualLock.user_id)
        .select_from(Deployment)
        .outerjoin(DeploymentLock, DeploymentLock.deployment_id == Deployment.id)
        .outerjoin(ManualLock, ManualLock.deployment_id == Deployment.id)
        .where(Deployment.id == deployment_id)
    )


def places_in_lock_lines(deployment_ids: list[str]) -> Select[str, int]:
    """(run, its place in line, from 1) of every run queued for the lock of those deployments."""
    place = func.row_number().over(
        partition_by=Run.deployment_id, order_by=(Run.home_order, Run.id)
    )
    return select(Run.id, place).where(
        _QUEUED, Run.deployment_id.in_(deployment_ids), Run.type.in_(_LOCKING)
    )


def started_by_hand_of(user_id: str | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a person started a run without any trigger: what passes their own lock."""
    return and_(Run.trigger_kind.in_(BY_HAND), func.coalesce(Run.created_by_id, "") == user_id)


BY_HAND = ("manual", "api")
"""The kinds of trigger behind which a person stands who acts at this moment."""


def claimable(*, changing: bool = True) -> Select[Run]:
    """The runs a worker may claim, those that are taken first on top.

    A person's lock keeps back what they neither started nor confirmed. Without `changing` those
    are left out that may change things. A prioritised preview does not pass what waits before it
    in its own deployment: see `services.runs.line`.
    """
    wanted = select(Run).where(_CLAIMABLE, ~_kept_back()).order_by(Run.pool_order, Run.id)
    return wanted if changing else wanted.where(Run.type.not_in(_LOCKING))


def claimable_at(deployment_ids: list[str], *, changing: bool = True) -> Select[Run]:
    """The same of some deployments, in the order that holds within each."""
    wanted = claimable(changing=changing).where(Run.deployment_id.in_(deployment_ids))
    return wanted.order_by(None).order_by(Run.home_order, Run.id)


def _kept_back() -> ColumnElement[bool]:
    passes = or_(
        started_by_hand_of(ManualLock.user_id),
        func.coalesce(Run.confirmed_by_id, "") == ManualLock.user_id,
    )
    return exists().where(
        ManualLock.deployment_id == Run.deployment_id, Run.type.in_(_LOCKING), ~passes
    )


def standing_in_the_way(
    deployment_ids: list[str],
) -> Select[Deployment, DeploymentLock | None, ManualLock | None, str | None, int | None]:
    """(deployment, its lock, a person's lock, id and number of the run that holds it) of each."""
    return (
        select(Deployment, DeploymentLock, ManualLock, Run.id, Run.number)
        .outerjoin(DeploymentLock, DeploymentLock.deployment_id == Deployment.id)
        .outerjoin(ManualLock, ManualLock.deployment_id == Deployment.id)
        .outerjoin(Run, Run.id == DeploymentLock.run_id)
        .where(Deployment.id.in_(deployment_ids))
    )


def surroundings(deployment_ids: list[str]) -> Select[Deployment, ManualLock | None, bool]:
    """(deployment, a person's lock, whether it is protected from being destroyed) of each."""
    return (
        select(Deployment, ManualLock, or_(Workspace.protected, Stack.protected))
        .join(Workspace, Workspace.id == Deployment.workspace_id)
        .join(Stack, Stack.id == Deployment.stack_id)
        .outerjoin(ManualLock, ManualLock.deployment_id == Deployment.id)
        .where(Deployment.id.in_(deployment_ids))
    )


def expired_plans(now: dt.datetime) -> Select[Run]:
    """Unconfirmed runs whose plan may not be confirmed any more."""
    return select(Run).where(Run.state == RunState.UNCONFIRMED, Run.plan_expires_at <= now)


def held_by(worker_id: str) -> Select[Run]:
    """The runs a worker holds."""
    return select(Run).where(Run.worker_id == worker_id)


def places_to_admit(limit: int, among: Collection[str] = ()) -> Select[str]:
    """Deployments (among these) whose lock is free although a run is queued that may have it."""
    nobody = ~exists().where(DeploymentLock.deployment_id == Run.deployment_id)
    hand = exists().where(
        ManualLock.deployment_id == Run.deployment_id, ~started_by_hand_of(ManualLock.user_id)
    )
    open_ones = exists().where(Deployment.id == Run.deployment_id, Deployment.blocked_at.is_(None))
    found = select(Run.deployment_id).where(
        _QUEUED, Run.type.in_(_LOCKING), nobody, ~hand, open_ones
    )
    if among:
        found = found.where(Run.deployment_id.in_(among))
    return found.distinct().limit(limit)


def at_work() -> Select[Run]:
    """The runs at work, the one that began first on top."""
    return select(Run).where(Run.state.in_(sorted(WORKING))).order_by(Run.started_at, Run.id)


def held_up() -> Select[Run]:
    """The runs that something else than a worker holds up, in the order of their queues."""
    return select(Run).where(_QUEUED).order_by(Run.pool_order, Run.id)
