"""A worker's hold on a run, and what every report checks first: the epoch of its claim."""

import datetime as dt
from dataclasses import dataclass, field

from lib import clock
from models.run import Run
from models.run_history import Mark
from models.run_state import WORKING
from services.errors import Conflict
from services.runs.moves import for_update


class Fenced(Conflict):
    """The worker does not hold the run any more: what it reports changes nothing."""


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a run. The epoch is what fences off an older hold.

    `taken_at` and `taken_mono` say when it began, by the wall clock and by one that never jumps.
    """

    run_id: str
    worker_id: str
    epoch: int
    taken_at: dt.datetime = field(default_factory=clock.now, compare=False)
    taken_mono: float = field(default_factory=clock.monotonic, compare=False)


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


def leave(run: Run, claim: Claim | None) -> None:
    """Count the time at work in the state that is being left; waiting never counts.

    Nor does time that has not passed: a wall clock that jumps, or a machine that slept, must not
    use up what the run may take. So no more is counted than the worker's monotonic clock allows.
    """
    if run.state not in WORKING:
        return
    passed_s = (clock.now() - run.state_since).total_seconds()
    if claim is not None:
        before_s = max(0.0, (claim.taken_at - run.state_since).total_seconds())
        passed_s = min(passed_s, before_s + clock.monotonic() - claim.taken_mono)
    run.worked_s += max(0.0, passed_s)


def mark(claim: Claim, reason: str = "", log_offset: int = 0) -> Mark:
    """What stands in the history for a move that a worker made."""
    return Mark("worker", claim.worker_id, "Worker", reason, log_offset=log_offset)
