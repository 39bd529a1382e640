"""A plan that was made, and its burning: from there on things change."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from lib import clock
from models.project import Deployment, ManualLock, Stack
from models.run import Run
from models.run_content import Plan, PlanUse
from models.run_state import RunState, RunType
from services import blobs
from services.errors import Conflict
from services.runs.moves import move, passes
from services.runs.offers import is_outdated
from services.runs.work.ends import CHANGES, end
from services.runs.work.fence import Claim, held, leave, mark
from services.transaction import session, transaction


@dataclass(frozen=True)
class Planned:
    """A saved plan, as the worker hands it over. `bundle` is all that applying it needs."""

    sha256: str
    has_changes: bool
    summary: Mapping[str, int]
    bundle: bytes | None = field(repr=False)
    engine_version: str
    engine_path: str


def finish_plan(claim: Claim, planned: Planned) -> Run:
    """Keep the plan, and go where it leads: to the end, to a person, or straight to its change."""
    with transaction() as here:
        run = held(claim)
        run.changes = dict(planned.summary)
        run.plan_sha256 = planned.sha256
        leave(run, claim)
        if run.cancel_requested_at is not None:
            end(run, RunState.STOPPED, mark(claim), "Stopped on request.")
            return run
        if run.type is RunType.PREVIEW or not planned.has_changes:
            end(run, RunState.FINISHED, mark(claim), _plan_result(run, planned))
            return run
        plan = Plan(
            run_id=run.id,
            sha256=planned.sha256,
            blob_id=blobs.put("plan", planned.bundle).id if planned.bundle else None,
            engine=run.engine,
            engine_version=planned.engine_version,
            engine_path=planned.engine_path,
            base_state_id=run.base_state_id,
        )
        here.add(plan)
        here.flush()
        if run.auto_apply and not _is_held(run):
            burn_now(run, claim)
        else:
            _ask(run, claim)
    return run


def burn(claim: Claim) -> Run:
    """Use up a confirmed run's plan and begin to change things. The engine starts after this.

    Raises:
        Conflict: when the plan was used before, or is outdated by now.
    """
    with transaction():
        run = held(claim)
        burn_now(run, claim)
    return run


def burn_now(run: Run, claim: Claim) -> None:
    """Burn the plan within the caller's transaction.

    Raises:
        Conflict: when the plan was used before, or is outdated by now.
    """
    here = session()
    deployment = here.get_one(
        Deployment, run.deployment_id, with_for_update=True, populate_existing=True
    )
    if is_outdated(run, deployment):
        raise Conflict("The plan is outdated: the state has changed since it was made.")
    plan = here.scalars(select(Plan).where(Plan.run_id == run.id)).one()
    if here.get(PlanUse, plan.id) is not None:
        raise Conflict("This plan was applied before; a plan is applied once at the most.")
    here.add(PlanUse(plan_id=plan.id, sha256=plan.sha256, run_id=run.id, epoch=claim.epoch))
    here.flush()
    move(run, CHANGES[run.type], mark(claim))


def _ask(run: Run, claim: Claim) -> None:
    """Let a person decide: the worker's hands are off, the lock stays."""
    run.worker_id, run.lease_until = None, None
    patience_s = session().get_one(Stack, run.stack_id).plan_expires_s
    if patience_s is not None:
        run.plan_expires_at = clock.now() + dt.timedelta(seconds=patience_s)
    move(run, RunState.UNCONFIRMED, mark(claim, "The plan has changes; a person decides."))


def _is_held(run: Run) -> bool:
    """Whether a person's lock or a block keeps the run from being applied by itself."""
    here = session()
    hand = here.get(ManualLock, run.deployment_id)
    if hand is not None and not passes(run, hand):
        return True
    return here.get_one(Deployment, run.deployment_id).blocked_at is not None


def _plan_result(run: Run, planned: Planned) -> str:
    if not planned.has_changes:
        return "No changes: what exists is what the code describes."
    noun = "destroy " if run.destroy else ""
    return f"The {noun}preview is complete."
