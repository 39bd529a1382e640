"""Two runs side by side: what they were made from, what they were given, what they would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import run_pages
from models.run import Run
from models.run_content import RunVariable
from services.access import Actor
from services.comparison import Comparison, compare_values
from services.runs import change_pages, reading
from services.transaction import session

MOST_ADDRESSES = 20_000
MOST_SHOWN = 300


@dataclass(frozen=True)
class Differing:
    """A resource that the two runs treat differently: each one's action, or ''."""

    address: str
    left: str
    right: str


@dataclass(frozen=True)
class Versus:
    """What differs between two runs. `more` is how many differing resources are not listed."""

    left: Run
    right: Run
    made_from: Comparison
    options: Comparison
    variables: Comparison
    changes: Sequence[Differing]
    alike: int
    more: int


def versus(actor: Actor, left: Run, right: Run) -> Versus:
    """Compare two runs that the actor sees. Values of variables only if they may see both's."""
    sees_values = all(reading.sees_values(actor, run) for run in (left, right))
    actions = [_actions(run) for run in (left, right)]
    differing = _differing(*actions)
    sides = [
        {row.name: _value(row, sees_values=sees_values) for row in reading.variables(run)}
        for run in (left, right)
    ]
    return Versus(
        left=left,
        right=right,
        made_from=compare_values(_source(left), _source(right), "source"),
        options=compare_values(_options(left), _options(right), "options"),
        variables=change_pages.trimmed(compare_values(sides[0], sides[1], "variables")),
        changes=differing[:MOST_SHOWN],
        alike=sum(1 for address, action in actions[0].items() if actions[1].get(address) == action),
        more=max(0, len(differing) - MOST_SHOWN),
    )


def _source(run: Run) -> dict[str, Any]:
    pin: Mapping[str, Any] = run.pin or {}
    wanted: Mapping[str, Any] = run.source or {}
    kept = ("commit", "commit_message", "author_name", "branch", "version", "digest")
    own = {name: wanted.get(name) for name in ("kind", "ref", "path", "name", "id")}
    return {**own, **{name: pin.get(name) for name in kept}}


def _options(run: Run) -> dict[str, Any]:
    return {
        "type": run.type.value,
        "engine": run.engine,
        "engine_version": run.engine_version,
        "destroy": run.destroy,
        "refresh_only": run.refresh_only,
        "auto_apply": run.auto_apply,
        "targets": list(run.targets or []),
        "replace": list(run.replace or []),
        "command": run.command,
        "isolation": run.isolation,
    }


def _value(row: RunVariable, *, sees_values: bool) -> Any:
    """What of a variable may be shown: of a secret its fingerprint, so that a change is seen."""
    if not sees_values:
        return "(hidden)"
    if row.secret:
        return f"(secret {(row.fingerprint or '')[:12]})"
    return row.value


def _actions(run: Run) -> dict[str, str]:
    found = session().execute(run_pages.change_actions(run.id, MOST_ADDRESSES))
    return dict(found.all())


def _differing(left: Mapping[str, str], right: Mapping[str, str]) -> list[Differing]:
    return [
        Differing(address, left.get(address, ""), right.get(address, ""))
        for address in sorted({*left, *right})
        if left.get(address) != right.get(address)
    ]
