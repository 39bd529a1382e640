"""Taking a run in hand, and what whoever watches over workers asks about it."""

import datetime as dt
from collections.abc import Callable

from sqlalchemy import select

from lib import clock
from models.project import Deployment
from models.run import Run
from models.run_history import Mark
from models.run_state import FINAL, WORKING, RunState
from services import capacity, hold, leases, pools
from services.runs import line
from services.runs.moves import for_update, move
from services.runs.offers import is_outdated
from services.runs.work.fence import Claim, mark
from services.runs.work.plans import burn_now
from services.transaction import HELD, session, transaction


def claim(
    worker_id: str, lease: dt.timedelta, holds_directory: Callable[[Run], bool]
) -> Claim | None:
    """Take the next run that waits for a worker, or None when there is none.

    A confirmed run whose directory this worker still holds has its plan burned here and goes
    straight to its change; any other begins by being prepared. On hold, and while its pool has
    as much at work as it may, nothing is taken; with too little disk nothing that may change
    things.
    """
    with transaction():
        if hold.is_on() or pools.is_full(worker_id):
            return None
        changing = not capacity.is_too_little()
        while (run := line.first(changing=changing)) is not None:
            if _discard_if_outdated(run):
                continue
            _take(run, worker_id, lease)
            taken = Claim(run.id, worker_id, run.claim_epoch)
            if run.state is RunState.CONFIRMED and holds_directory(run):
                burn_now(run, taken)
            else:
                move(run, RunState.PREPARING, mark(taken))
            return taken
        return None


def take_over(
    run_id: str, worker_id: str, lease: dt.timedelta, *, epoch: int | None = None
) -> Claim | None:
    """Take a run at work from a worker that is gone, to adopt what it left; None if it is over.

    The epoch rises, so that the former worker, should it come back, is refused. With `epoch` the
    run is left to whoever has taken it since.
    """
    with transaction():
        run = for_update(run_id)
        if run.worker_id is None or run.state not in WORKING:
            return None
        if epoch is not None and run.claim_epoch != epoch:
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


def _take(run: Run, worker_id: str, lease: dt.timedelta) -> None:
    run.worker_id = worker_id
    run.lease_until = leases.now() + lease
    run.claim_epoch += 1
    run.started_at = run.started_at or clock.now()


def _discard_if_outdated(run: Run) -> bool:
    """Drop a run whose confirmed plan the state has left behind, or that a block has overtaken.

    A worker that was lost may have left it ready instead of confirmed. The deployment is held for
    update, so that nobody brings another state meanwhile.
    """
    if run.changes is None:
        return False
    deployment = session().get_one(
        Deployment, run.deployment_id, with_for_update=HELD, populate_existing=True
    )
    if deployment.blocked_at is not None:
        run.result = "The deployment was blocked before a worker could apply the plan. Plan again."
    elif is_outdated(run, deployment):
        run.result = "The plan was outdated before a worker could apply it. Plan again."
    else:
        return False
    move(run, RunState.DISCARDED, Mark("system", None, "Gantry", run.result))
    return True
