"""Moving a run, and what goes with every move: locks, history, hints.

The only module that calls `Run.move_to`. A run is moved inside a transaction in which it was read
for update, so that of two movers the second sees what the first did.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

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
    held = here.info.get(LOCKED, {})
    fresh = run_id not in held  # A second look within one transaction cannot see anything new.
    run = here.get(Run, run_id, with_for_update=HELD if fresh else None, populate_existing=fresh)
    if run is None:
        raise NotFound
    held[run_id] = run
    return run


def move(run: Run, state: RunState, mark: Mark) -> None:
    """Move a run. At an end everything it holds is released and the next in line goes on.

    Raises:
        Conflict: when no road leads there from where the run stands.
    """
    move_all([run], state, mark)


def move_all(runs: Sequence[Run], state: RunState, mark: Mark) -> None:
    """Move several runs at once, as `move` does each."""
    before = {run.id: run.state for run in runs}
    for run in runs:
        try:
            run.move_to(state, mark)
        except IllegalMoveError as error:
            said = f"The run is {words(run.state)} now, so this is not possible."
            raise Conflict(said) from error
    session().flush()
    for run in runs:
        if state in FINAL and run.type in LOCKING:
            _release(run)
        following.tell(run, before[run.id])
        tell(run)
    if runs and state in {RunState.READY, RunState.CONFIRMED}:
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
    if session().scalars(run_queue.anybody_waiting(deployment_id)).first() is not None:
        _admit(deployment_id)


def admit_new(deployment_ids: Collection[str]) -> None:
    """The same at several deployments whose queues have just got longer.

    All are held first, in one order: of two who do this, neither waits for what the other has.
    """
    _hold(deployment_ids)
    free = set(deployment_ids)
    if len(free) > 1:
        free = set(session().scalars(run_queue.places_to_admit(len(free), free)))
    for deployment_id in deployment_ids:
        if deployment_id in free:
            _admit(deployment_id)


def _admit(deployment_id: str) -> None:
    here = session()
    deployment = _hold([deployment_id]).get(deployment_id)
    if deployment is None or deployment.blocked_at is not None:
        return
    here.flush()  # What follows reads the rows afresh.
    is_taken, by_hand_of = here.execute(run_queue.locks_at(deployment_id)).one()
    if is_taken:
        return
    line = run_queue.waiting_for_lock(deployment_id, by_hand_of=by_hand_of)
    # A run that somebody else is just changing is passed over: whoever holds the deployment waits
    # for nobody who may be waiting for it.
    held = line.limit(1).with_for_update(skip_locked=True, of=Run, **HELD)
    first = here.scalars(held.execution_options(populate_existing=True)).first()
    if first is not None:
        here.add(DeploymentLock(deployment_id=deployment_id, run_id=first.id))
        here.flush()
        move(first, RunState.READY, SYSTEM.mark("The deployment's lock is free."))


def _hold(deployment_ids: Collection[str]) -> Mapping[str, Deployment]:
    """Hold deployments, as they are now, until the transaction ends; those that there are."""
    here = session()
    held: dict[str, Any] = here.info.get(LOCKED, {})
    wanted = [each for each in deployment_ids if each not in held]
    if not wanted:
        return held
    rows = select(Deployment).where(Deployment.id.in_(wanted)).order_by(Deployment.id)
    rows = rows.with_for_update(**HELD).execution_options(populate_existing=True)
    found = {row.id: row for row in here.scalars(rows)}
    if not here.in_nested_transaction():  # A savepoint that is undone lets go of what it held.
        held.update(found)
    return held | found


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
