"""How a run ends in a worker's hands, or because the worker is gone."""

from sqlalchemy import update

from lib import clock
from models.project import Deployment
from models.run import Run
from models.run_content import StateVersion
from models.run_history import Mark
from models.run_state import CHANGING, REPEATABLE, WORKING, RunState, RunType
from models.state_version import StateKind
from services import leases
from services.runs.moves import for_update, move, words
from services.runs.work.fence import Claim, held, leave, mark
from services.transaction import session, transaction

LOST_LIMIT = 3
_STOPPED = "Stopped on request; nothing had been changed when its worker was lost."
CHANGES = {RunType.APPLY: RunState.APPLYING, RunType.DESTROY: RunState.DESTROYING}
"""What a plan leads to, by the type of its run."""


def finish(claim: Claim, result: str) -> Run:
    """The run has proven to be done."""
    with transaction() as here:
        run = held(claim)
        if run.type in CHANGES:
            here.get_one(Deployment, run.deployment_id).applied_run_id = run.id
        leave(run, claim)
        end(run, RunState.FINISHED, mark(claim), result)
    return run


def fail(claim: Claim, kind: str, text: str, *, block: str | None = None) -> Run:
    """The run went wrong. `kind`: configuration, policy, engine, worker or gantry.

    With `block` the deployment is blocked for that reason until somebody settles it.
    """
    with transaction():
        run = held(claim)
        leave(run, claim)
        run.error_kind, run.error_text = kind, text
        if block:
            _block(run, block)
        end(run, RunState.FAILED, mark(claim, text), None)
    return run


def interrupted(claim: Claim, state: RunState, text: str, *, block: str | None = None) -> Run:
    """The run was stopped on request, killed, or timed out: decided by our own request."""
    with transaction():
        run = held(claim)
        leave(run, claim)
        run.result = text
        if block:
            _block(run, block)
        end(run, state, mark(claim, text), text)
    return run


def lose(run_id: str, *, epoch: int | None = None, is_leased: bool = False) -> Run | None:
    """Deal with a run whose worker is gone. Nothing that may have changed things starts again.

    With `epoch` only the hold that was seen to be lost ends: whoever took the run since keeps it.
    `is_leased` ends a hold although its lease still runs.

    Returns None when there is nothing to lose: the run is in nobody's hands, or in other ones.
    """
    with transaction():
        run = for_update(run_id)
        if run.worker_id is None or run.state not in WORKING:
            return None
        if epoch is not None and (run.claim_epoch != epoch or _lives(run, is_leased=is_leased)):
            return None
        leave(run, None)
        run.claim_epoch += 1
        if run.state in REPEATABLE and run.cancel_requested_at is not None:
            end(run, RunState.STOPPED, Mark("system", None, "Gantry", _STOPPED), _STOPPED)
            return run
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
        end(run, RunState.FAILED, Mark("system", None, "Gantry", text), None)
    return run


def _lives(run: Run, *, is_leased: bool) -> bool:
    """Whether somebody has said since that he is alive."""
    return not is_leased and run.lease_until is not None and run.lease_until >= leases.now()


def _lay_down(run: Run, reason: str) -> None:
    run.worker_id, run.lease_until = None, None
    move(run, RunState.READY, Mark("system", None, "Gantry", reason))


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


def end(run: Run, state: RunState, mark: Mark, result: str | None) -> None:
    """End a run within the caller's transaction."""
    run.result = result or run.result
    move(run, state, mark)
