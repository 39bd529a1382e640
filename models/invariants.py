"""What must never be: selects that find nothing while all is well."""

import datetime as dt
from typing import Any

from sqlalchemy import Select, func, or_, select

from models.project import Deployment, DeploymentLock, ManualLock
from models.run import Run
from models.run_content import Plan, PlanUse, StateVersion
from models.run_state import FINAL, LOCKING, WORKING, RunState

Rows = Select[*tuple[Any, ...]]

_LOCKING = sorted(LOCKING)
_IDLE = sorted({*FINAL, RunState.QUEUED})


def ended_but_holding() -> Select[Run]:
    """Runs that have ended and still hold a lock, a worker's slot or a lease."""
    holds_lock = select(DeploymentLock.run_id).where(DeploymentLock.run_id == Run.id).exists()
    return select(Run).where(
        Run.state.in_(sorted(FINAL)),
        or_(Run.worker_id.is_not(None), Run.lease_until.is_not(None), holds_lock),
    )


def crowded() -> Rows:
    """(deployment, number of runs that may change it now) where that is more than one."""
    return (
        select(Deployment, func.count(Run.id))
        .join(Run, Run.deployment_id == Deployment.id)
        .where(Run.type.in_(_LOCKING), Run.state.not_in(_IDLE))
        .group_by(Deployment.id)
        .having(func.count(Run.id) > 1)
    )


def locks_of_idle_runs() -> Rows:
    """(lock, run) where the lock's holder has not begun to wait for a worker, or has ended."""
    return (
        select(DeploymentLock, Run)
        .join(Run, Run.id == DeploymentLock.run_id)
        .where(or_(Run.state.in_(_IDLE), Run.deployment_id != DeploymentLock.deployment_id))
    )


def active_without_lock() -> Select[Run]:
    """Runs that may change something now although the lock is not theirs."""
    holds = select(DeploymentLock.run_id).where(DeploymentLock.run_id == Run.id).exists()
    return select(Run).where(Run.type.in_(_LOCKING), Run.state.not_in(_IDLE), ~holds)


def ownerless(now: dt.datetime) -> Select[Run]:
    """Runs at work that nobody has said to work on for longer than a lease."""
    return select(Run).where(
        Run.state.in_(sorted(WORKING)),
        or_(Run.worker_id.is_(None), Run.lease_until.is_(None), Run.lease_until < now),
    )


def overlooked(since: dt.datetime) -> Select[Run]:
    """Runs queued since then or longer although nobody has, or may have, their deployment."""
    of_it = DeploymentLock.deployment_id == Run.deployment_id
    by_hand = ManualLock.deployment_id == Run.deployment_id
    return (
        select(Run)
        .join(Deployment, Deployment.id == Run.deployment_id)
        .where(Run.state == RunState.QUEUED, Run.type.in_(_LOCKING), Run.state_since < since)
        .where(Deployment.blocked_at.is_(None))
        .where(~select(DeploymentLock.deployment_id).where(of_it).exists())
        .where(~select(ManualLock.deployment_id).where(by_hand).exists())
    )


def unattended(since: dt.datetime) -> Select[Run]:
    """Runs that have waited for a worker since then or longer."""
    waiting = (RunState.READY, RunState.CONFIRMED)
    return select(Run).where(Run.state.in_(waiting), Run.state_since < since)


def plans_that_wait() -> Rows:
    """(run, its plan or None) of every run whose plan may still be applied."""
    waiting = (RunState.UNCONFIRMED, RunState.CONFIRMED)
    return select(Run, Plan).outerjoin(Plan, Plan.run_id == Run.id).where(Run.state.in_(waiting))


def used_more_than_once() -> Rows:
    """(run id, number of plans of it that were used) where that is more than one."""
    count = func.count(PlanUse.plan_id)
    return select(PlanUse.run_id, count).group_by(PlanUse.run_id).having(count > 1)


def current_states() -> Rows:
    """(deployment, its current state version, or None when that is gone)."""
    return (
        select(Deployment, StateVersion)
        .outerjoin(StateVersion, StateVersion.id == Deployment.current_state_id)
        .where(Deployment.current_state_id.is_not(None))
        .order_by(Deployment.id)
    )
