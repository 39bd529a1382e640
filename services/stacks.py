"""Stacks: code that describes resources, and how its runs behave."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from models import places
from models.project import Project, Stack
from models.run import Run
from services import audit, edits, paging, projects, removal, sources
from services.access import Action, Actor, require, require_towards, visible
from services.errors import Conflict, Invalid, NotFound
from services.fields import TITLE_LIMIT, Fields
from services.house import house
from services.page import Page
from services.transaction import is_duplicate, session, transaction

LONGEST_S = 7 * 24 * 3600
DEFAULTS: Mapping[str, Any] = {
    "title": "",
    "description": "",
    "engine": "terraform",
    "source": None,
    "published": True,
    "protected": False,
    "auto_apply": False,
    "cancel_grace_s": 1800,
    "max_duration_s": 12 * 3600,
    "silence_notice_s": 600,
    "plan_expires_s": None,
}
"""What can be set on a stack, and what it is when nobody says."""


@dataclass(frozen=True)
class StackLine:
    """A stack as lists show it."""

    stack: Stack
    deployment_count: int
    last_run: Run | None


def create(actor: Actor, project: Project, *, name: str, **settings: Any) -> Stack:
    """Make a stack in a project. `settings` are those of `DEFAULTS`.

    Raises:
        Invalid: with a sentence per field; fields of the source are named `source.<field>`.
        Conflict: when the project has a stack of this name.
    """
    require(actor, Action.CREATE_STACK, project)
    fields = Fields()
    slug = fields.slug("name", name)
    checked = _checked(fields, project, {**DEFAULTS, **settings})
    fields.done()
    with transaction() as here:
        stack = Stack(
            project_id=project.id,
            project_name=project.name,
            name=slug,
            created_by_name=actor.name,
            **checked,
        )
        try:
            here.add(stack)
            here.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise Conflict(
                    f"The project already has a stack “{name}”; choose another name."
                ) from error
            raise
        audit.record(actor, "stack.create", stack, after={"name": slug, **checked})
    return stack


def get(actor: Actor, project_name: str, name: str) -> Stack:
    """The stack of a project with this name.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    stack = _named(projects.towards(actor, project_name), name)
    require(actor, Action.SEE, stack)
    return stack


def towards(actor: Actor, project_name: str, name: str) -> Stack:
    """As `get`, on the way to a deployment of the stack: see `access.require_towards`."""
    return towards_in(actor, projects.towards(actor, project_name), name)


def towards_in(actor: Actor, project: Project, name: str) -> Stack:
    """The same, of a project that the actor has come by already."""
    stack = _named(project, name)
    require_towards(actor, Action.SEE, stack)
    return stack


def _named(project: Project, name: str) -> Stack:
    stack = session().scalars(places.stack_named(project.id, name)).first()
    if stack is None:
        raise NotFound
    return stack


def of_project(
    actor: Actor,
    project: Project,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_PAGE,
    words: str = "",
) -> Page[StackLine]:
    """The stacks of a project, by name; `words` narrows them to names and titles with these."""
    require(actor, Action.SEE, project)
    rows = places.stacks_of(project.id)
    if words:
        rows = rows.where(places.matching(Stack, words))
    return paging.fetch(
        rows,
        Stack.name,
        after=after,
        limit=limit,
        line=StackLine,
        key_of=lambda line: line.stack.name,
    )


def names(actor: Actor, project_id: str, limit: int) -> Sequence[str]:
    """The names of the first few stacks of a project that the actor sees: for menus."""
    rows = places.names_of(Stack, (Stack.project_id == project_id) & visible(actor, Stack))
    return session().scalars(rows.limit(limit)).all()


def edit(
    actor: Actor, stack: Stack, changes: Mapping[str, Any], *, version: int | None = None
) -> Stack:
    """Change settings of a stack (`changes` has only what is to change).

    Raises:
        Invalid: with a sentence per field.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """
    require(actor, Action.EDIT, stack)
    fields = Fields()
    if "name" in changes:
        fields.add("name", "A stack's name never changes; its title may.")
    project = session().get(Project, stack.project_id)
    checked = _checked(fields, project, {k: v for k, v in changes.items() if k != "name"})
    fields.done()
    with transaction():
        return edits.apply(actor, "stack", stack, checked, version)


def delete(actor: Actor, stack: Stack, *, confirm: str, abandon_resources: bool = False) -> None:
    """Delete a stack with its deployments, their runs and states.

    Raises:
        Invalid, Conflict: as `removal.remove`.
    """
    removal.remove(actor, stack, confirm=confirm, abandon_resources=abandon_resources)


def _seconds(low: int, high: int = LONGEST_S) -> Callable[[Fields, str, Any], Any]:
    return lambda fields, name, value: fields.whole(name, value, low, high)


def _perhaps_seconds(fields: Fields, name: str, value: Any) -> int | None:
    return None if value is None else fields.whole(name, value, 60, 365 * 24 * 3600)


_CHECKS: Mapping[str, Callable[[Fields, str, Any], Any]] = {
    "title": lambda fields, name, value: fields.text(name, value, TITLE_LIMIT),
    "description": lambda fields, name, value: fields.text(name, value),
    "engine": lambda fields, name, value: fields.choice(name, value, house().engines),
    "published": lambda fields, name, value: fields.flag(name, value),
    "protected": lambda fields, name, value: fields.flag(name, value),
    "auto_apply": lambda fields, name, value: fields.flag(name, value),
    "cancel_grace_s": _seconds(0),
    "max_duration_s": _seconds(10),
    "silence_notice_s": _seconds(10),
    "plan_expires_s": _perhaps_seconds,
}


def _checked(
    fields: Fields, project: Project | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        if name == "source":
            checked[name] = _source(fields, project, value)
        elif name in _CHECKS:
            checked[name] = _CHECKS[name](fields, name, value)
        else:
            fields.add(name, "A stack has no such setting.")
    return checked


def _source(fields: Fields, project: Project | None, value: Any) -> Any:
    try:
        return sources.resolve(value, project)
    except Invalid as refusal:
        fields.problems.update(refusal.fields)
        return None
