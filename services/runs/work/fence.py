"""A worker's hold on a run, and what every report checks first: the epoch of its claim."""

import datetime as dt
from dataclasses import dataclass

from models.run import Run
from models.run_history import Mark
from models.run_state import WORKING
from services.errors import Conflict
from services.runs.moves import for_update


class Fenced(Conflict):
    """The worker does not hold the run any more: what it reports changes nothing."""


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a run. The epoch is what fences off an older hold."""

    run_id: str
    worker_id: str
    epoch: int


def held(claim: Claim) -> Run:
    """The run of a claim, held for update.

    Raises:
        Fenced: when the claim is not the newest, or the run is in nobody's hands any more.
    """
    run = for_update(claim.run_id)
    check(claim, run)
    return run


def check(claim: Claim, run: Run) -> None:
    """Refuse a claim that is not the run's newest.

    Raises:
        Fenced: when another worker holds the run now, or none.
    """
    if run.claim_epoch != claim.epoch or run.worker_id != claim.worker_id:
        raise Fenced("Another worker holds this run now; this report is refused.")


def leave(run: Run, now: dt.datetime) -> None:
    """Count the time at work in the state that is being left; waiting never counts."""
    if run.state in WORKING:
        run.worked_s += max(0.0, (now - run.state_since).total_seconds())


def mark(claim: Claim, reason: str = "", log_offset: int = 0) -> Mark:
    """What stands in the history for a move that a worker made."""
    return Mark("worker", claim.worker_id, "Worker", reason, log_offset=log_offset)
