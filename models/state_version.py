"""The states of deployments as lists: what kinds there are, and selects over them."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import Select, func, select

from models.run import Run
from models.run_content import StateVersion


class StateKind(StrEnum):
    """Where a version came from, and what became of it."""

    RUN = "run"
    """A run left it at its end."""
    IMPORT = "import"
    PUSH = "push"
    """A state client outside wrote it."""
    ROLLBACK = "rollback"
    SETTLED = "settled"
    """A candidate that a person took."""
    PROGRESS = "progress"
    """Copied while a run is at work; gone once the run has left its state."""
    CANDIDATE = "candidate"
    """Nobody knows whether it holds; a person decides."""
    TAKEN = "taken"
    DISMISSED = "dismissed"


HISTORY = frozenset(
    {StateKind.RUN, StateKind.IMPORT, StateKind.PUSH, StateKind.ROLLBACK, StateKind.SETTLED}
)
"""Kinds that were current once; within a lineage their serials rise."""


def versions_of(deployment_id: str) -> Select[StateVersion, Run]:
    """(version, the run it came from if that is still known) of a deployment, newest first."""
    return (
        select(StateVersion, Run)
        .outerjoin(Run, Run.id == StateVersion.run_id)
        .where(StateVersion.deployment_id == deployment_id)
        .order_by(StateVersion.id.desc())
    )


def numbered(deployment_id: str, serial: int) -> Select[StateVersion, Run]:
    """The newest version of a deployment with this serial that was current once, with its run."""
    return versions_of(deployment_id).where(
        StateVersion.serial == serial, StateVersion.kind.in_(sorted(HISTORY))
    )


def of_kind(deployment_id: str, kind: StateKind) -> Select[StateVersion]:
    """The versions of a deployment of one kind, newest first."""
    return (
        select(StateVersion)
        .where(StateVersion.deployment_id == deployment_id, StateVersion.kind == kind)
        .order_by(StateVersion.id.desc())
    )


def of_run(deployment_id: str, run_id: str) -> Select[StateVersion]:
    """The versions of a deployment that came from a run."""
    return select(StateVersion).where(
        StateVersion.deployment_id == deployment_id, StateVersion.run_id == run_id
    )


def highest_serial(deployment_id: str) -> Select[int]:
    """The highest serial of any version of a deployment, 0 without one."""
    return select(func.coalesce(func.max(StateVersion.serial), 0)).where(
        StateVersion.deployment_id == deployment_id
    )


def first_of(deployment_ids: Iterable[str]) -> Select[str, str]:
    """(deployment id, id of its oldest version) of those deployments that ever had a state."""
    return (
        select(StateVersion.deployment_id, func.min(StateVersion.id))
        .where(
            StateVersion.deployment_id.in_(list(deployment_ids)),
            StateVersion.kind.in_(sorted(HISTORY)),
        )
        .group_by(StateVersion.deployment_id)
    )
