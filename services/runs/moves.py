"""Moving a run, and what goes with every move: locks, history, hints.

The only module that calls `Run.move_to`. A run is moved inside a transaction in which it was read
for update, so that of two movers the second sees what the first did.
"""

from sqlalchemy import select

from models import run_queue
from models.project import Deployment, DeploymentLock, ManualLock
from models.run import IllegalMoveError, Run
from models.run_history import Mark
from models.run_state import FINAL, LOCKING, RunState
from services import following, hints
from services.access import SYSTEM
from services.errors import Conflict, NotFound
from services.transaction import HELD, LOCKED, after_commit, session


def for_update(run_id: str) -> Run:
    """The run as it is now, held until the transaction ends.

    Raises:
        NotFound: when there is no such run.
    """
    here = session()
    held = here.info.get(LOCKED, frozenset())
    fresh = run_id not in held  # A second look within one transaction cannot see anything new.
    run = here.get(Run, run_id, with_for_update=HELD if fresh else None, populate_existing=fresh)
    if run is None:
        raise NotFound
    here.info.get(LOCKED, set()).add(run_id)
    return run


def move(run: Run, state: RunState, mark: Mark) -> None:
    """Move a run. At an end everything it holds is released and the next in line goes on.

    Raises:
        Conflict: when no road leads there from where the run stands.
    """
    before = run.state
    try:
        run.move_to(state, mark)
    except IllegalMoveError as error:
        raise Conflict(f"The run is {words(run.state)} now, so this is not possible.") from error
    session().flush()
    if state in FINAL and run.type in LOCKING:
        _release(run)
    following.tell(run, before)
    tell(run)
    if state in {RunState.READY, RunState.CONFIRMED}:
        after_commit(lambda: hints.send(hints.WorkWaiting()))


def tell(run: Run) -> None:
    """Hint, after the commit, that the run's page has changed."""
    hint = hints.RunMoved(
        run_id=run.id,
        project_id=run.project_id,
        stack_id=run.stack_id,
        workspace_id=run.workspace_id,
        deployment_id=run.deployment_id,
        version=run.version,
        state=run.state.value,
        status=run.status.value,
    )
    after_commit(lambda: hints.send(hint))


def words(state: RunState) -> str:
    """A state as it stands in a sentence."""
    return state.value.replace("_", " ")


def admit(deployment_id: str) -> None:
    """Give the deployment's lock to the first run in its queue that may have it.

    The row in `deployment_lock` is the lock: its primary key, not this code, keeps others out.
    """
    here = session()
    if here.scalars(run_queue.waiting_for_lock(deployment_id).limit(1)).first() is None:
        return
    deployment = here.get(Deployment, deployment_id, with_for_update=HELD, populate_existing=True)
    if deployment is None or deployment.blocked_at is not None:
        return
    if here.get(DeploymentLock, deployment_id) is not None:
        return
    hand = here.get(ManualLock, deployment_id)
    here.flush()  # What follows reads the row afresh.
    line = run_queue.waiting_for_lock(deployment_id, by_hand_of=hand.user_id if hand else None)
    # A run that somebody else is just changing is passed over: whoever holds the deployment waits
    # for nobody who may be waiting for it.
    held = line.limit(1).with_for_update(skip_locked=True, of=Run, **HELD)
    first = here.scalars(held.execution_options(populate_existing=True)).first()
    if first is not None:
        here.add(DeploymentLock(deployment_id=deployment_id, run_id=first.id))
        here.flush()
        move(first, RunState.READY, SYSTEM.mark("The deployment's lock is free."))


def passes(run: Run, hand: ManualLock) -> bool:
    """Whether a run passes a person's lock: only what the same person started by hand does."""
    return run.trigger_kind in run_queue.BY_HAND and run.created_by_id == hand.user_id


def yield_to_manual_lock(deployment_id: str) -> None:
    """Send a run that is ready but not claimed back to the queue, if a person's lock stops it."""
    here = session()
    lock = here.get(DeploymentLock, deployment_id)
    hand = here.get(ManualLock, deployment_id)
    if lock is None or lock.run_id is None or hand is None:
        return
    run = here.scalars(
        select(Run)
        .where(Run.id == lock.run_id)
        # Whoever moves the run at this moment waits for the deployment; a claim looks for itself.
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if run is None or run.state is not RunState.READY or passes(run, hand):
        return
    move(run, RunState.QUEUED, SYSTEM.mark(f"{hand.user_name} locked the deployment."))
    here.delete(lock)
    here.flush()
    admit(deployment_id)


def _release(run: Run) -> None:
    here = session()
    lock = here.get(DeploymentLock, run.deployment_id)
    if lock is not None and lock.run_id == run.id:
        here.delete(lock)
        here.flush()
    admit(run.deployment_id)
