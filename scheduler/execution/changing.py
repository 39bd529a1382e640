"""Changing things: the saved plan applied, a task performed, the state kept whatever happens."""

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from engines.base import StateFacts, Step
from lib.masking import Masker
from models.run import Run
from models.run_state import RunState, RunType
from scheduler.execution.desk import Desk, Failed, Interrupted
from scheduler.step import StepResult
from services import states
from services.runs import work
from services.transaction import transaction

_RESULTS = {RunType.APPLY: "apply completed", RunType.DESTROY: "destroy completed"}
_SHELL = "/bin/sh"
_KILLED = "The run was killed while it was {}."


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


def _carry_out(desk: Desk, step: Step, result: str) -> Run:
    """Do a step that may change things; its end, its state and its verdict are kept as one."""
    try:
        done = desk.run(step)
    except Interrupted as stop:
        return work.interrupted(desk.claim, stop.state, stop.text)
    except Failed as failure:
        return _doubtful(desk, failure)
    found = _look_at_state(desk)
    with transaction():
        desk.report(step, done)
        if found.state is not None:
            states.keep(desk.claim, found.state)
        return _end(desk, step, done, found.trouble) or work.finish(desk.claim, result)


def _end(desk: Desk, step: Step, done: StepResult, trouble: str | None) -> Run | None:
    """End a run whose step did not go well; None when it did."""
    try:
        failure = desk.judge(step, done).failure
    except Interrupted as stop:
        block = trouble or (_KILLED.format(desk.order.state.value) if stop.killed else None)
        return work.interrupted(desk.claim, stop.state, stop.text, block=block)
    except Failed as unknown:
        return _doubtful(desk, unknown)
    if failure is not None:
        return work.fail(desk.claim, failure.kind, failure.text, block=trouble)
    if trouble is not None:
        return work.fail(desk.claim, "engine", trouble, block=trouble)
    return None


def _doubtful(desk: Desk, failure: Failed) -> Run:
    """Nobody knows what was changed: the deployment is blocked until a person has looked."""
    return work.fail(desk.claim, failure.kind, failure.text, block=failure.text)


@dataclass(frozen=True)
class _Found:
    """The state a step left, and why the deployment must be blocked, if it must."""

    state: states.State | None = None
    trouble: str | None = None


def _look_at_state(desk: Desk) -> _Found:
    if desk.engine.errored_state_file(desk.context).exists():
        return _Found(trouble="The engine could not store its state; it left errored.tfstate.")
    path = desk.engine.state_file(desk.context)
    if path is None or not path.exists():
        return _Found()
    content = path.read_bytes()
    try:
        facts = desk.engine.read_state(content)
    except ValueError:
        return _Found(trouble="The engine left a state that cannot be read.")
    return _Found(_state(content, facts, desk.masker) if facts is not None else None)


def _state(content: bytes, facts: StateFacts, masker: Masker) -> states.State:
    """What is kept of a state; outputs with a secret of the run are sensitive, declared or not."""
    digests = _digests(content)
    resources = [
        states.KeptResource(
            address=_instance_address(resource.address, key),
            module=resource.module,
            type=resource.type,
            provider=resource.provider,
            instance_id=masker.mask_text(identity or ""),
            digest=digests.get((resource.address, json.dumps(key)), ""),
        )
        for resource in facts.resources
        if resource.mode == "managed"
        for key, identity in zip(resource.instances, resource.ids, strict=True)
    ]
    return states.State(
        content=content,
        serial=facts.serial,
        lineage=facts.lineage,
        resources=resources,
        outputs={
            name: states.KeptOutput(
                output.value,
                output.type,
                output.sensitive or masker.mask_value(output.value) != output.value,
            )
            for name, output in facts.outputs.items()
        },
    )


def _instance_address(address: str, key: str | int | None) -> str:
    return address if key is None else f"{address}[{json.dumps(key)}]"


def _digests(content: bytes) -> dict[tuple[str, str], str]:
    """A digest of each instance's attributes, by which a later run sees what it changed."""
    found: dict[tuple[str, str], str] = {}
    for resource in json.loads(content).get("resources") or []:
        name = f"{resource.get('type')}.{resource.get('name')}"
        module = resource.get("module")
        address = f"{module}.{name}" if module else name
        for instance in resource.get("instances") or []:
            if not instance.get("deposed"):
                key = json.dumps(instance.get("index_key"))
                found[address, key] = _digest(instance.get("attributes"))
    return found


def _digest(attributes: Any) -> str:
    return blake2b(json.dumps(attributes, sort_keys=True).encode(), digest_size=16).hexdigest()
