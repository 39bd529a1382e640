"""What a person should see first: who waits for them, what runs, how it went."""

from sqlalchemy import Select, func, select

from models.run import Run
from models.run_state import WORKING, RunState
from services.access import Actor, visible
from services.transaction import session

MOST_COUNTED = 99
"""Above this a count is written “99+”: nobody needs it exactly, and counting on costs time."""


def counts(actor: Actor) -> dict[str, str]:
    """What the sidebar counts: runs that need or occupy someone, and those that queue.

    One query, bounded, over the index of states.
    """
    queued = (RunState.QUEUED, RunState.READY, RunState.CONFIRMED)
    asking = (*WORKING, RunState.UNCONFIRMED, RunState.PENDING_REVIEW)
    runs, queue = session().execute(select(_bounded(actor, asking), _bounded(actor, queued))).one()
    return {"runs": _words(runs), "queue": _words(queue)}


def _bounded(actor: Actor, states: tuple[RunState, ...]) -> object:
    some: Select[str] = (
        select(Run.id)
        .where(Run.state.in_(states), Run.archived_at.is_(None), visible(actor, Run))
        .limit(MOST_COUNTED + 1)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _words(count: int) -> str:
    if not count:
        return ""
    return str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+"
