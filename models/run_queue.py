"""The order in which runs wait, and who holds them up: selects over runs and locks."""

import datetime as dt

from sqlalchemy import ColumnElement, Select, case, func, select

from models.project import Deployment, DeploymentLock, ManualLock
from models.run import Run
from models.run_state import LOCKING, WORKING, RunState, RunType

_LOCKING = sorted(LOCKING)


def _class_within_deployment() -> ColumnElement[int]:
    """Tasks before applies and destroys, before previews, before drift checks."""
    return case(
        (Run.type == RunType.TASK, 0),
        (Run.type.in_(_LOCKING), 1),
        (Run.drift, 3),
        else_=2,
    )


def _class_between_deployments() -> ColumnElement[int]:
    """What changes things before previews, before drift checks."""
    return case((Run.type.in_(_LOCKING), 0), (Run.drift, 2), else_=1)


def waiting_for_lock(deployment_id: str) -> Select[Run]:
    """The queued runs that want a deployment's lock, in the order in which they get it."""
    return (
        select(Run)
        .where(
            Run.deployment_id == deployment_id,
            Run.state == RunState.QUEUED,
            Run.type.in_(_LOCKING),
        )
        .order_by(Run.priority.desc(), _class_within_deployment(), Run.id)
    )


def claimable(*, changing: bool = True) -> Select[Run]:
    """The runs a worker may claim, in the order in which it should.

    Without `changing` those are left out that may change things.
    """
    wanted = (
        select(Run)
        .where(Run.state.in_((RunState.READY, RunState.CONFIRMED)), Run.worker_id.is_(None))
        .order_by(Run.priority.desc(), _class_between_deployments(), Run.id)
    )
    return wanted if changing else wanted.where(Run.type.not_in(_LOCKING))


def queued(limit: int) -> Select[Run]:
    """Queued runs, oldest first: what a pass of the dispatcher looks at."""
    return select(Run).where(Run.state == RunState.QUEUED).order_by(Run.id).limit(limit)


def ahead_of(run: Run) -> Select[int]:
    """How many runs a worker would claim before this one."""
    mine = 0 if run.type in LOCKING else 2 if run.drift else 1
    klass = _class_between_deployments()
    before = (Run.priority > run.priority) | (
        (Run.priority == run.priority) & ((klass < mine) | ((klass == mine) & (Run.id < run.id)))
    )
    return (
        select(func.count())
        .select_from(Run)
        .where(Run.state.in_((RunState.READY, RunState.CONFIRMED)), before)
    )


def holders(deployment_ids: list[str]) -> Select[DeploymentLock, str, int, str]:
    """(deployment id, lock row, number and id of the run that holds it) of those deployments."""
    return (
        select(DeploymentLock, Run.id, Run.number, Run.project_name)
        .outerjoin(Run, Run.id == DeploymentLock.run_id)
        .where(DeploymentLock.deployment_id.in_(deployment_ids))
    )


def manual_locks(deployment_ids: list[str]) -> Select[ManualLock]:
    """The locks that people hold on those deployments."""
    return select(ManualLock).where(ManualLock.deployment_id.in_(deployment_ids))


def blocked(deployment_ids: list[str]) -> Select[Deployment]:
    """Those of the deployments that are blocked."""
    return select(Deployment).where(
        Deployment.id.in_(deployment_ids), Deployment.blocked_at.is_not(None)
    )


def expired_plans(now: dt.datetime) -> Select[Run]:
    """Unconfirmed runs whose plan may not be confirmed any more."""
    return select(Run).where(Run.state == RunState.UNCONFIRMED, Run.plan_expires_at <= now)


def held_by(worker_id: str) -> Select[Run]:
    """The runs a worker holds."""
    return select(Run).where(Run.worker_id == worker_id)


def places_with_a_queue() -> Select[str]:
    """The deployments in which a run is queued for the lock."""
    return (
        select(Run.deployment_id)
        .where(Run.state == RunState.QUEUED, Run.type.in_(_LOCKING))
        .distinct()
    )


def at_work() -> Select[Run]:
    """The runs at work, the one that began first on top."""
    return select(Run).where(Run.state.in_(sorted(WORKING))).order_by(Run.started_at, Run.id)


def held_up() -> Select[Run]:
    """The runs that something else than a worker holds up, in the order of their queues."""
    return (
        select(Run)
        .where(Run.state == RunState.QUEUED)
        .order_by(Run.priority.desc(), _class_between_deployments(), Run.id)
    )
