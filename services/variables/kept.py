"""Variables of a place: listed, written, taken away. A secret's value never comes back."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from lib import clock
from models import variable as variables
from models.project import Deployment, Project, Stack, Workspace
from models.variable import Category, Variable
from services import audit, deployments
from services.access import Action, Actor, can, require
from services.edits import ChangedMeanwhile
from services.errors import Conflict, Invalid, NotFound
from services.transaction import session, transaction
from services.variables.effective import EffectiveVariable, effective
from services.variables.rules import UNSET, Content, Unset, check, warnings
from services.variables.sealed import seal

Place = Project | Workspace | Stack | Deployment
MOST = 1000


@dataclass(frozen=True)
class VariableLine:
    """A variable as this actor may see it. `hidden`: it has a value, which is not shown."""

    name: str
    category: Category
    secret: bool
    value: Any
    hidden: bool
    fingerprint: str | None
    updated_at: dt.datetime
    updated_by_name: str
    version: int


@dataclass(frozen=True)
class NewValue:
    """What a variable is to be. What is left out stays as it is (at first: plain, terraform)."""

    value: Any = UNSET
    category: str | None = None
    secret: bool | None = None


@dataclass(frozen=True)
class Written:
    """What became of a write, and what its author should know."""

    line: VariableLine
    created: bool
    warnings: tuple[str, ...] = ()


def of(actor: Actor, place: Place) -> list[VariableLine]:
    """The variables of a place, by name; viewers see names only, nobody a secret's value."""
    require(actor, Action.SEE, place)
    open_values = can(actor, Action.SEE_VALUES, place)
    rows = session().scalars(variables.of_place(_column(place), place.id).limit(MOST))
    return [_line(row, open_values=open_values) for row in rows]


def get(actor: Actor, place: Place, name: str) -> VariableLine:
    """One variable of a place.

    Raises:
        NotFound: when the place has none of this name.
    """
    require(actor, Action.SEE, place)
    row = _row(place, name)
    if row is None:
        raise NotFound(f"There is no variable “{name}” here.")
    return _line(row, open_values=can(actor, Action.SEE_VALUES, place))


def put(
    actor: Actor,
    place: Place,
    name: str,
    new: NewValue,
    *,
    version: int | None = None,
) -> Written:
    """Make or change a variable.

    Raises:
        Invalid: with a sentence per field; also when a secret is to become plain without a value.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """
    require(actor, Action.WRITE_VARIABLES, place)
    with transaction():
        row = _row(place, name)
        content = _content(place, name, new, row)
        kept = deployments.keep(place) if isinstance(place, Deployment) else place
        before = {name: _facts(row)} if row else None
        _refuse_stale(row, version)
        _refuse_bare(row, content)
        row = _write(actor, kept, row, content)
        action = "variable.edit" if before else "variable.create"
        audit.record(actor, action, kept, before=before, after={name: _facts(row)})
        session().flush()
    return Written(_line(row, open_values=True), before is None, tuple(warnings(content)))


def delete(actor: Actor, place: Place, name: str) -> None:
    """Take a variable away.

    Raises:
        NotFound: when the place has none of this name.
    """
    require(actor, Action.WRITE_VARIABLES, place)
    with transaction() as here:
        row = _row(place, name)
        if row is None:
            raise NotFound(f"There is no variable “{name}” here.")
        audit.record(actor, "variable.delete", place, before={name: _facts(row)})
        here.delete(row)


def of_deployment(actor: Actor, deployment: Deployment) -> list[EffectiveVariable]:
    """What a run there would get now, by name; values the actor may not see are left out."""
    require(actor, Action.SEE, deployment)
    here = session()
    found = effective(
        project=here.get_one(Project, deployment.project_id),
        stack=here.get_one(Stack, deployment.stack_id),
        workspace=here.get_one(Workspace, deployment.workspace_id),
        deployment=deployment,
    )
    if can(actor, Action.SEE_VALUES, deployment):
        return [replace(item, ciphertext=None) for item in found]
    return [replace(item, value=None, ciphertext=None, fingerprint=None) for item in found]


def _column(place: Place) -> str:
    return f"{place.__tablename__}_id"


def _row(place: Place, name: str) -> Variable | None:
    return session().scalars(variables.named(_column(place), place.id, name)).first()


def _engines(place: Place) -> tuple[str, ...] | None:
    """The engines that will see a variable of this place; None for any."""
    match place:
        case Stack():
            return (place.engine,)
        case Deployment():
            stack = session().get(Stack, place.stack_id)
            return (stack.engine,) if stack else None
        case _:
            return None


def _content(place: Place, name: str, new: NewValue, row: Variable | None) -> Content:
    category, secret = new.category, new.secret
    if category is None:
        category = row.category.value if row else Category.TERRAFORM.value
    if secret is None:
        secret = row.secret if row else False
    return check(name, new.value, category, secret, _engines(place))


def _refuse_stale(row: Variable | None, version: int | None) -> None:
    if version is not None and (row is None or row.version != version):
        now = {} if row is None else {"category": row.category.value, "secret": row.secret}
        raise ChangedMeanwhile(now)


def _refuse_bare(row: Variable | None, content: Content) -> None:
    """A value may be left out only where there is one that can stay as it is."""
    if not isinstance(content.value, Unset):
        return
    if row is None:
        raise Invalid({"value": "Give a value."})
    if row.secret and not content.secret:
        raise Invalid({"value": "A secret becomes plain only together with a new value."})
    if row.category is not content.category:
        raise Invalid({"value": "Give the value again when the category changes."})


def _write(actor: Actor, place: Place, row: Variable | None, content: Content) -> Variable:
    here = session()
    if row is None:
        row = Variable(name=content.name, version=0, **{_column(place): place.id})
        if len(here.scalars(variables.of_place(_column(place), place.id)).all()) >= MOST:
            raise Conflict(f"There are {MOST} variables here already, the most there can be.")
        here.add(row)
    value = row.value if isinstance(content.value, Unset) else content.value
    if not (row.secret and isinstance(content.value, Unset)):
        sealed = seal(value, secret=content.secret)
        row.value, row.ciphertext = sealed.value, sealed.ciphertext
        row.value_id, row.fingerprint = sealed.value_id, sealed.fingerprint
    row.category, row.secret = content.category, content.secret
    row.updated_at, row.updated_by_name = clock.now(), actor.name
    row.version += 1
    return row


def _facts(row: Variable) -> dict[str, Any]:
    """What the audit log may say of a variable: values are told apart, never told."""
    return {"category": row.category.value, "secret": row.secret, "fingerprint": row.fingerprint}


def _line(row: Variable, *, open_values: bool) -> VariableLine:
    return VariableLine(
        name=row.name,
        category=row.category,
        secret=row.secret,
        value=row.value if open_values and not row.secret else None,
        hidden=row.secret or not open_values,
        fingerprint=row.fingerprint if open_values else None,
        updated_at=row.updated_at,
        updated_by_name=row.updated_by_name,
        version=row.version,
    )
