"""Two versions of a state, resource by resource, without what is secret in them.

A state marks the attributes that are sensitive, but old ones and some providers do not mark all.
So what any instance of a type marks, on either side, is hidden in all of that type, what has a name
that tells is hidden, and every secret of the runs and sensitive output is masked wherever its text
turns up.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lib.masking import Masker
from models.project import Deployment
from models.run import Run
from models.run_content import StateVersion
from services import blobs
from services.access import Action, Actor, require
from services.runs.order import secrets_of
from services.states.handling import StateLine, find, readable
from services.states.reading import State, instances
from services.transaction import session

HIDDEN = "(sensitive)"
MOST_CHANGES = 200
_TELLING = re.compile(
    r"passw|secret|token|private|credential|api_?key|access_?key|(^|_)pem($|_)|kubeconfig",
    re.IGNORECASE,
)

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class StateComparison:
    """What differs. `changes` are records of the change document; `more` counts those left out."""

    left: StateLine
    right: StateLine
    counts: Mapping[str, int]
    changes: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    more: int


def compare(actor: Actor, deployment: Deployment, left: str, right: str) -> StateComparison:
    """Compare two versions of a deployment, named as for `find`.

    Raises:
        Forbidden: for viewers.
        NotFound: when there is no such version.
    """
    require(actor, Action.COMPARE_STATES, deployment)
    lines = find(actor, deployment, left), find(actor, deployment, right)
    before, after = (_content(deployment, line.version) for line in lines)
    masker = Masker([*_secrets(lines), *_outputs_in_clear(before), *_outputs_in_clear(after)])
    old, new = instances(before.content), instances(after.content)
    found = [change for change in _changes(old, new) if change is not None]
    counts = dict.fromkeys(("create", "update", "delete"), 0)
    for change in found:
        counts[change["action"]] += 1
    return StateComparison(
        lines[0],
        lines[1],
        counts,
        [masker.mask_value(change) for change in found[:MOST_CHANGES]],
        [masker.mask_value(change) for change in _output_changes(before, after)],
        max(0, len(found) - MOST_CHANGES),
    )


def _content(deployment: Deployment, version: StateVersion) -> State:
    return readable(deployment, blobs.read(version.blob_id))


def _secrets(lines: Iterable[StateLine]) -> Iterator[str]:
    for line in lines:
        run = session().get(Run, line.version.run_id) if line.version.run_id else None
        if run is not None:
            yield from secrets_of(run)


def _outputs_in_clear(state: State) -> Iterator[str]:
    for output in state.outputs.values():
        if output.sensitive and isinstance(output.value, str):
            yield output.value


def _changes(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any] | None]:
    """Every instance that differs: what is gone first, as where a plan is shown."""
    marked: dict[str, set[Path]] = {}
    for instance in (*old.values(), *new.values()):
        marked.setdefault(_type(instance), set()).update(_hidden(instance))
    order = {"delete": 0, "update": 1, "create": 2}
    addresses = sorted({*old, *new}, key=lambda at: (order[_action(at, old, new)], at))
    for address in addresses:
        left, right = old.get(address), new.get(address)
        hidden = marked.get(_type(right or left), set())
        yield _change(address, left, right, hidden)


def _action(address: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if address not in old:
        return "create"
    return "update" if address in new else "delete"


def _change(
    address: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    marked: set[Path],
) -> dict[str, Any] | None:
    """The record of an instance, None when it is the same; `marked` is hidden of its type."""
    before, after = _attributes(old), _attributes(new)
    if before == after and old is not None and new is not None:
        return None
    hidden = marked | _telling(before) | _telling(after)
    masked_before, masked_after = before, after
    changed = []
    for path in sorted(hidden, key=str):
        if _at(before, path) != _at(after, path):
            changed.append(list(path))
        masked_before, masked_after = _without(masked_before, path), _without(masked_after, path)
    return {
        "address": address,
        "type": _type(new or old),
        "action": "create" if old is None else "delete" if new is None else "update",
        "before": masked_before,
        "after": masked_after,
        "sensitive": [list(path) for path in hidden],
        "sensitive_changed": changed,
    }


def _output_changes(before: State, after: State) -> Iterator[dict[str, Any]]:
    for name in sorted({*before.outputs, *after.outputs}):
        old, new = before.outputs.get(name), after.outputs.get(name)
        if old == new:
            continue
        is_hidden = any(output is not None and output.sensitive for output in (old, new))
        yield {
            "name": name,
            "action": "create" if old is None else "delete" if new is None else "update",
            "before": None if old is None else HIDDEN if is_hidden else old.value,
            "after": None if new is None else HIDDEN if is_hidden else new.value,
            "sensitive": [[]] if is_hidden else [],
            "sensitive_changed": [[]] if is_hidden else [],
        }


def _type(instance: Mapping[str, Any] | None) -> str:
    resource = (instance or {}).get("_resource") or {}
    return str(resource.get("type", ""))


def _attributes(instance: Mapping[str, Any] | None) -> Any:
    if instance is None:
        return None
    return instance.get("attributes") or instance.get("attributes_flat") or {}


def _hidden(instance: Mapping[str, Any] | None) -> set[Path]:
    """The paths an instance marks; of a path that is not understood, as much as is."""
    marked = (instance or {}).get("sensitive_attributes") or []
    return {_path(steps) for steps in marked if isinstance(steps, list)}


def _path(steps: list[Any]) -> Path:
    found: list[str | int] = []
    for step in steps:
        value = step.get("value") if isinstance(step, dict) else None
        if isinstance(value, dict):
            value = value.get("value")
        if isinstance(value, bool) or not isinstance(value, str | int):
            break
        found.append(value)
    return tuple(found)


def _telling(value: Any, path: Path = ()) -> set[Path]:
    """Places whose name says that what they hold is secret."""
    if isinstance(value, dict):
        found: set[Path] = set()
        for key, part in value.items():
            if part not in (None, "", [], {}) and _TELLING.search(str(key)):
                found.add((*path, key))
            else:
                found |= _telling(part, (*path, key))
        return found
    if isinstance(value, list):
        return {each for n, part in enumerate(value) for each in _telling(part, (*path, n))}
    return set()


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _without(value: Any, path: Path) -> Any:
    """The value with what is at the path hidden; all that it could mean, where it leads nowhere."""
    if value is None:
        return None
    if not path:
        return HIDDEN
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        if step not in value:
            return value
        return {**value, step: _without(value[step], rest)}
    if isinstance(value, list) and isinstance(step, int):
        return [_without(part, rest) if n == step else part for n, part in enumerate(value)]
    return HIDDEN
