"""What programs are told of runs beyond their rows: a fixed number of queries for any number."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from lib import clock
from models import run_history, run_lists
from models.run import Run
from models.run_history import RunHistory
from services.access import Actor
from services.runs.actions import force_cancel_at
from services.runs.listing import RunLine, role_on
from services.runs.offers import Around, around, offered
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
    waiting, surroundings, outputs = explain(runs), around(runs), _outputs(runs)
    return [
        RunFacts(
            run=run,
            waiting=waiting.get(run.id),
            is_outdated=surroundings[run.id].is_outdated,
            force_at=force_cancel_at(run),
            actions=offered(actor, run, surroundings[run.id]),
            outputs=outputs.get(run.id, {}),
        )
        for run in runs
    ]


def bare(runs: Sequence[Run]) -> list[RunFacts]:
    """The facts of runs without what takes a look around: for callers that want none of it."""
    return [
        RunFacts(run, None, is_outdated=False, force_at=None, actions=(), outputs={})
        for run in runs
    ]


def stamp(actor: Actor, runs: Sequence[Run | RunLine]) -> str:
    """What changes whenever something changes that programs are told of these runs.

    It costs what surrounds the runs, and neither their outputs nor the making of an answer.
    """
    rows = cast("Sequence[Run]", runs)
    waiting, surroundings = explain(rows), around(rows)
    told = [
        (
            run.id,
            run.version,
            role_on(actor, run),
            waiting.get(run.id),
            _told_of(surroundings[run.id]),
            (allowed_at := force_cancel_at(run)) is not None and allowed_at <= clock.now(),
        )
        for run in rows
    ]
    return repr((actor.key, told))


def _told_of(about: Around) -> tuple[bool, str | None, str | None]:
    return about.is_outdated, about.blocked, about.hand.user_id if about.hand else None


def history(run: Run) -> list[RunHistory]:
    """The states a run went through, oldest first."""
    return list(reversed(session().scalars(run_history.of_run(run.id)).all()))


def _outputs(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    over = [run.id for run in runs if run.started_at is not None]
    if over:
        for row in session().scalars(run_lists.outputs(over)):
            found.setdefault(row.run_id, {})[row.name] = None if row.sensitive else row.value
    return found
