"""The phases of a run: which states it was in, for how long, and which part of the log is whose."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from lib import clock
from models.run import Run
from models.run_history import RunHistory, RunStep
from models.run_state import WORKING, RunState

END_OF_LOG = 1 << 62
"""Where a log ends that nothing is added to, wherever that is."""


@dataclass(frozen=True)
class Phase:
    """A stay in one state. `log_start` and `log_end` are offsets; both None when it has no log.

    `log_end` is None while the phase goes on. The parts of a log leave no byte out: what lies
    between two steps belongs to the phase before.
    """

    row: RunHistory
    seconds: float
    current: bool
    steps: tuple[RunStep, ...] = ()
    log_start: int | None = None
    log_end: int | None = None

    @property
    def state(self) -> RunState:
        """The state."""
        return self.row.state

    @property
    def since(self) -> dt.datetime:
        """When the run came into it."""
        return self.row.at

    @property
    def key(self) -> str:
        """A name for the phase in URLs, stable while the run goes on."""
        return str(self.row.id)

    @property
    def has_log(self) -> bool:
        """Whether something of the log may be its."""
        return self.log_start is not None

    @property
    def has_printed(self) -> bool:
        """Whether its steps are known to have printed something, be it kept here or not."""
        return any((step.log_end or 0) > (step.log_start or 0) for step in self.steps)

    @property
    def exit_code(self) -> int | None:
        """How its last step ended, if not well."""
        codes = [step.exit_code for step in self.steps if step.exit_code]
        return codes[-1] if codes else None


def phases(run: Run, history: Sequence[RunHistory], steps: Sequence[RunStep]) -> list[Phase]:
    """The phases of a run, oldest first. `history` is newest first, as it is read."""
    rows = list(reversed(history))
    found = []
    for row, following in zip_longest(rows, rows[1:]):
        is_current = following is None and not run.is_over
        found.append(
            Phase(
                row,
                seconds=_seconds(row, following, is_current=is_current),
                current=is_current,
                steps=tuple(step for step in steps if _row_of(step, rows) is row),
            )
        )
    return _with_logs(run, found)


def strip(found: Sequence[Phase]) -> list[Phase]:
    """The phases worth drawing: ends take no time, and what took none says nothing."""
    return [phase for phase in found if phase.current or phase.seconds >= 0.05] or list(found[:1])


def _seconds(row: RunHistory, following: RunHistory | None, *, is_current: bool) -> float:
    if following is not None:
        return following.duration_ms / 1000
    return max(0.0, (clock.now() - row.at).total_seconds()) if is_current else 0.0


def _row_of(step: RunStep, rows: Sequence[RunHistory]) -> RunHistory | None:
    """The stay a step belongs to. Its epoch may be higher: a run is adopted where it stands."""
    fitting = [row for row in rows if row.state is step.state and row.epoch <= step.epoch]
    return fitting[-1] if fitting else None


def _with_logs(run: Run, found: list[Phase]) -> list[Phase]:
    """Give each phase at work its part of the log: from its start to the next one's."""
    places = [at for at, phase in enumerate(found) if phase.state in WORKING]
    starts = _starts([found[at] for at in places])
    ends: list[int | None] = [*starts[1:], END_OF_LOG if run.is_over else None]
    for at, start, end in zip(places, starts, ends[: len(starts)], strict=True):
        if end is None or end > start:
            found[at] = replace(found[at], log_start=start, log_end=end)
    return found


def _starts(working: Sequence[Phase]) -> list[int]:
    """Where each phase's log begins. What precedes the first is its too."""
    starts, low, written = list[int](), 0, 0
    for phase in working:
        own = min((step.log_start for step in phase.steps), default=None)
        start = max(low, written, phase.row.log_offset) if own is None else max(low, own)
        low = start if starts else 0
        starts.append(low)
        written = max([written, *(step.log_end or 0 for step in phase.steps)])
    return starts
