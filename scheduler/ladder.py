"""How a step is stopped: one interrupt, then a kill, by request or by the clock.

Each rung is on disk before it is climbed, so whoever takes over climbs none twice: a second
interrupt would make terraform drop what it is doing.
"""

import os
import signal
from dataclasses import asdict, dataclass, replace
from typing import Any

from lib import clock, procfs
from lib.procfs import Identity
from scheduler import step
from scheduler.step import StepSpec

# How soon a kill that has not worked is tried again.
KILL_AGAIN_S = 0.5


@dataclass(frozen=True)
class Rungs:
    """What has been done so far. `…_mono` are readings of the monotonic clock."""

    interrupted_at: float | None = None
    interrupted_mono: float | None = None
    timed_out_mono: float | None = None
    killed: bool = False


class Ladder:
    """Decides when a step is interrupted and killed, and does both."""

    def __init__(self, spec: StepSpec, started_mono: float, max_duration_s: float | None) -> None:
        self._spec = spec
        self._too_long_mono = None if max_duration_s is None else started_mono + max_duration_s
        self._path = spec.step_dir / step.LADDER
        record = step.read_record(self._path)
        self.rungs = Rungs(**record) if record else Rungs()
        self._next_kill_mono = 0.0
        # Wanted until it is done: an engine that is just being started cannot be interrupted yet.
        self._is_interrupt_wanted = self.rungs.timed_out_mono is not None

    def climb(self, names: set[str], processes: "Processes") -> None:
        """Do what the requests among `names` and the clock ask for."""
        now = clock.monotonic()
        if self._is_too_long(now):
            self._save(timed_out_mono=now)
            self._is_interrupt_wanted = True
        if step.INTERRUPT in names:
            self._is_interrupt_wanted = True
        if self._is_interrupt_wanted and processes.is_known:
            self._interrupt(processes)
        kill_at = self._kill_at()
        if step.KILL in names or (kill_at is not None and now >= kill_at):
            self._save(killed=True)
        if self.rungs.killed and now >= self._next_kill_mono:
            processes.kill()
            self._next_kill_mono = now + KILL_AGAIN_S

    def wait_s(self) -> float | None:
        """How long nothing needs to be done here, or None when the clock asks for nothing more."""
        if self.rungs.killed:
            return KILL_AGAIN_S
        due = [self._kill_at()]
        if self.rungs.timed_out_mono is None:
            due.append(self._too_long_mono)
        soonest = min((at for at in due if at is not None), default=None)
        return None if soonest is None else max(0.0, soonest - clock.monotonic())

    def _is_too_long(self, now: float) -> bool:
        is_over = self._too_long_mono is not None and now >= self._too_long_mono
        return is_over and self.rungs.timed_out_mono is None

    def _kill_at(self) -> float | None:
        rungs, grace_s = self.rungs, self._spec.stop_grace_s
        due = []
        if rungs.interrupted_mono is not None and grace_s is not None:
            due.append(rungs.interrupted_mono + grace_s)
        if rungs.timed_out_mono is not None and grace_s is None:
            due.append(rungs.timed_out_mono + self._spec.timeout_grace_s)
        return min(due, default=None)

    def _interrupt(self, processes: "Processes") -> None:
        self._is_interrupt_wanted = False
        if self.rungs.interrupted_mono is None:
            self._save(interrupted_at=clock.now().timestamp(), interrupted_mono=clock.monotonic())
            processes.interrupt()

    def _save(self, **done: Any) -> None:
        after = replace(self.rungs, **done)
        if after != self.rungs:
            self.rungs = after
            step.write_record(self._path, asdict(after))


class Processes:
    """The processes of one step: its keeper, its engine, and whatever the engine started."""

    def __init__(self, spec: StepSpec, marker: str) -> None:
        self._spec = spec
        self._marker = f"{step.MARKER}={marker}".encode()
        self._keeper: Identity | None = None
        self._engine: Identity | None = None
        self._watched: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether the keeper has told who it is and which process is the engine."""
        return self._engine is not None

    def look(self) -> None:
        """Read who is who, if it is not known yet."""
        if self._engine is None and (record := step.read_record(self._spec.step_dir / step.ENGINE)):
            self._keeper, self._engine = Identity(*record["keeper"]), Identity(*record["engine"])

    def watched_fds(self) -> tuple[int, ...]:
        """A descriptor that tells the end of the keeper or, when it is dead, of the engine."""
        if self._watched is None:
            alive = (i.pidfd() for i in (self._keeper, self._engine) if i)
            self._watched = next((fd for fd in alive if fd is not None), None)
        return () if self._watched is None else (self._watched,)

    def is_any_alive(self) -> bool:
        """Whether the keeper or at least the engine lives on."""
        if self._watched is not None:
            os.close(self._watched)
            self._watched = None
        return bool(self.watched_fds())

    def interrupt(self) -> None:
        """Send one SIGINT to the engine's group."""
        if self._engine:
            self._engine.send_group(signal.SIGINT)

    def kill(self) -> None:
        """Kill the engine's group and every process that carries the step's mark.

        The keeper is spared: it sweeps up what hides from this, and writes the exit record.
        """
        if self._engine:
            self._engine.send_group(signal.SIGKILL)
        for process in procfs.marked(self._marker):
            process.send(signal.SIGKILL)
        if self._keeper:
            self._keeper.send(signal.SIGCONT)
