"""What a worker needs to know of the run it holds: one value, read once a stretch.

It holds secrets in clear. It lives in the worker's memory and goes nowhere else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from models.project import Deployment, Stack
from models.run import Run
from models.run_content import Plan, RunVariable
from models.run_history import RunStep
from models.run_state import RunState, RunType
from models.variable import Category
from services import variables
from services.runs.work import Claim, check
from services.transaction import session


@dataclass(frozen=True)
class WorkOrder:
    """A run as its worker sees it. `left_s` is how long it may still be at work."""

    run_id: str
    deployment_id: str
    number: int
    type: RunType
    state: RunState
    engine: str
    source: Mapping[str, Any]
    pin: Mapping[str, Any] | None
    workspace: str
    place: str
    destroy: bool
    refresh_only: bool
    targets: tuple[str, ...]
    replace: tuple[str, ...]
    command: str | None
    with_init: bool
    left_s: float
    steps_done: int
    plan: Plan | None
    backend: str | None
    environment: Mapping[str, str] = field(repr=False)
    terraform_variables: Mapping[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def read(claim: Claim) -> WorkOrder:
    """The order of a claim.

    Raises:
        Fenced: when the claim is not the newest.
    """
    here = session()
    here.rollback()  # A new look needs a new snapshot.
    run = here.get_one(Run, claim.run_id, populate_existing=True)
    check(claim, run)
    clear = _clear_values(run)
    return WorkOrder(
        run_id=run.id,
        deployment_id=run.deployment_id,
        number=run.number,
        type=run.type,
        state=run.state,
        engine=run.engine,
        source=run.source or {},
        pin=run.pin,
        workspace=run.workspace_name,
        place=f"{run.stack_name} in {run.workspace_name}",
        destroy=run.destroy or run.type is RunType.DESTROY,
        refresh_only=run.refresh_only,
        targets=tuple(run.targets),
        replace=tuple(run.replace),
        command=run.command,
        with_init=run.with_init,
        left_s=max(1.0, run.max_duration_s - run.worked_s),
        steps_done=_steps_done(run) if claim.epoch > 1 else 0,
        plan=_plan(run),
        backend=here.get_one(Deployment, run.deployment_id, populate_existing=True).backend,
        environment=clear.environment,
        terraform_variables=clear.terraform,
        secrets=clear.secrets,
    )


def _plan(run: Run) -> Plan | None:
    if run.plan_sha256 is None:
        return None
    return session().scalars(select(Plan).where(Plan.run_id == run.id)).first()


def secrets_of(run: Run) -> tuple[str, ...]:
    """The secrets of a run in clear, for those who mask them."""
    return _clear_values(run).secrets


@dataclass(frozen=True)
class _Clear:
    environment: dict[str, str]
    terraform: dict[str, Any]
    secrets: tuple[str, ...]


def _clear_values(run: Run) -> _Clear:
    environment: dict[str, str] = {}
    terraform: dict[str, Any] = {}
    secrets: list[str] = []
    for row in session().scalars(select(RunVariable).where(RunVariable.run_id == run.id)):
        value = _value(row)
        if row.category is Category.ENVIRONMENT:
            environment[row.name] = str(value)
        else:
            terraform[row.name] = value
        if row.secret:
            secrets.extend(_texts(value))
    return _Clear(environment, terraform, tuple(secrets))


def _value(row: RunVariable) -> Any:
    if row.ciphertext is None or row.value_id is None:
        return row.value
    return variables.unseal(row.value_id, row.ciphertext)


def _texts(value: Any) -> list[str]:
    """Every text that would give a secret value away, whole or in part."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case list():
            return [text for item in value for text in _texts(item)]
        case bool() | None:
            return []
        case _:
            return [json.dumps(value)]


def _steps_done(run: Run) -> int:
    """How many steps were taken before the present state: whoever adopts takes it up from there."""
    count = select(func.max(RunStep.number)).where(
        RunStep.run_id == run.id, RunStep.started_at < run.state_since
    )
    return session().scalar(count) or 0


def is_deployed_elsewhere(run_id: str) -> bool:
    """Whether the run's stack has another deployment whose state a backend of its code keeps."""
    run = session().get_one(Run, run_id)
    others = (
        select(Deployment.id)
        .join(Stack, Stack.id == Deployment.stack_id)
        .where(
            Deployment.stack_id == run.stack_id,
            Deployment.id != run.deployment_id,
            Deployment.backend.is_not(None),
        )
        .limit(1)
    )
    return session().scalars(others).first() is not None
