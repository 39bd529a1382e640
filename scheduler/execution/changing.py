"""Changing things: the saved plan applied, a task performed, the state kept whatever happens."""

import json
from hashlib import blake2b
from typing import Any

from engines.base import StateFacts, Step
from models.run import Run
from models.run_state import RunState, RunType
from scheduler.execution.desk import Desk, Failed, Interrupted
from services import states
from services.runs import work

_RESULTS = {RunType.APPLY: "apply completed", RunType.DESTROY: "destroy completed"}
_SHELL = "/bin/sh"


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
    """Do a step that may change things; keep the state however it ends; only then judge it."""
    try:
        _, outcome = desk.do(step)
    except Interrupted as stop:
        trouble = _keep_state(desk)
        block = trouble or (
            f"A kill ended the run while it was {desk.order.state.value}." if stop.killed else None
        )
        return work.interrupted(desk.claim, stop.state, stop.text, block=block)
    except Failed as failure:
        _keep_state(desk)
        block = f"Nobody knows how far the run came: {failure.text}"
        return work.fail(desk.claim, failure.kind, failure.text, block=block)
    trouble = _keep_state(desk)
    failure_ = outcome.failure
    if failure_ is None and trouble is None:
        return work.finish(desk.claim, result)
    kind = failure_.kind if failure_ else "engine"
    text = failure_.text if failure_ else trouble or ""
    return work.fail(desk.claim, kind, text, block=trouble)


def _keep_state(desk: Desk) -> str | None:
    """Keep the state the step left. Returns why the deployment must be blocked, or None."""
    path = desk.engine.state_file(desk.context)
    errored = desk.engine.errored_state_file(desk.context)
    if errored.exists():
        return "The engine could not store its state; it left errored.tfstate."
    if path is None or not path.exists():
        return None
    content = path.read_bytes()
    try:
        facts = desk.engine.read_state(content)
    except ValueError:
        return "The engine left a state that cannot be read."
    if facts is not None:
        states.keep(desk.claim, _state(content, facts))
    return None


def _state(content: bytes, facts: StateFacts) -> states.State:
    digests = _digests(content)
    resources = [
        states.KeptResource(
            address=_instance_address(resource.address, key),
            module=resource.module,
            type=resource.type,
            provider=resource.provider,
            instance_id=identity or "",
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
            name: states.KeptOutput(output.value, output.type, output.sensitive)
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
