"""Changing things: the saved plan applied, a task performed, the state kept whatever happens."""

import signal
from dataclasses import dataclass
from pathlib import Path

import structlog

from engines.base import Step
from lib import inside
from models.run import Run
from models.run_state import RunState, RunType
from scheduler.execution.desk import Desk, Failed, Interrupted
from scheduler.execution.progress import Progress
from scheduler.step import StepResult
from services import states
from services.runs import work

log = structlog.get_logger(__name__)

_RESULTS = {RunType.APPLY: "apply completed", RunType.DESTROY: "destroy completed"}
_SHELL = "/bin/sh"
_KILLED = "The run was killed while it was {}."
_CUT_OFF = "The engine was killed while it was {}; what it had in hand may be in no state."
_UNSAVED = "The engine could not store its state; what it made last may be in none."
_BY_SIGNAL = 128
_ERRORED = "The engine could not store its state; it left errored.tfstate."
_UNREADABLE = "The engine left a state that cannot be read."


def change(desk: Desk) -> Run:
    """Apply exactly the saved plan. The plan was burned before, in the move that led here."""
    return _carry_out(desk, desk.engine.apply_step(desk.context), _RESULTS[desk.order.type])


def perform(desk: Desk) -> Run:
    """Run a task's command in the prepared directory."""
    if desk.order.state is not RunState.PERFORMING:
        desk.enter(RunState.PERFORMING)
    argv = (_SHELL, "-c", desk.order.command or "")
    step = Step("task", argv, desk.engine.working_dir(desk.context), "text")
    return _carry_out(desk, step, "The command finished.")


def doubtful(desk: Desk, failure: Failed) -> Run:
    """Nobody knows what was changed: the deployment is blocked until a person has looked."""
    rescue(desk)
    with desk.telling():
        return work.fail(desk.claim, failure.kind, failure.text, block=failure.text)


def rescue(desk: Desk) -> None:
    """Keep what state lies in the run's directory as a candidate, if it can be read."""
    found = _look_at_state(desk)
    for state in (found.state, found.errored):
        if state is not None:
            states.offer(desk.claim.run_id, state)


def _carry_out(desk: Desk, step: Step, result: str) -> Run:
    """Do a step that may change things; its end, its state and its verdict are kept as one."""
    path = desk.engine.state_file(desk.context)
    if path is not None:
        desk.look = Progress(
            desk.claim, desk.order.engine, path, desk.masker, root=desk.work_dir
        ).look
    try:
        done = desk.run(step)
    except Interrupted as stop:
        with desk.telling():
            return work.interrupted(desk.claim, stop.state, stop.text)
    except Failed as failure:
        return doubtful(desk, failure)
    found = _look_at_state(desk)
    try:
        return _keep(desk, step, done, found, result)
    except work.Fenced:
        log.warning("a state arrived from a worker that lost its run")
        rescue(desk)
        raise


def _keep(desk: Desk, step: Step, done: StepResult, found: "_Found", result: str) -> Run:
    with desk.telling():
        desk.report(step, done, desk.steps_done)
        if found.state is not None:
            states.keep(desk.claim, found.state)
        if found.errored is not None:
            states.offer(desk.claim.run_id, found.errored)
        return _end(desk, step, done, found.trouble) or work.finish(desk.claim, result)


def _end(desk: Desk, step: Step, done: StepResult, trouble: str | None) -> Run | None:
    """End a run whose step did not go well; None when it did."""
    try:
        outcome = desk.judge(step, done)
    except Interrupted as stop:
        block = trouble or (_KILLED.format(desk.order.state.value) if stop.killed else None)
        return work.interrupted(desk.claim, stop.state, stop.text, block=block)
    except Failed as unknown:
        return work.fail(desk.claim, unknown.kind, unknown.text, block=unknown.text)
    if outcome.failure is not None:
        kind, text = outcome.failure.kind, outcome.failure.text
        doubt = _UNSAVED if outcome.is_state_unsaved else _cut_off(desk, done)
        return work.fail(desk.claim, kind, text, block=trouble or doubt)
    if trouble is not None:
        return work.fail(desk.claim, "engine", trouble, block=trouble)
    return None


def _cut_off(desk: Desk, done: StepResult) -> str | None:
    """Why the state may be incomplete, when something killed the engine at its work.

    Inside a sandbox the end by a signal is told as an exit code; terraform has none that high. One
    that was interrupted or asked to end before it heard signals had not begun.
    """
    number = done.signal
    if number is None and desk.order.type is not RunType.TASK:
        number = max(0, (done.return_code or 0) - _BY_SIGNAL)
    if not number or number in {signal.SIGINT, signal.SIGTERM}:
        return None
    return _CUT_OFF.format(desk.order.state.value)


@dataclass(frozen=True)
class _Found:
    """The states a step left, and why the deployment must be blocked, if it must.

    `errored` is what the engine wrote beside its backend because that did not take it.
    """

    state: states.State | None = None
    errored: states.State | None = None
    trouble: str | None = None


def _look_at_state(desk: Desk) -> _Found:
    state, trouble = _read(desk, desk.engine.state_file(desk.context))
    left = desk.engine.errored_state_file(desk.context)
    if not left.exists():
        return _Found(state, trouble=trouble)
    errored, _ = _read(desk, left)
    return _Found(state, errored, _ERRORED)


def _read(desk: Desk, path: Path | None) -> tuple[states.State | None, str | None]:
    if path is None or not path.exists():
        return None, None
    try:
        return states.read(desk.order.engine, inside.read(desk.work_dir, path), desk.masker), None
    except ValueError:
        return None, _UNREADABLE
