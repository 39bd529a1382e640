"""What may be done to a run now, by its row and by what surrounds it: one answer for everybody.

`actions` judges a run by its row alone. A plan may also be outdated, or the deployment in another
person's hand; those two are judged here, for the verb, the page, the list and the API alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models import run_lists, run_queue
from models.project import Deployment, ManualLock
from models.run import Run
from models.run_state import RunState, RunType
from services.access import Actor, can
from services.runs.actions import VERBS, actions
from services.transaction import session

PLAN_AGAIN = "plan-again"


@dataclass(frozen=True)
class Around:
    """What surrounds a run: whether its plan is outdated, who holds the deployment by hand.

    `blocked` is why it is blocked, or None.
    """

    is_outdated: bool = False
    hand: ManualLock | None = None
    blocked: str | None = None


def around(runs: Sequence[Run]) -> Mapping[str, Around]:
    """What surrounds each of the runs, by id; two queries for any number of them."""
    places = sorted({run.deployment_id for run in runs if _plan_is_open(run)})
    if not places:
        return {run.id: Around() for run in runs}
    here = session()
    deployments = {row.id: row for row in here.scalars(run_lists.deployments(places))}
    hands = {row.deployment_id: row for row in here.scalars(run_queue.manual_locks(places))}
    return {
        run.id: _around(run, deployments.get(run.deployment_id), hands.get(run.deployment_id))
        for run in runs
    }


def _around(run: Run, place: Deployment | None, hand: ManualLock | None) -> Around:
    blocked = place.blocked_reason if place is not None and place.blocked_at is not None else None
    return Around(is_outdated(run, place), hand, blocked)


def is_outdated(run: Run, deployment: Deployment | None) -> bool:
    """Whether the deployment's state has moved on since the run's plan was made.

    A run that ended otherwise than as a preview has a history, not a plan: it is never outdated.
    """
    if deployment is None or (run.is_over and run.type is not RunType.PREVIEW):
        return False
    return run.changes is not None and run.base_state_id != deployment.current_state_id


def obstacle(actor: Actor, run: Run, about: Around) -> str | None:
    """Why a plan that waits for a person may not be confirmed by this one, or None."""
    if run.state is not RunState.UNCONFIRMED:
        return None
    if about.is_outdated:
        return "The plan is outdated: the deployment's state has changed since it was made."
    if about.blocked is not None:
        return f"The deployment is blocked: {about.blocked} Settle it first."
    if about.hand is None or about.hand.user_id == actor.id:
        return None
    note = f" (“{about.hand.note}”)" if about.hand.note else ""
    return f"{about.hand.user_name} has locked the deployment{note}; only they may confirm."


def offered(actor: Actor, run: Run, about: Around) -> list[str]:
    """What the actor may do to the run now, as URL segments: what the server would accept."""
    names = actions(actor, run)
    if obstacle(actor, run, about) is not None:
        names = [name for name in names if name != "confirm"]
    outdated = about.is_outdated and run.state is RunState.UNCONFIRMED
    if outdated and can(actor, VERBS["rerun"].action, run):
        names.insert(0, PLAN_AGAIN)
    return names


def _plan_is_open(run: Run) -> bool:
    """Whether somebody could still act on the run's plan."""
    is_shown = run.type is RunType.PREVIEW and run.state is RunState.FINISHED
    return is_shown or run.state in {RunState.UNCONFIRMED, RunState.CONFIRMED}
