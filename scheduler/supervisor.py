"""The supervisor: one detached process per step, which follows the engine to its end.

It can be killed at any time and replaced by another: what it writes to the log is a function of
the engine's output alone, and what it decides (an interrupt, a kill, a time-out) is on disk before
it is done.
"""

import os
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib import clock, inside, procfs
from lib.filewatch import EVERYTHING, DirectoryWatch
from lib.log_file.writer import LogWriter
from lib.masking import Masker
from scheduler import keeper, step
from scheduler.ladder import Ladder, Processes
from scheduler.step import StepResult, StepSpec
from scheduler.transcript import Transcript, engines, renderer

# A keeper tells who it is within milliseconds; on a machine under load it gets this long.
_KEEPER_START_S = 10.0


def supervise(spec: StepSpec, owner: str, result_fd: int) -> None:
    """See the step to its end and write its result to `result_fd`.

    Starts the engine unless a supervisor before this one has: an engine is started at most once.
    Waits for that other one to let go of the log. `owner` names the portal that asked.
    """
    masker = Masker(spec.secrets)
    # Left to the process's end: closing takes the kernel ten milliseconds, and the result waits.
    watch = DirectoryWatch(spec.step_dir)
    with LogWriter(spec.log_path) as log:
        transcript = Transcript(spec.step_dir / step.OUTPUT, renderer(spec.renderer), masker, log)
        start = _start_once(spec, owner, log.size)
        if start["is_taken_over"]:
            transcript.skip_what_is_logged(start["log_start"])
        ladder = Ladder(spec, start["started_mono"], start["max_duration_s"])
        ended = _Watcher(spec, start, watch, ladder).follow(transcript)
        result = StepResult(
            exit_code=ended.get("exit_code"),
            signal=ended.get("signal"),
            started_at=start["started_at"],
            finished_at=ended.get("finished_at") or clock.now().timestamp(),
            log_start=start["log_start"],
            log_end=transcript.finish(),
            interrupted_at=ladder.rungs.interrupted_at,
            killed=ladder.rungs.killed,
            timed_out=ladder.rungs.timed_out_mono is not None,
            missing_log_bytes=log.missing_bytes,
            diagnostics=transcript.diagnostics(),
        )
    with open(result_fd, "wb", buffering=0) as pipe:
        pipe.write(_collected(spec, result, masker).to_json())


class _Watcher:
    """Waits for the end of one step: its exit record, or the proof that there will be none."""

    def __init__(
        self, spec: StepSpec, start: dict[str, Any], watch: DirectoryWatch, ladder: Ladder
    ) -> None:
        self._dir = spec.step_dir
        self._watch = watch
        self._ladder = ladder
        self._processes = Processes(spec, start["marker"])
        self._give_up_mono = clock.monotonic() + _KEEPER_START_S

    def follow(self, transcript: Transcript) -> dict[str, Any]:
        """Copy output and obey requests until the end; return the exit record, {} when lost."""
        names, is_quiet = self._everything(), True
        while True:
            self._processes.look()
            self._ladder.climb(names, self._processes)
            # Read before copying: once the record is there, nobody is left who writes.
            ended = step.read_record(self._dir / step.EXIT) if step.EXIT in names else None
            transcript.copy()
            if ended:
                return ended
            if is_quiet and self._is_lost():
                self._processes.kill()
                return step.read_record(self._dir / step.EXIT) or {}
            names = self._watch.wait(self._timeout_s(), fds=self._processes.watched_fds())
            is_quiet = not names
            if EVERYTHING in names:
                names = self._everything()

    def _is_lost(self) -> bool:
        if self._processes.is_known:
            return not self._processes.is_any_alive()
        return clock.monotonic() >= self._give_up_mono

    def _timeout_s(self) -> float | None:
        timeouts = [self._ladder.wait_s()]
        if not self._processes.is_known:
            timeouts.append(max(0.0, self._give_up_mono - clock.monotonic()))
        return min((timeout for timeout in timeouts if timeout is not None), default=None)

    def _everything(self) -> set[str]:
        return set(os.listdir(self._dir))


def _start_once(spec: StepSpec, owner: str, log_size: int) -> dict[str, Any]:
    """The step's start record; when there is none, it is made and the keeper started."""
    me = {"process": procfs.identify(os.getpid()), "owner": owner}
    record = step.read_record(spec.step_dir / step.START)
    if record:
        step.write_record(spec.step_dir / step.SUPERVISOR, me)
        return {**record, "is_taken_over": True}
    record = {
        **me,
        "marker": os.urandom(step.MARKER_BYTES).hex(),
        "log_start": log_size,
        "started_at": clock.now().timestamp(),
        "started_mono": clock.monotonic(),
        # Kept: who adopts may know only how much of it is left.
        "max_duration_s": spec.max_duration_s,
    }
    step.write_record(spec.step_dir / step.START, record)
    if os.fork() == 0:
        keeper.run(spec, record["marker"])
    return {**record, "is_taken_over": False}


def _check_paths(spec: StepSpec, arguments: Mapping[str, Any]) -> None:
    """Refuse to collect through a link that the run has laid in its directory."""
    work_dir = spec.step_dir.parent.parent
    for value in arguments.values():
        if isinstance(value, str) and value.startswith(f"{work_dir}/"):
            inside.check(work_dir, Path(value))


def _collected(spec: StepSpec, result: StepResult, masker: Masker) -> StepResult:
    """`result` after the step's collector has done its work, if it ended as it should."""
    if not spec.collect or result.killed or result.exit_code not in spec.ok_codes:
        return result
    name, arguments = spec.collect
    try:
        _check_paths(spec, arguments)
        return replace(result, collected=engines().collect(name, arguments))
    except ValueError as error:  # A sentence about the engine's files.
        return replace(result, collect_error=masker.mask_text(str(error)))
    except Exception as error:  # noqa: BLE001 - a collector must not take the step's result along.
        with LogWriter(spec.log_path) as log:
            log.write(masker.mask(traceback.format_exc().encode()))
            log_end = log.size
        text = masker.mask_text(f"{type(error).__name__}: {error}")
        return replace(result, collect_error=text, log_end=log_end)
