"""What a worker reports about the run it holds.

Every report carries the claim's epoch. It is compared with the run's, which is held for update, in
the transaction that writes: whoever lost the run writes nothing.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from lib import clock
from models import run_queue
from models.project import Deployment, ManualLock, Stack
from models.run import Run
from models.run_content import Plan, PlanUse, StateVersion
from models.run_history import Mark, RunDiagnostic, RunStep
from models.run_state import CHANGING, FINAL, REPEATABLE, WORKING, RunState, RunType
from models.state_version import StateKind
from services import blobs, capacity, hold
from services.errors import Conflict
from services.runs.create import search_words
from services.runs.moves import for_update, move, passes, tell, words
from services.runs.offers import is_outdated
from services.transaction import session, transaction

LOST_LIMIT = 3
_CHANGES = {RunType.APPLY: RunState.APPLYING, RunType.DESTROY: RunState.DESTROYING}


class Fenced(Conflict):
    """The worker does not hold the run any more: what it reports changes nothing."""


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a run. The epoch is what fences off an older hold."""

    run_id: str
    worker_id: str
    epoch: int


@dataclass(frozen=True)
class Planned:
    """A saved plan, as the worker hands it over. `bundle` is all that applying it needs."""

    sha256: str
    has_changes: bool
    summary: Mapping[str, int]
    bundle: bytes | None = field(repr=False)
    engine_version: str
    engine_path: str


def claim(
    worker_id: str, lease: dt.timedelta, holds_directory: Callable[[Run], bool]
) -> Claim | None:
    """Take the next run that waits for a worker, or None when there is none.

    A confirmed run whose directory this worker still holds has its plan burned here and goes
    straight to its change; any other begins by being prepared. On hold nothing is taken, and
    with too little disk nothing that may change things.
    """
    with transaction() as here:
        if hold.is_on():
            return None
        changing = not capacity.is_too_little()
        first = run_queue.claimable(changing=changing).limit(1).with_for_update(skip_locked=True)
        while (run := here.scalars(first).first()) is not None:
            if _discard_if_outdated(run):
                continue
            _take(run, worker_id, lease)
            taken = Claim(run.id, worker_id, run.claim_epoch)
            if run.state is RunState.CONFIRMED and holds_directory(run):
                _burn(run, taken)
            else:
                move(run, RunState.PREPARING, _mark(taken))
            return taken
        return None


def take_over(run_id: str, worker_id: str, lease: dt.timedelta) -> Claim | None:
    """Take a run at work from a worker that is gone, to adopt what it left; None if it is over.

    The epoch rises, so that the former worker, should it come back, is refused.
    """
    with transaction():
        run = for_update(run_id)
        if run.worker_id is None or run.state not in WORKING:
            return None
        _take(run, worker_id, lease)
        return Claim(run.id, worker_id, run.claim_epoch)


def stop_wanted(run_id: str) -> bool | None:
    """None while a run may go on; False when it was asked to stop, True when it is to be killed."""
    asked = select(Run.cancel_requested_at, Run.force_requested_at).where(Run.id == run_id)
    row = session().execute(asked).one()
    if row.force_requested_at is not None:
        return True
    return None if row.cancel_requested_at is None else False


def is_at_work(run_id: str) -> bool:
    """Whether a run is in a state of work."""
    return session().scalars(select(Run.state).where(Run.id == run_id)).first() in WORKING


def may_clear(run_id: str) -> bool:
    """Whether a run's directory may go: the run is over, or gone, and no block points to it.

    What a run left that blocked its deployment stays until somebody has settled it.
    """
    found = (
        session()
        .execute(
            select(Run.state, Deployment.blocked_run_id)
            .join(Deployment, Deployment.id == Run.deployment_id)
            .where(Run.id == run_id)
        )
        .first()
    )
    return found is None or (found.state in FINAL and found.blocked_run_id != run_id)


def held(claim: Claim) -> Run:
    """The run of a claim, held for update.

    Raises:
        Fenced: when the claim is not the newest, or the run is in nobody's hands any more.
    """
    run = for_update(claim.run_id)
    check(claim, run)
    return run


def check(claim: Claim, run: Run) -> None:
    """Refuse a claim that is not the run's newest.

    Raises:
        Fenced: when another worker holds the run now, or none.
    """
    if run.claim_epoch != claim.epoch or run.worker_id != claim.worker_id:
        raise Fenced("Another worker holds this run now; this report is refused.")


@dataclass(frozen=True)
class EngineUsed:
    """Which engine works on a run, and how the run is kept apart from others."""

    version: str
    path: str
    isolation: str


def enter(
    claim: Claim, state: RunState, *, log_offset: int = 0, engine: EngineUsed | None = None
) -> Run:
    """Go on to another state of work; the engine is told when it has become known."""
    with transaction():
        run = held(claim)
        if engine is not None:
            run.engine_version, run.engine_path = engine.version, engine.path
            run.isolation = engine.isolation
        _leave(run, clock.now())
        move(run, state, _mark(claim, log_offset=log_offset))
    return run


def pin(claim: Claim, facts: Mapping[str, Any]) -> None:
    """Keep what the run's source turned out to be: commit, author, digest."""
    with transaction():
        run = held(claim)
        run.pin = dict(facts)
        run.branch = facts.get("branch") or run.branch
        run.search = search_words(run)
        run.version += 1
        tell(run)


@dataclass(frozen=True)
class StepReport:
    """A supervised process that has ended: its part of the log, and what it complained about."""

    number: int
    name: str
    started_at: dt.datetime
    finished_at: dt.datetime
    exit_code: int | None
    log_start: int
    log_end: int
    diagnostics: tuple[Mapping[str, Any], ...] = ()


def step(claim: Claim, report: StepReport) -> None:
    """Keep a step that has ended. Told twice, by whoever adopted it, it stands once."""
    with transaction() as here:
        run = held(claim)
        if claim.epoch > 1 and _is_told(run, report):
            return
        here.add(
            RunStep(
                run_id=run.id,
                number=report.number,
                name=report.name,
                state=run.state,
                epoch=claim.epoch,
                started_at=report.started_at,
                finished_at=report.finished_at,
                exit_code=report.exit_code,
                log_start=report.log_start,
                log_end=report.log_end,
            )
        )
        here.add_all(_diagnostic(run, report.name, facts) for facts in report.diagnostics)
        run.log_bytes = max(run.log_bytes, report.log_end)


def _is_told(run: Run, report: StepReport) -> bool:
    known = select(RunStep.id).where(RunStep.run_id == run.id, RunStep.number == report.number)
    return session().scalars(known).first() is not None


def finish_plan(claim: Claim, planned: Planned) -> Run:
    """Keep the plan, and go where it leads: to the end, to a person, or straight to its change."""
    with transaction() as here:
        run = held(claim)
        run.changes = dict(planned.summary)
        run.plan_sha256 = planned.sha256
        _leave(run, clock.now())
        if run.cancel_requested_at is not None:
            _end(run, RunState.STOPPED, _mark(claim), "Stopped on request.")
            return run
        if run.type is RunType.PREVIEW or not planned.has_changes:
            _end(run, RunState.FINISHED, _mark(claim), _plan_result(run, planned))
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
            _burn(run, claim)
        else:
            _ask(run, claim)
    return run


def base_state(claim: Claim, state_id: str | None) -> None:
    """Keep which state version the plan is made from; None when there is none yet."""
    with transaction():
        held(claim).base_state_id = state_id


def declare_backend(claim: Claim, backend: str | None) -> None:
    """Remember which backend the code declares for its state; None when Gantry keeps it."""
    with transaction() as here:
        run = held(claim)
        here.get_one(Deployment, run.deployment_id).backend = backend


def burn(claim: Claim) -> Run:
    """Use up a confirmed run's plan and begin to change things. The engine starts after this.

    Raises:
        Conflict: when the plan was used before, or is outdated by now.
    """
    with transaction():
        run = held(claim)
        _burn(run, claim)
    return run


def finish(claim: Claim, result: str) -> Run:
    """The run has proven to be done."""
    with transaction() as here:
        run = held(claim)
        if run.type in _CHANGES:
            here.get_one(Deployment, run.deployment_id).applied_run_id = run.id
        _leave(run, clock.now())
        _end(run, RunState.FINISHED, _mark(claim), result)
    return run


def fail(claim: Claim, kind: str, text: str, *, block: str | None = None) -> Run:
    """The run went wrong. `kind`: configuration, policy, engine, worker or gantry.

    With `block` the deployment is blocked for that reason until somebody settles it.
    """
    with transaction():
        run = held(claim)
        _leave(run, clock.now())
        run.error_kind, run.error_text = kind, text
        if block:
            _block(run, block)
        _end(run, RunState.FAILED, _mark(claim, text), None)
    return run


def interrupted(claim: Claim, state: RunState, text: str, *, block: str | None = None) -> Run:
    """The run was stopped on request, killed, or timed out: decided by our own request."""
    with transaction():
        run = held(claim)
        _leave(run, clock.now())
        run.result = text
        if block:
            _block(run, block)
        _end(run, state, _mark(claim, text), text)
    return run


def give_back(claim: Claim, reason: str) -> Run:
    """Lay a run down that has changed nothing yet, so that a worker may take it anew."""
    with transaction():
        run = held(claim)
        _leave(run, clock.now())
        _lay_down(run, reason)
    return run


def lose(run_id: str) -> Run | None:
    """Deal with a run whose worker is gone. Nothing that may have changed things starts again.

    Returns None when the run is in nobody's hands any more.
    """
    with transaction():
        run = for_update(run_id)
        if run.worker_id is None or run.state not in WORKING:
            return None
        _leave(run, clock.now())
        run.claim_epoch += 1
        if run.state in REPEATABLE and run.lost_count < LOST_LIMIT:
            run.lost_count += 1
            _lay_down(run, "The worker was lost before anything was changed.")
            return run
        text = "Worker lost, state unknown."
        if run.state in CHANGING:
            _block(run, f"The worker was lost while it was {words(run.state)}.")
        else:
            text = f"The worker was lost for the {LOST_LIMIT + 1}th time."
        run.error_kind, run.error_text = "worker", text
        _end(run, RunState.FAILED, Mark("system", None, "Gantry", text), None)
    return run


def _take(run: Run, worker_id: str, lease: dt.timedelta) -> None:
    run.worker_id = worker_id
    run.lease_until = clock.now() + lease
    run.claim_epoch += 1
    run.started_at = run.started_at or clock.now()


def _discard_if_outdated(run: Run) -> bool:
    """Drop a confirmed run whose plan the state has left behind, or that a block has overtaken."""
    if run.state is not RunState.CONFIRMED:
        return False
    deployment = session().get_one(Deployment, run.deployment_id)
    if deployment.blocked_at is not None:
        run.result = "The deployment was blocked before a worker could apply the plan. Plan again."
    elif is_outdated(run, deployment):
        run.result = "The plan was outdated before a worker could apply it. Plan again."
    else:
        return False
    move(run, RunState.DISCARDED, Mark("system", None, "Gantry", run.result))
    return True


def _burn(run: Run, claim: Claim) -> None:
    here = session()
    deployment = here.get_one(Deployment, run.deployment_id)
    if is_outdated(run, deployment):
        raise Conflict("The plan is outdated: the state has changed since it was made.")
    plan = here.scalars(select(Plan).where(Plan.run_id == run.id)).one()
    if here.get(PlanUse, plan.id) is not None:
        raise Conflict("This plan was applied before; a plan is applied once at the most.")
    here.add(PlanUse(plan_id=plan.id, sha256=plan.sha256, run_id=run.id, epoch=claim.epoch))
    here.flush()
    move(run, _CHANGES[run.type], _mark(claim))


def _ask(run: Run, claim: Claim) -> None:
    """Let a person decide: the worker's hands are off, the lock stays."""
    run.worker_id, run.lease_until = None, None
    patience_s = session().get_one(Stack, run.stack_id).plan_expires_s
    if patience_s is not None:
        run.plan_expires_at = clock.now() + dt.timedelta(seconds=patience_s)
    move(run, RunState.UNCONFIRMED, _mark(claim, "The plan has changes; a person decides."))


def _lay_down(run: Run, reason: str) -> None:
    run.worker_id, run.lease_until = None, None
    move(run, RunState.READY, Mark("system", None, "Gantry", reason))


def _is_held(run: Run) -> bool:
    """Whether a person's lock or a block keeps the run from being applied by itself."""
    here = session()
    hand = here.get(ManualLock, run.deployment_id)
    if hand is not None and not passes(run, hand):
        return True
    return here.get_one(Deployment, run.deployment_id).blocked_at is not None


def _block(run: Run, reason: str) -> None:
    """Block the deployment; what was copied while the run was at work becomes a candidate."""
    here = session()
    here.execute(
        update(StateVersion)
        .where(StateVersion.run_id == run.id, StateVersion.kind == StateKind.PROGRESS)
        .where(StateVersion.deployment_id == run.deployment_id)
        .values(kind=StateKind.CANDIDATE)
    )
    deployment = here.get_one(Deployment, run.deployment_id)
    deployment.blocked_reason = reason
    deployment.blocked_run_id = run.id
    deployment.blocked_at = clock.now()


def _end(run: Run, state: RunState, mark: Mark, result: str | None) -> None:
    run.result = result or run.result
    move(run, state, mark)


def _leave(run: Run, now: dt.datetime) -> None:
    """Count the time at work in the state that is being left; waiting never counts."""
    if run.state in WORKING:
        run.worked_s += max(0.0, (now - run.state_since).total_seconds())


def _plan_result(run: Run, planned: Planned) -> str:
    if not planned.has_changes:
        return "No changes: what exists is what the code describes."
    noun = "destroy " if run.destroy else ""
    return f"The {noun}preview is complete."


def _mark(claim: Claim, reason: str = "", log_offset: int = 0) -> Mark:
    return Mark("worker", claim.worker_id, "Worker", reason, log_offset=log_offset)


def _diagnostic(run: Run, step_name: str, facts: Mapping[str, Any]) -> RunDiagnostic:
    return RunDiagnostic(
        run_id=run.id,
        step=step_name,
        severity=str(facts.get("severity", "error")),
        summary=str(facts.get("summary", "")),
        detail=str(facts.get("detail") or ""),
        address=str(facts.get("address") or ""),
        filename=str(facts.get("filename") or facts.get("file") or ""),
        line=facts.get("line"),
        snippet=facts.get("snippet"),
    )
