"""The inputs of a schedule's runs: kept as JSON, secret variables sealed, made into a request."""

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from models.run_state import RunType
from models.schedule import Purpose, Schedule
from models.variable import Category
from services.errors import Invalid
from services.runs import NewRun
from services.variables import RunVariableInput, sealed

NAMES = (
    "source", "command", "init", "destroy", "drift", "auto_apply", "refresh_only", "targets",
    "replace", "priority", "message", "metadata",
)  # fmt: skip
"""The inputs of a run beside its place, its type and its variables."""

TRIGGERS = {Purpose.RUN: "schedule", Purpose.DRIFT: "schedule", Purpose.TTL: "ttl"}
"""The kind of trigger that starts the runs of a schedule."""


def of_request(request: NewRun) -> dict[str, Any]:
    """The inputs of a request, as a schedule keeps them."""
    kept = {name: getattr(request, name) for name in NAMES}
    for name in ("targets", "replace", "metadata"):
        kept[name] = list(kept[name])
    kept["source"] = dict(request.source) if request.source else None
    return {**kept, "variables": [_packed(item) for item in request.variables]}


def request_of(row: Schedule) -> NewRun:
    """The run that a schedule makes."""
    given = {name: row.inputs[name] for name in NAMES if name in row.inputs}
    return NewRun(
        project=row.project_name,
        stack=row.stack_name,
        workspace=row.workspace_name,
        type=row.type,
        **(given | {"message": given.get("message") or row.name}),
        variables=variables_of(row),
    )


def variables_of(row: Schedule) -> list[RunVariableInput]:
    """The variables of a schedule's runs; a secret one stays sealed."""
    return [_unpacked(item) for item in row.inputs.get("variables", ())]


def asked(row: Schedule, changes: Mapping[str, Any]) -> NewRun:
    """The request of a schedule with some of its inputs changed."""
    known = {field.name for field in dataclasses.fields(NewRun)}
    kept = dataclasses.replace(request_of(row), message=row.inputs.get("message", ""))
    return dataclasses.replace(kept, **{k: v for k, v in changes.items() if k in known})


def reseal(row: Schedule) -> None:
    """Put a schedule's secrets under the keyring's primary key."""
    items = [_resealed(item) for item in row.inputs.get("variables", ())]
    row.inputs = {**row.inputs, "variables": items}


def _packed(item: RunVariableInput) -> dict[str, Any]:
    text = None if item.ciphertext is None else base64.b64encode(item.ciphertext).decode()
    return {**dataclasses.asdict(item), "category": item.category.value, "ciphertext": text}


def _unpacked(item: Mapping[str, Any]) -> RunVariableInput:
    text = item["ciphertext"]
    ciphertext = None if text is None else base64.b64decode(text)
    return RunVariableInput(
        **{**item, "category": Category(item["category"]), "ciphertext": ciphertext}
    )


def _resealed(item: Mapping[str, Any]) -> dict[str, Any]:
    old = _unpacked(item)
    ciphertext, fingerprint = sealed.fresh(old.value, old.value_id, old.ciphertext)
    return _packed(dataclasses.replace(old, ciphertext=ciphertext, fingerprint=fingerprint))


def fingerprints(items: Sequence[RunVariableInput]) -> dict[str, str | None]:
    """What the audit log says of variables: their names, and a fingerprint of each value."""
    return {item.name: item.fingerprint for item in items}


def with_source(request: NewRun, source: Mapping[str, Any] | None) -> NewRun:
    """The same request, with its source in its usual form."""
    return dataclasses.replace(request, source=source)


def shaped(request: NewRun, purpose: Purpose) -> NewRun:
    """The request as it must be for this purpose, whatever was asked.

    Raises:
        Invalid: when a drift check is asked to be something else than a preview.
    """
    match purpose:
        case Purpose.DRIFT:
            if request.type is not RunType.PREVIEW or request.destroy:
                raise Invalid({"type": "A drift check is a preview."})
            return dataclasses.replace(request, drift=True, refresh_only=True, replace=())
        case Purpose.TTL:
            return dataclasses.replace(request, type=RunType.DESTROY, auto_apply=True)
        case Purpose.RUN:
            return dataclasses.replace(request, drift=False)
