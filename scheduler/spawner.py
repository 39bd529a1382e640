"""The portal's end of supervision: starting steps, taking them over, waiting for them.

Everything here may be called from any thread. A step does not notice when the process that holds
its handle dies; `Spawner.adopt` gives another process a handle of it.
"""

import array
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from lib.procfs import Identity
from scheduler import step
from scheduler.step import StepResult, StepSpec
from scheduler.zygote import HEADER

_ROOT = Path(__file__).resolve().parent.parent
_ZYGOTE = (
    "import sys; sys.path.insert(0, {root!r}); from scheduler import zygote; zygote.main({fd})"
)
_MAX_RESTARTS = 5
_RESTART_DELAY_S = 0.05
# A supervisor that has not carried out a kill after this long is itself replaced.
KILL_PATIENCE_S = 3.0
# A waiting thread learns from another one that a kill was asked for, and may be overdue.
_LOOK_UP_EVERY_S = 2.0


class StepNotStarted(Exception):
    """There is nothing to adopt: the step's engine was never started, and may be."""


class StepTakenOver(Exception):
    """Another portal has adopted the step; its result goes there."""


class SupervisorLost(Exception):
    """Supervisors of this step die again and again. The engine may still be running."""


class Spawner:
    """Starts one supervisor per step. `data_dir` gets `supervision.log`, where they complain."""

    def __init__(self, data_dir: Path) -> None:
        self.owner = secrets.token_hex(16)
        self._complaints = data_dir / "supervision.log"
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._zygote: subprocess.Popen[bytes] | None = None
        with self._lock:
            self._start_zygote()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def zygote_pid(self) -> int | None:
        """The process that supervisors are forked from, if it has been started."""
        return self._zygote.pid if self._zygote else None

    def start(self, spec: StepSpec) -> "StepHandle":
        """Start the step; its directory is made when it is not there.

        An engine is started at most once per directory: a second `start` takes over.
        """
        spec.step_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return StepHandle(self, spec)

    def adopt(self, spec: StepSpec) -> "StepHandle":
        """Take over a step that another process started; also one that has ended meanwhile.

        Its supervisor, alive, frozen or dead, is replaced; the engine does not notice. So are those
        of the run's other steps: they write to the same log, and one that stands still would keep
        everybody else from it.

        Raises:
            StepNotStarted: when its engine was never started.
        """
        for step_dir in spec.step_dir.parent.glob("*/"):
            end_supervisor(step_dir)
        if step.read_record(spec.step_dir / step.START) is None:
            raise StepNotStarted(f"Step {spec.name} of run {spec.run_id} was never started.")
        return StepHandle(self, spec)

    def close(self) -> None:
        """Let the zygote end. Steps in flight go on, and their handles still work."""
        with self._lock:
            self._stop_zygote()

    def request_supervisor(self, spec: StepSpec) -> int:
        """Have a supervisor forked; return the descriptor from which its result can be read."""
        request = self.owner.encode() + b"\n" + spec.to_json()
        result_fd, child_fd = os.pipe2(os.O_CLOEXEC)
        try:
            with self._lock:
                try:
                    self._send(request, child_fd)
                except OSError:
                    self._start_zygote()
                    self._send(request, child_fd)
        except BaseException:
            os.close(result_fd)
            raise
        finally:
            os.close(child_fd)
        return result_fd

    def _send(self, request: bytes, fd: int) -> None:
        if self._control is None:
            raise BrokenPipeError
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))
        self._control.sendmsg([HEADER.pack(len(request))], [rights])
        self._control.sendall(request)

    def _start_zygote(self) -> None:
        self._stop_zygote()
        ours, theirs = socket.socketpair()
        program = _ZYGOTE.format(root=str(_ROOT), fd=theirs.fileno())
        self._complaints.parent.mkdir(parents=True, exist_ok=True)
        with theirs, self._complaints.open("ab") as complaints:
            self._zygote = subprocess.Popen(
                [sys.executable, "-I", "-c", program],
                cwd="/",
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control = ours

    def _stop_zygote(self) -> None:
        if self._control:
            self._control.close()
            self._control = None
        if self._zygote:
            self._zygote.wait()
            self._zygote = None


class StepHandle:
    """A step in flight, as the portal holds it. Any thread may stop it; one waits for it."""

    def __init__(self, spawner: Spawner, spec: StepSpec) -> None:
        self.spec = spec
        self._spawner = spawner
        self._lock = threading.Lock()
        self._result: StepResult | None = None
        self._received = b""
        self._restarts = 0
        self._kill_by_mono: float | None = None
        self._fd = spawner.request_supervisor(spec)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the step's engine, or its keeper, lives."""
        record = step.read_record(self.spec.step_dir / step.ENGINE)
        return record is not None and any(Identity(*who).is_alive for who in record.values())

    def wait(self, timeout_s: float | None = None) -> StepResult | None:
        """The result as soon as there is one, or None when `timeout_s` has passed.

        A supervisor that dies is replaced on the way.

        Raises:
            StepTakenOver: when another portal has adopted the step.
            SupervisorLost: when replacing does not help.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._lock:
            while self._result is None:
                if not self._is_readable(deadline):
                    if self._is_kill_overdue():
                        self._replace_supervisor()
                        continue
                    if deadline is not None and time.monotonic() >= deadline:
                        return None
                    continue
                self._receive()
            return self._result

    def interrupt(self) -> None:
        """Ask for one SIGINT to the engine's process group. Asking again changes nothing."""
        self._request(step.INTERRUPT)

    def kill(self) -> None:
        """Ask for the end of every process of the step, whatever it takes."""
        self._request(step.KILL)
        self._kill_by_mono = time.monotonic() + KILL_PATIENCE_S

    def close(self) -> None:
        """Let go; the step goes on."""
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)

    def _request(self, name: str) -> None:
        flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        try:
            fd = os.open(self.spec.step_dir / name, flags, 0o600)
        except FileNotFoundError:
            return  # The step is over, and its directory gone.
        os.write(fd, b"please\n")  # Written to, not only made: that is what wakes a supervisor.
        os.close(fd)

    def _is_readable(self, deadline: float | None) -> bool:
        due = [at for at in (deadline, self._kill_by_mono) if at is not None]
        timeout_s = min([_LOOK_UP_EVERY_S, *(max(0.0, at - time.monotonic()) for at in due)])
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        return bool(poller.poll(timeout_s * 1000))

    def _receive(self) -> None:
        """Read what the supervisor says; when it has died without a result, have another."""
        chunk = os.read(self._fd, 1 << 16)
        if chunk:
            self._received += chunk
            return
        if self._received.endswith(b"}"):
            self._result = StepResult.from_json(self._received)
            self.close()
            return
        self._replace_supervisor()

    def _is_kill_overdue(self) -> bool:
        return self._kill_by_mono is not None and time.monotonic() >= self._kill_by_mono

    def _replace_supervisor(self) -> None:
        if _is_others(self.spec, self._spawner.owner):
            raise StepTakenOver(f"Step {self.spec.name} has been adopted by another portal.")
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise SupervisorLost(f"The supervisors of step {self.spec.name} die one after another.")
        time.sleep(_RESTART_DELAY_S * (self._restarts - 1))
        end_supervisor(self.spec.step_dir)
        os.close(self._fd)
        self._received = b""
        self._kill_by_mono = None
        self._fd = self._spawner.request_supervisor(self.spec)


def end_supervisor(step_dir: Path) -> None:
    """Kill the step's supervisor, if there is one; another can do all that it leaves undone."""
    record = step.supervisor_record(step_dir)
    if record:
        Identity(*record["process"]).send(signal.SIGKILL)


def _is_others(spec: StepSpec, owner: str) -> bool:
    record = step.supervisor_record(spec.step_dir)
    if not record or record["owner"] == owner:
        return False
    return Identity(*record["process"]).is_alive
