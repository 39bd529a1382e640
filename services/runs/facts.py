"""What programs are told of runs beyond their rows: a fixed number of queries for any number."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import run_history, run_lists, run_queue
from models.project import Deployment, ManualLock
from models.run import Run
from models.run_history import RunHistory
from models.run_state import RunState, RunType
from services.access import Actor, can
from services.runs.actions import VERBS, actions, force_cancel_at
from services.runs.decide import is_outdated
from services.runs.reading import PLAN_AGAIN
from services.runs.waiting import WaitingOn, explain
from services.transaction import session


@dataclass(frozen=True)
class RunFacts:
    """A run, why it waits, and what this actor may do to it now.

    `outputs` maps names to values; a sensitive output's value is None.
    """

    run: Run
    waiting: WaitingOn | None
    is_outdated: bool
    force_at: dt.datetime | None
    actions: Sequence[str]
    outputs: Mapping[str, Any]


def facts(actor: Actor, runs: Sequence[Run]) -> list[RunFacts]:
    """The facts of runs that the actor may see, in their order."""
    waiting = explain(runs)
    asking = sorted({run.deployment_id for run in runs if _plan_is_open(run)})
    here = session()
    places = {row.id: row for row in here.scalars(run_lists.deployments(asking))} if asking else {}
    hands = (
        {row.deployment_id: row for row in here.scalars(run_queue.manual_locks(asking))}
        if asking
        else {}
    )
    outputs = _outputs(runs)
    return [
        _facts(actor, run, waiting.get(run.id), (places, hands), outputs.get(run.id, {}))
        for run in runs
    ]


def history(run: Run) -> list[RunHistory]:
    """The states a run went through, oldest first."""
    return list(reversed(session().scalars(run_history.of_run(run.id)).all()))


def _facts(
    actor: Actor,
    run: Run,
    waiting: WaitingOn | None,
    around: tuple[Mapping[str, Deployment], Mapping[str, ManualLock]],
    outputs: Mapping[str, Any],
) -> RunFacts:
    place, hand = around[0].get(run.deployment_id), around[1].get(run.deployment_id)
    outdated = place is not None and _plan_is_open(run) and is_outdated(run, place)
    offered = actions(actor, run)
    if run.state is RunState.UNCONFIRMED:
        is_held = hand is not None and hand.user_id != actor.id
        offered = [name for name in offered if name != "confirm" or not (outdated or is_held)]
        if outdated and can(actor, VERBS["rerun"].action, run):
            offered.insert(0, PLAN_AGAIN)
    return RunFacts(run, waiting, outdated, force_cancel_at(run), offered, outputs)


def _plan_is_open(run: Run) -> bool:
    """Whether somebody could still act on the run's plan."""
    is_shown = run.type is RunType.PREVIEW and run.state is RunState.FINISHED
    return is_shown or run.state is RunState.UNCONFIRMED


def _outputs(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    over = [run.id for run in runs if run.started_at is not None]
    if over:
        for row in session().scalars(run_lists.outputs(over)):
            found.setdefault(row.run_id, {})[row.name] = None if row.sensitive else row.value
    return found
