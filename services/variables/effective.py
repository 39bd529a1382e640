"""Which value wins: run before deployment before stack before workspace before project."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import variable as variables
from models.project import Deployment, Project, Stack, Workspace
from models.run_content import RunVariable
from models.variable import Category, Variable
from services.errors import Invalid
from services.transaction import session
from services.variables.rules import UNSET, check
from services.variables.sealed import seal, unseal

LAYERS = ("project", "workspace", "stack", "deployment", "run")
"""Where variables are set, farthest first."""


@dataclass(frozen=True)
class RunVariableInput:
    """A variable given to a run itself, as it is kept: a secret one is sealed already."""

    name: str
    category: Category
    secret: bool
    value: Any
    ciphertext: bytes | None
    fingerprint: str | None
    value_id: str | None


@dataclass(frozen=True)
class EffectiveVariable:
    """A variable as a run gets it. `shadows` names the layers it hides, nearest first."""

    name: str
    category: Category
    secret: bool
    value: Any
    ciphertext: bytes | None
    fingerprint: str | None
    value_id: str | None
    source: str
    shadows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A run that is to get its variables: where it will be, and what it is given itself."""

    project_id: str
    workspace_id: str
    stack_id: str
    deployment_id: str
    own: Sequence[RunVariableInput] = ()


def effective(
    *,
    project: Project,
    stack: Stack,
    workspace: Workspace,
    deployment: Deployment,
    run_variables: Sequence[RunVariableInput] = (),
) -> list[EffectiveVariable]:
    """What a run there gets, by name: loads what is set in each place and merges it."""
    return effective_each(
        [Asked(project.id, workspace.id, stack.id, deployment.id, run_variables)]
    )[0]


def effective_each(asked: Sequence[Asked]) -> list[list[EffectiveVariable]]:
    """What each of several runs gets, in their order; what is set is loaded once for all."""
    columns = [f"{layer}_id" for layer in LAYERS[:-1]]
    places = {column: sorted({getattr(each, column) for each in asked}) for column in columns}
    found: dict[str, list[Variable]] = {}
    for row in session().scalars(variables.of_places(**places)):
        found.setdefault(getattr(row, f"{row.layer}_id"), []).append(row)
    return [
        merge(
            {layer: found.get(getattr(each, f"{layer}_id"), ()) for layer in LAYERS[:-1]}
            | {"run": each.own}
        )
        for each in asked
    ]


def merge(
    layers: Mapping[str, Iterable[Variable | RunVariableInput]],
) -> list[EffectiveVariable]:
    """The nearest value of each name, by name, with where it is from and what it hides. Pure."""
    found: dict[str, EffectiveVariable] = {}
    for layer in LAYERS:
        for row in layers.get(layer, ()):
            hidden = found.get(row.name)
            shadows = (hidden.source, *hidden.shadows) if hidden else ()
            found[row.name] = _effective(row, layer, shadows)
    return sorted(found.values(), key=lambda item: item.name)


def run_inputs(given: Mapping[str, Any], engine: str | None = None) -> list[RunVariableInput]:
    """The variables of a run as the API gives them: `{name: value}`, or with category and secret.

    Raises:
        Invalid: with a sentence per field, named `variables.<name>`.
    """
    problems: dict[str, str] = {}
    inputs = []
    for name, entry in given.items():
        try:
            inputs.append(_run_input(name, entry, engine))
        except Invalid as refusal:
            problems[f"variables.{name}"] = refusal.text
    if problems:
        raise Invalid(problems)
    return inputs


def input_of(row: RunVariable) -> RunVariableInput:
    """What an older run was given, to be given again: a secret is sealed anew, never shown."""
    if row.ciphertext is None or row.value_id is None:
        return _input(row.name, row.category, row.value, secret=row.secret)
    clear = unseal(row.value_id, row.ciphertext)
    return _input(row.name, row.category, clear, secret=True)


def described(value: Any) -> tuple[Any, str, bool]:
    """(value, category, secret) of an entry: an object of just these words is a description."""
    words = {"value", "category", "secret"}
    if isinstance(value, dict) and "value" in value and value.keys() <= words:
        category = value.get("category", Category.TERRAFORM.value)
        return value["value"], category, value.get("secret", False)
    return value, Category.TERRAFORM.value, False


def _run_input(name: str, entry: Any, engine: str | None) -> RunVariableInput:
    value, category, secret = described(entry)
    content = check(name, value, category, secret, None if engine is None else (engine,))
    if content.value is UNSET:
        raise Invalid({"value": "Give a value."})
    return _input(content.name, content.category, content.value, secret=content.secret)


def _input(name: str, category: Category, value: Any, *, secret: bool) -> RunVariableInput:
    sealed = seal(value, secret=secret)
    return RunVariableInput(
        name=name,
        category=category,
        secret=secret,
        value=sealed.value,
        ciphertext=sealed.ciphertext,
        fingerprint=sealed.fingerprint,
        value_id=sealed.value_id,
    )


def _effective(
    row: Variable | RunVariableInput, layer: str, shadows: tuple[str, ...]
) -> EffectiveVariable:
    return EffectiveVariable(
        name=row.name,
        category=row.category,
        secret=row.secret,
        value=row.value,
        ciphertext=row.ciphertext,
        fingerprint=row.fingerprint,
        value_id=row.value_id,
        source=layer,
        shadows=shadows,
    )
