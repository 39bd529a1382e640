"""What may be done to a run now: the one function behind buttons, the API and the refusals."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lib import clock
from models.run import Run
from models.run_state import CHANGING, WORKING, RunState, RunType
from services.access import Action, Actor, can, require
from services.errors import Conflict
from services.runs.moves import words

_S = RunState
_DISCARDABLE = frozenset({_S.QUEUED, _S.READY, _S.PENDING_REVIEW, _S.UNCONFIRMED, _S.CONFIRMED})


@dataclass(frozen=True)
class Verb:
    """One thing to do to a run: the right it takes, and why the run's state may forbid it."""

    action: Action
    objection: Callable[[Run], str | None]


def force_cancel_at(run: Run) -> dt.datetime | None:
    """When a run that was asked to stop may be killed, or None while that is no question."""
    if run.cancel_requested_at is None or run.state not in CHANGING:
        return None
    return run.cancel_requested_at + dt.timedelta(seconds=run.cancel_grace_s)


def _confirm(run: Run) -> str | None:
    if run.state is _S.UNCONFIRMED:
        return None
    if run.state is _S.CONFIRMED:
        return "The run is confirmed already."
    return _is(run, "there is no plan that waits for a confirmation")


def _discard(run: Run) -> str | None:
    if run.state in _DISCARDABLE and run.worker_id is None:
        return None
    if run.state in WORKING:
        return _is(run, "work has begun; cancel it instead")
    return _is(run, "there is nothing left to discard")


def _cancel(run: Run) -> str | None:
    if run.cancel_requested_at is not None and not run.is_over:
        return f"The run has been stopping since {run.cancel_requested_at:%H:%M:%S} UTC."
    if run.state in WORKING:
        return None
    if run.is_over:
        return _is(run, "it has ended")
    return _is(run, "work has not begun; discard it instead")


def _force_cancel(run: Run) -> str | None:
    if run.is_over:
        return _is(run, "it has ended")
    if run.force_requested_at is not None:
        return "The run is being killed already."
    if run.cancel_requested_at is None:
        return "Cancel the run first, so that it can stop by itself."
    allowed_at = force_cancel_at(run)
    if allowed_at is None:
        return "The run is stopping by itself; it is killed within 30 seconds if it does not."
    if clock.now() < allowed_at:
        return f"The run may be killed from {allowed_at:%Y-%m-%d %H:%M:%S} UTC on, not earlier."
    return None


def _rerun(run: Run) -> str | None:
    return None if run.is_over else _is(run, "only a run that has ended can be run again")


def _promote(run: Run) -> str | None:
    if run.type is not RunType.PREVIEW:
        return "Only a preview can be applied afterwards."
    return None if run.state is _S.FINISHED else _is(run, "only a finished preview can be applied")


def _archive(run: Run) -> str | None:
    return "The run is archived already." if run.archived_at else None


def _unarchive(run: Run) -> str | None:
    return None if run.archived_at else "The run is not archived."


def _prioritize(run: Run) -> str | None:
    return _is(run, "it has ended") if run.is_over else None


def _is(run: Run, consequence: str) -> str:
    return f"The run is {words(run.state)}: {consequence}."


VERBS: Mapping[str, Verb] = {
    "confirm": Verb(Action.CONFIRM, _confirm),
    "discard": Verb(Action.DISCARD, _discard),
    "cancel": Verb(Action.CANCEL, _cancel),
    "force-cancel": Verb(Action.FORCE_CANCEL, _force_cancel),
    "promote": Verb(Action.CREATE_RUN, _promote),
    "rerun": Verb(Action.CREATE_RUN, _rerun),
    "prioritize": Verb(Action.PRIORITIZE, _prioritize),
    "archive": Verb(Action.ARCHIVE, _archive),
    "unarchive": Verb(Action.ARCHIVE, _unarchive),
    "comments": Verb(Action.COMMENT, lambda _run: None),
}
"""Every verb, named as its URL segment, in the order in which buttons stand."""


def actions(actor: Actor, run: Run) -> list[str]:
    """What the actor may do to the run now, as URL segments."""
    return [
        name
        for name, verb in VERBS.items()
        if can(actor, verb.action, run) and verb.objection(run) is None
    ]


def check(actor: Actor, name: str, run: Run) -> None:
    """Refuse a verb that the actor may not do, or that the run's state forbids now.

    Raises:
        NotFound: when the actor may not see the run.
        Forbidden: when the role is too weak.
        Conflict: with the reason, when the state does not allow it or it holds already.
    """
    verb = VERBS[name]
    require(actor, verb.action, run)
    objection = verb.objection(run)
    if objection is not None:
        raise Conflict(objection)
