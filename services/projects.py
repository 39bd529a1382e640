"""Projects: a team's home. Who creates one owns it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from models import places
from models.member import Member, Role
from models.project import Project
from models.run import Run
from services import audit, edits, paging, removal
from services.access import (
    Action,
    Actor,
    require,
    require_admin,
    require_towards,
    role_on,
    visible_places,
)
from services.errors import Conflict, NotFound
from services.fields import TITLE_LIMIT, Fields
from services.house import house
from services.page import Page
from services.transaction import is_duplicate, session, transaction

EDITABLE = ("title", "description")


@dataclass(frozen=True)
class ProjectLine:
    """A project as lists show it."""

    project: Project
    stack_count: int
    last_run: Run | None
    role: Role | None


def may_create(actor: Actor) -> bool:
    """Whether the actor may create projects."""
    may_all = actor.id is not None and actor.limits.is_open
    return actor.is_admin or (house().anyone_creates and may_all)


def require_create(actor: Actor) -> None:
    """Refuse who may not create projects.

    Raises:
        Forbidden: when only administrators do and the actor is none.
    """
    if not may_create(actor):
        require_admin(actor)


def create(actor: Actor, *, name: str, title: str = "", description: str = "") -> Project:
    """Make a project; its maker becomes its owner, unless they are an administrator.

    Raises:
        Forbidden: when only administrators create projects and the actor is none.
        Invalid: with a sentence per field.
        Conflict: when the name is taken.
    """
    require_create(actor)
    fields = Fields()
    project = Project(
        name=fields.slug("name", name),
        title=fields.text("title", title, TITLE_LIMIT),
        description=fields.text("description", description),
        created_by_name=actor.name,
    )
    fields.done()
    with transaction() as here:
        try:
            here.add(project)
            here.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise Conflict(
                    f"There is already a project “{name}”; choose another name."
                ) from error
            raise
        if not actor.is_admin:
            here.add(Member(user_id=actor.id, project_id=project.id, role=Role.OWNER))
        audit.record(actor, "project.create", project, after=_facts(project))
    return project


def get(actor: Actor, name: str) -> Project:
    """The project with this name.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    project = _named(name)
    require(actor, Action.SEE, project)
    return project


def towards(actor: Actor, name: str) -> Project:
    """As `get`, on the way to a deployment in it: see `access.require_towards`."""
    project = _named(name)
    require_towards(actor, Action.SEE, project)
    return project


def _named(name: str) -> Project:
    project = session().scalars(places.project_named(name)).first()
    if project is None:
        raise NotFound
    return project


def visible(
    actor: Actor, *, after: str | None = None, limit: int = paging.USUAL_PAGE, words: str = ""
) -> Page[ProjectLine]:
    """The projects the actor sees, by name; `words` narrows them to names and titles with these."""
    rows = places.projects().where(visible_places(actor, Project))
    if words:
        rows = rows.where(places.matching(Project, words))
    return paging.fetch(
        rows,
        Project.name,
        after=after,
        limit=limit,
        line=lambda project, stacks, run: ProjectLine(
            project, stacks, run, role_on(actor, project)
        ),
        key_of=lambda line: line.project.name,
    )


def names(actor: Actor, limit: int) -> Sequence[str]:
    """The names of the first few projects the actor sees: for menus."""
    rows = places.names_of(Project, visible_places(actor, Project))
    return session().scalars(rows.limit(limit)).all()


def edit(
    actor: Actor, project: Project, changes: dict[str, Any], *, version: int | None = None
) -> Project:
    """Change title or description (`changes` has only what is to change).

    Raises:
        Invalid: with a sentence per field.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """
    require(actor, Action.EDIT, project)
    fields = Fields()
    checked = {name: _check(fields, name, value) for name, value in changes.items()}
    fields.done()
    with transaction():
        return edits.apply(actor, "project", project, checked, version)


def delete(
    actor: Actor, project: Project, *, confirm: str, abandon_resources: bool = False
) -> None:
    """Delete a project with its stacks, runs and states.

    Raises:
        Invalid, Conflict: as `removal.remove`.
    """
    removal.remove(actor, project, confirm=confirm, abandon_resources=abandon_resources)


def _check(fields: Fields, name: str, value: Any) -> Any:
    match name:
        case "title":
            return fields.text(name, value, TITLE_LIMIT)
        case "description":
            return fields.text(name, value)
        case "name":
            fields.add(name, "A project's name never changes; its title may.")
        case _:
            fields.add(name, "A project has no such setting.")
    return None


def _facts(project: Project) -> dict[str, Any]:
    return {name: getattr(project, name) for name in ("name", *EDITABLE)}
