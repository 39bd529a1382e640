"""``terraform show -json PLAN`` as Gantry's change document, without a sensitive value in it.

Format: "JSON Output Format" of the terraform documentation, versions 0.1 to 1.x. The changes are
written one record a line, so that ten thousand of them need never be in the portal's memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from engines.base import Json
from engines.terraform import masks
from lib.masking import Masker

#: What a reader should see first: what is lost.
ORDER = (
    "delete", "replace", "forget", "update", "create", "import", "move", "read", "other",
)  # fmt: skip
_ACTIONS = {
    ("no-op",): ("no-op", None),
    ("create",): ("create", None),
    ("read",): ("read", None),
    ("update",): ("update", None),
    ("delete",): ("delete", None),
    ("forget",): ("forget", None),
    ("delete", "create"): ("replace", "destroy_then_create"),
    ("create", "delete"): ("replace", "create_then_destroy"),
}
_COUNTED = {
    "create": "add",
    "update": "change",
    "delete": "destroy",
    "replace": "replace",
    "forget": "forget",
}
_UNMARKED = (
    "This plan was made by an old version of the engine, which does not say what is sensitive: "
    "nothing in it could be hidden."
)
# Python refuses to read longer numbers; a number of this many digits is an opaque text to us.
_LONGEST_NUMBER = 400


def collect_plan(plan_json: Path, out_dir: Path, engine: Mapping[str, str]) -> dict[str, Json]:
    """Write ``changes.jsonl`` and ``document.json`` to ``out_dir`` and return the document.

    The document holds everything but the changes. Raises ValueError with a sentence when the file
    is not a plan.
    """
    plan = _read(plan_json)
    masker = Masker(_secrets(plan))
    changes = [_record(raw) for raw in _objects(plan.get("resource_changes"))]
    kept = [change for change in changes if change["action"] != "no-op"]
    kept.sort(key=lambda change: ORDER.index(change["action"]))
    outputs = _outputs(plan.get("output_changes"))
    document = {
        "format": 1,
        "engine": dict(engine),
        "summary": _summary(kept, outputs),
        "unchanged": len(changes) - len(kept),
        "drift": _drift(plan),
        "outputs": outputs,
        "checks": _checks(plan),
        "notes": _notes(plan),
    }
    out_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    masked: dict[str, Json] = masker.mask_value(document)
    _write(out_dir / "changes.jsonl", (_line(masker.mask_value(change)) for change in kept))
    _write(out_dir / "document.json", [_line(masked)])
    return masked


def _secrets(plan: Mapping[str, Json]) -> set[str]:
    """The texts that the plan marks as sensitive in one place: they are hidden in every other.

    Terraform forgets a mark where a provider copies a value (`terraform_data.output`), and where an
    output's value is built from one by a function that drops it.
    """
    outputs = _object(plan.get("output_changes")).values()
    records = [*_objects(plan.get("resource_changes")), *_objects(plan.get("resource_drift"))]
    changes = [_object(raw.get("change")) for raw in records] + [_object(raw) for raw in outputs]
    found = {text for change in changes for text in _marked_texts(change)}
    root = _object(_object(plan.get("configuration")).get("root_module"))
    declared = _object(root.get("variables"))
    for name, raw in _object(plan.get("variables")).items():
        is_secret = _object(declared.get(name)).get("sensitive") is True
        found.update(masks.texts(_object(raw).get("value"), is_secret))
    return found


def _marked_texts(change: Mapping[str, Json]) -> Iterator[str]:
    mask = masks.union(change.get("before_sensitive"), change.get("after_sensitive"))
    yield from masks.texts(change.get("before"), mask)
    yield from masks.texts(change.get("after"), mask)


def _read(path: Path) -> dict[str, Json]:
    try:
        plan = json.loads(path.read_bytes(), parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise ValueError("The engine's description of its plan is not readable JSON.") from error
    if not isinstance(plan, dict) or "format_version" not in plan:
        raise ValueError("The engine's description of its plan has no format version.")
    return plan


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _record(raw: Mapping[str, Json]) -> dict[str, Json]:
    change = _object(raw.get("change"))
    importing = change.get("importing")
    action, order = _action(change.get("actions"))
    reason = raw.get("action_reason")
    if action == "other":
        reason = " and ".join(map(str, change.get("actions") or [])) or "no action given"
    if action == "no-op" and raw.get("previous_address"):
        action = "move"
    if action == "no-op" and isinstance(importing, dict):
        action = "import"
    return {
        "address": str(raw.get("address", "")),
        "module": str(raw.get("module_address") or ""),
        "mode": str(raw.get("mode") or "managed"),
        "type": str(raw.get("type", "")),
        "name": str(raw.get("name", "")),
        "provider": str(raw.get("provider_name") or ""),
        "action": action,
        "order": order,
        "reason": reason or None,
        "previous_address": raw.get("previous_address"),
        "import_id": _import_id(importing),
        "deposed": raw.get("deposed"),
        **_sides(change),
        "replace_paths": [p for p in change.get("replace_paths") or [] if isinstance(p, list)],
    }


def _action(actions: Json) -> tuple[str, str | None]:
    if not isinstance(actions, list):
        return "other", None
    return _ACTIONS.get(tuple(map(str, actions)), ("other", None))


def _import_id(importing: Json) -> str | None:
    if not isinstance(importing, dict):
        return None
    if importing.get("unknown"):
        return "(known after apply)"
    identity = importing.get("identity")
    return str(importing.get("id") or (json.dumps(identity) if identity else ""))


def _sides(change: Mapping[str, Json]) -> dict[str, Json]:
    """Return before and after without sensitive values, and the places that need a word."""
    hidden = masks.hide(
        change.get("before"),
        change.get("after"),
        change.get("before_sensitive"),
        change.get("after_sensitive"),
    )
    unknown = masks.marked(change.get("after_unknown"))
    mask = masks.union(change.get("before_sensitive"), change.get("after_sensitive"))
    secret = list(dict.fromkeys([*hidden.paths, *_secret_unknowns(unknown, mask)]))
    return {
        "before": hidden.before,
        "after": hidden.after,
        "unknown": unknown,
        "sensitive": secret,
        "sensitive_changed": [path for path in hidden.changed if path not in unknown],
    }


def _secret_unknowns(
    unknown: list[tuple[str | int, ...]], mask: Json
) -> list[tuple[str | int, ...]]:
    """Return the unknown places that will hold something sensitive."""
    return [
        p for p in unknown if any(masks.value_at(mask, p[:n]) is True for n in range(len(p) + 1))
    ]


def _outputs(raw: Json) -> list[dict[str, Json]]:
    outputs = []
    for name, change in sorted(_object(raw).items()):
        action, _ = _action(_object(change).get("actions"))
        if action != "no-op":
            outputs.append({"name": name, "action": action, **_output_sides(_object(change))})
    return outputs


def _output_sides(change: Mapping[str, Json]) -> dict[str, Json]:
    sides = _sides(change)
    return {
        "before": sides["before"],
        "after": sides["after"],
        "unknown": sides["unknown"],
        "sensitive": sides["sensitive"],
        "sensitive_changed": sides["sensitive_changed"],
    }


def _summary(changes: list[dict[str, Json]], outputs: list[dict[str, Json]]) -> dict[str, int]:
    managed = [change for change in changes if change["mode"] == "managed"]
    actions = Counter(_COUNTED.get(change["action"], "") for change in managed)
    return {
        **{name: actions[name] for name in ("add", "change", "destroy", "replace")},
        "import": sum(change["import_id"] is not None for change in changes),
        "move": sum(bool(change["previous_address"]) for change in changes),
        "forget": actions["forget"],
        "outputs": len(outputs),
    }


def _drift(plan: Mapping[str, Json]) -> list[dict[str, Json]]:
    records = [_record(raw) for raw in _objects(plan.get("resource_drift"))]
    return [record for record in records if record["action"] not in {"no-op", "move"}]


def _checks(plan: Mapping[str, Json]) -> list[dict[str, Json]]:
    checks = []
    for raw in _objects(plan.get("checks")):
        address = _object(raw.get("address"))
        instances = _objects(raw.get("instances"))
        problems = [p for instance in instances for p in _objects(instance.get("problems"))]
        checks.append({
            "address": str(address.get("to_display", "")),
            "kind": str(address.get("kind", "")),
            "status": str(raw.get("status", "unknown")),
            "problems": [str(problem.get("message", "")) for problem in problems],
        })  # fmt: skip
    return checks


def _notes(plan: Mapping[str, Json]) -> list[str]:
    notes = []
    changes = [_object(raw.get("change")) for raw in _objects(plan.get("resource_changes"))]
    if changes and not any("after_sensitive" in c or "before_sensitive" in c for c in changes):
        notes.append(_UNMARKED)
    if plan.get("errored"):
        notes.append("The engine ended this plan with an error: it is not complete.")
    for raw in _objects(plan.get("deferred_changes")):
        address = _object(raw.get("resource_change")).get("address", "a resource")
        reason = str(raw.get("reason") or "unknown").replace("_", " ")
        notes.append(f"{address} is left for a later run ({reason}).")
    actions = len(_objects(plan.get("action_invocations")))
    if actions:
        notes.append(f"{actions} provider action{'s' * (actions > 1)} will be invoked.")
    return notes


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write under another name first: a reader sees all of it or nothing."""
    draft = path.with_name(path.name + ".new")
    # A lone surrogate is legal in JSON and illegal in UTF-8.
    with draft.open("w", encoding="utf-8", errors="replace") as file:
        file.writelines(lines)
    draft.replace(path)
