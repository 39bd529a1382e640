"""Terraform's state file, version 4."""

from __future__ import annotations

import json
from collections.abc import Mapping

from engines.base import Json, StateFacts, StateOutput, StateResource

_PROVIDER = 'provider["'


def read_state(content: bytes) -> StateFacts | None:
    """Return what a state file says of itself.

    None for an empty file: terraform leaves one when it dies before its first write, and it means
    "no state". Raises ValueError with a sentence when the file is not a state.
    """
    if not content.strip(b"\x00 \r\n\t"):
        return None
    try:
        state = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("This is not a terraform state: it is not JSON.") from error
    if not isinstance(state, dict) or state.get("version") != 4:
        raise ValueError("This is not a terraform state of version 4.")
    if not isinstance(state.get("serial"), int) or not isinstance(state.get("lineage"), str):
        # What is wrong is its content.
        raise ValueError("This terraform state has no serial or no lineage.")  # noqa: TRY004
    return StateFacts(
        serial=state["serial"],
        lineage=state["lineage"],
        terraform_version=str(state.get("terraform_version") or ""),
        resources=tuple(_resource(r) for r in state.get("resources") or [] if isinstance(r, dict)),
        outputs={n: _output(o) for n, o in (state.get("outputs") or {}).items()},
    )


def _resource(raw: Mapping[str, Json]) -> StateResource:
    module = str(raw.get("module") or "")
    mode = str(raw.get("mode") or "managed")
    kind, name = str(raw.get("type")), str(raw.get("name"))
    address = f"{'data.' if mode == 'data' else ''}{kind}.{name}"
    instances = [i for i in raw.get("instances") or [] if isinstance(i, dict)]
    # A deposed object is the old half of a replacement, not an instance of its own.
    current = [i for i in instances if not i.get("deposed")]
    return StateResource(
        address=f"{module}.{address}" if module else address,
        module=module,
        mode=mode,
        type=kind,
        name=name,
        provider=_provider(str(raw.get("provider") or "")),
        instances=tuple(i.get("index_key") for i in current),
        ids=tuple(_id(i) for i in current),
    )


def _provider(raw: str) -> str:
    """Return ``host/namespace/type`` of ``module.x.provider["host/namespace/type"].alias``."""
    _, found, rest = raw.partition(_PROVIDER)
    return rest.partition('"]')[0] if found else raw


def _id(instance: Mapping[str, Json]) -> str | None:
    attributes = instance.get("attributes")
    value = attributes.get("id") if isinstance(attributes, dict) else None
    sensitive = instance.get("sensitive_attributes") or []
    hidden = any(path and _names_id(path[0]) for path in sensitive if isinstance(path, list))
    return value if isinstance(value, str) and not hidden else None


def _names_id(step: Json) -> bool:
    return isinstance(step, dict) and step.get("value") == "id"


def _output(raw: Json) -> StateOutput:
    raw = raw if isinstance(raw, dict) else {}
    return StateOutput(raw.get("value"), raw.get("type"), bool(raw.get("sensitive")))
