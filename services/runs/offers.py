"""What may be done to a run now, by its row and by what surrounds it: one answer for everybody.

`actions` judges a run by its row alone. A plan may also be outdated, or the deployment in another
person's hand; those two are judged here, for the verb, the page, the list and the API alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models import run_queue
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

    `blocked` is why it is blocked, or None; `is_protected`: nothing may be destroyed there.
    """

    is_outdated: bool = False
    hand: ManualLock | None = None
    blocked: str | None = None
    is_protected: bool = False


def around(runs: Sequence[Run]) -> Mapping[str, Around]:
    """What surrounds each of the runs, by id; one query for any number of them."""
    places = sorted({run.deployment_id for run in runs if _plan_is_open(run) or _destroys(run)})
    if not places:
        return {run.id: Around() for run in runs}
    rows = session().execute(run_queue.surroundings(places))
    known = {row[0].id: (row[0], row[1], row[2]) for row in rows}
    return {run.id: _around(run, known.get(run.deployment_id)) for run in runs}


def _around(run: Run, known: tuple[Deployment, ManualLock | None, bool] | None) -> Around:
    if known is None:
        return Around()
    place, hand, is_protected = known
    blocked = place.blocked_reason if place.blocked_at is not None else None
    return Around(is_outdated(run, place), hand, blocked, is_protected)


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
    if about.is_outdated and run.state is RunState.UNCONFIRMED:
        again = can(actor, VERBS["rerun"].action, run)
        names = [PLAN_AGAIN, *names] if again else names
    refused = _refused_by_protection(run) if about.is_protected else frozenset()
    if obstacle(actor, run, about) is not None:
        refused |= {"confirm"}
    return [name for name in names if name not in refused]


def _refused_by_protection(run: Run) -> frozenset[str]:
    """The verbs that would make a run which destroys something."""
    if run.type is RunType.DESTROY:
        return frozenset({"rerun", PLAN_AGAIN})
    return frozenset({"promote"}) if run.destroy else frozenset()


def _destroys(run: Run) -> bool:
    return run.type is RunType.DESTROY or run.destroy


def _plan_is_open(run: Run) -> bool:
    """Whether somebody could still act on the run's plan."""
    is_shown = run.type is RunType.PREVIEW and run.state is RunState.FINISHED
    return is_shown or run.state in {RunState.UNCONFIRMED, RunState.CONFIRMED}
