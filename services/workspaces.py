"""Workspaces: places to deploy to. Who creates one owns it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from models import places
from models.member import Member, Role
from models.project import Workspace
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

EDITABLE = ("title", "description", "protected")


@dataclass(frozen=True)
class WorkspaceLine:
    """A workspace as lists show it."""

    workspace: Workspace
    deployment_count: int
    last_run: Run | None
    role: Role | None


def may_create(actor: Actor) -> bool:
    """Whether the actor may create workspaces."""
    may_all = actor.id is not None and actor.limits.is_open
    return actor.is_admin or (house().anyone_creates and may_all)


def require_create(actor: Actor) -> None:
    """Refuse who may not create workspaces.

    Raises:
        Forbidden: when only administrators do and the actor is none.
    """
    if not may_create(actor):
        require_admin(actor)


def create(
    actor: Actor, *, name: str, title: str = "", description: str = "", protected: bool = False
) -> Workspace:
    """Make a workspace; its maker becomes its owner, unless they are an administrator.

    A protected one refuses destroy runs.

    Raises:
        Forbidden: when only administrators create workspaces and the actor is none.
        Invalid: with a sentence per field.
        Conflict: when the name is taken.
    """
    require_create(actor)
    fields = Fields()
    workspace = Workspace(
        name=fields.slug("name", name),
        title=fields.text("title", title, TITLE_LIMIT),
        description=fields.text("description", description),
        protected=fields.flag("protected", protected),
        created_by_name=actor.name,
    )
    fields.done()
    with transaction() as here:
        try:
            here.add(workspace)
            here.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise Conflict(
                    f"There is already a workspace “{name}”; choose another name."
                ) from error
            raise
        if not actor.is_admin:
            here.add(Member(user_id=actor.id, workspace_id=workspace.id, role=Role.OWNER))
        audit.record(actor, "workspace.create", workspace, after=_facts(workspace))
    return workspace


def get(actor: Actor, name: str) -> Workspace:
    """The workspace with this name.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    workspace = _named(name)
    require(actor, Action.SEE, workspace)
    return workspace


def towards(actor: Actor, name: str) -> Workspace:
    """As `get`, on the way to a deployment in it: see `access.require_towards`."""
    workspace = _named(name)
    require_towards(actor, Action.SEE, workspace)
    return workspace


def _named(name: str) -> Workspace:
    workspace = session().scalars(places.workspace_named(name)).first()
    if workspace is None:
        raise NotFound
    return workspace


def visible(
    actor: Actor, *, after: str | None = None, limit: int = paging.USUAL_PAGE, words: str = ""
) -> Page[WorkspaceLine]:
    """The workspaces the actor sees, by name; `words` narrows them by name or title."""
    rows = places.workspaces().where(visible_places(actor, Workspace))
    if words:
        rows = rows.where(places.matching(Workspace, words))
    return paging.fetch(
        rows,
        Workspace.name,
        after=after,
        limit=limit,
        line=lambda workspace, deployments, run: WorkspaceLine(
            workspace, deployments, run, role_on(actor, workspace)
        ),
        key_of=lambda line: line.workspace.name,
    )


def names(actor: Actor, limit: int) -> Sequence[str]:
    """The names of the first few workspaces the actor sees: for menus."""
    rows = places.names_of(Workspace, visible_places(actor, Workspace))
    return session().scalars(rows.limit(limit)).all()


def edit(
    actor: Actor, workspace: Workspace, changes: dict[str, Any], *, version: int | None = None
) -> Workspace:
    """Change title, description or protection (`changes` has only what is to change).

    Raises:
        Invalid: with a sentence per field.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """
    require(actor, Action.EDIT, workspace)
    fields = Fields()
    checked = {name: _check(fields, name, value) for name, value in changes.items()}
    fields.done()
    with transaction():
        return edits.apply(actor, "workspace", workspace, checked, version)


def delete(
    actor: Actor, workspace: Workspace, *, confirm: str, abandon_resources: bool = False
) -> None:
    """Delete a workspace with its deployments, runs and states.

    Raises:
        Invalid, Conflict: as `removal.remove`.
    """
    removal.remove(actor, workspace, confirm=confirm, abandon_resources=abandon_resources)


def _check(fields: Fields, name: str, value: Any) -> Any:
    match name:
        case "title":
            return fields.text(name, value, TITLE_LIMIT)
        case "description":
            return fields.text(name, value)
        case "protected":
            return fields.flag(name, value)
        case "name":
            fields.add(name, "A workspace's name never changes; its title may.")
        case _:
            fields.add(name, "A workspace has no such setting.")
    return None


def _facts(workspace: Workspace) -> dict[str, Any]:
    return {name: getattr(workspace, name) for name in ("name", *EDITABLE)}
