"""What people decide about a run: confirm, discard, cancel, kill."""

from collections.abc import Sequence

from lib import clock
from models import run_queue
from models.run import Run
from models.run_history import RunMetadata
from models.run_state import RunState
from services import audit, hints
from services.access import SYSTEM, Actor
from services.errors import Conflict
from services.runs.actions import check
from services.runs.moves import for_update, move, tell
from services.runs.offers import around, obstacle
from services.transaction import after_commit, session, transaction


def confirm(
    actor: Actor, run_id: str, *, plan_sha256: str | None = None, metadata: Sequence[str] = ()
) -> Run:
    """Accept a run's plan, so that a worker applies exactly it.

    Raises:
        Conflict: when the run does not wait for this, when `plan_sha256` names another plan, when
            the plan is outdated, or when another person holds the deployment.
    """
    with transaction():
        run = for_update(run_id)
        check(actor, "confirm", run)
        _same_plan(run, plan_sha256)
        _no_obstacle(actor, run)
        run.confirmed_by_id = actor.id
        move(run, RunState.CONFIRMED, actor.mark("Confirmed."))
        attach(actor, run, "confirm", metadata)
        audit.record(actor, "run.confirm", run, after={"plan_sha256": run.plan_sha256})
    return run


def discard(actor: Actor, run_id: str, *, reason: str = "", metadata: Sequence[str] = ()) -> Run:
    """Drop a run before its work began, or its plan before it is applied."""
    with transaction():
        run = for_update(run_id)
        check(actor, "discard", run)
        run.result = f"Discarded by {actor.name}."
        move(run, RunState.DISCARDED, actor.mark(reason or "Discarded."))
        attach(actor, run, "discard", metadata)
        audit.record(actor, "run.discard", run)
    return run


def cancel(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Ask a run at work to stop: one interrupt, so that its engine can save what it must."""
    with transaction():
        run = for_update(run_id)
        check(actor, "cancel", run)
        run.cancel_requested_at = clock.now()
        run.cancel_requested_by = actor.name
        run.version += 1
        tell(run)
        attach(actor, run, "cancel", metadata)
        audit.record(actor, "run.cancel", run)
        after_commit(lambda: hints.send(hints.StopWanted(run.id, kill=False)))
    return run


def force_cancel(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Kill every process of a run that did not stop within its grace period."""
    with transaction():
        run = for_update(run_id)
        check(actor, "force-cancel", run)
        run.force_requested_at = clock.now()
        run.version += 1
        tell(run)
        attach(actor, run, "force-cancel", metadata)
        audit.record(actor, "run.force-cancel", run)
        after_commit(lambda: hints.send(hints.StopWanted(run.id, kill=True)))
    return run


def expire_plans(limit: int = 100) -> int:
    """Discard unconfirmed runs whose plans have expired. Returns how many."""
    with transaction() as here:
        due = here.scalars(
            run_queue.expired_plans(clock.now()).limit(limit).with_for_update(skip_locked=True)
        ).all()
        for run in due:
            run.result = "The plan expired before anybody confirmed it."
            move(run, RunState.DISCARDED, SYSTEM.mark("The plan has expired."))
    return len(due)


def attach(actor: Actor, run: Run, verb: str, metadata: Sequence[str]) -> None:
    """Keep what somebody attached to a verb; metadata are opaque strings."""
    for text in metadata:
        session().add(RunMetadata(run_id=run.id, author_name=actor.name, verb=verb, text=text))


def _same_plan(run: Run, plan_sha256: str | None) -> None:
    if plan_sha256 is not None and plan_sha256 != run.plan_sha256:
        raise Conflict("The plan you saw is not this run's plan any more. Look at it again.")


def _no_obstacle(actor: Actor, run: Run) -> None:
    reason = obstacle(actor, run, around([run])[run.id])
    if reason is not None:
        raise Conflict(reason)
