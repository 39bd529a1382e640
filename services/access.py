"""Who may do what: the table of section 2 of the product's contract, and the questions asked of it.

An actor is an argument of every verb, never ambient. What may not be seen is NotFound; what may be
seen but not done is Forbidden.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, false, true

from models.member import Role
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.schedule import Schedule
from services.actors import (
    SYSTEM,
    Actor,
    acting_for,
    on_behalf,
    person,
    present,
    stronger,
    weaker,
    weaker_of,
    with_token,
)
from services.bounds import UNBOUND, Thing
from services.errors import Forbidden, NotFound

__all__ = [
    "ROLES",
    "SYSTEM",
    "Action",
    "Actor",
    "Thing",
    "acting_for",
    "can",
    "on_behalf",
    "person",
    "present",
    "require",
    "require_admin",
    "require_towards",
    "require_whole",
    "role_at",
    "role_on",
    "visible",
    "visible_places",
    "weaker",
    "weaker_of",
    "with_token",
]


class Action(StrEnum):
    """What can be asked of Gantry; the words stand in refusals and in the audit log."""

    SEE = "see"
    SEE_VALUES = "see variable values"
    CREATE_RUN = "create runs"
    CONFIRM = "confirm runs"
    DISCARD = "discard runs"
    CANCEL = "cancel runs"
    FORCE_CANCEL = "force-cancel runs"
    ARCHIVE = "archive runs"
    PRIORITIZE = "prioritise runs"
    COMMENT = "comment on runs"
    WRITE_VARIABLES = "change variables"
    WRITE_SCHEDULES = "change schedules"
    WRITE_TRIGGERS = "change e-mail triggers"
    LOCK = "lock deployments"
    SETTLE = "settle blocked deployments"
    COMPARE_STATES = "compare state versions"
    CREATE_STACK = "create stacks"
    EDIT = "change settings"
    MANAGE_MEMBERS = "change members"
    DELETE = "delete"
    HANDLE_TRIGGER_SECRETS = "rotate addresses and read received mail"
    FORCE_UNLOCK = "force a lock open"
    HANDLE_STATE = "download and roll back state"


ROLES: Mapping[Action, Role] = {
    Action.SEE: Role.VIEWER,
    **dict.fromkeys(
        (
            Action.SEE_VALUES,
            Action.CREATE_RUN,
            Action.CONFIRM,
            Action.DISCARD,
            Action.CANCEL,
            Action.FORCE_CANCEL,
            Action.ARCHIVE,
            Action.PRIORITIZE,
            Action.COMMENT,
            Action.WRITE_VARIABLES,
            Action.WRITE_SCHEDULES,
            Action.WRITE_TRIGGERS,
            Action.LOCK,
            Action.SETTLE,
            Action.COMPARE_STATES,
        ),
        Role.DEPLOYER,
    ),
    **dict.fromkeys(
        (
            Action.CREATE_STACK,
            Action.EDIT,
            Action.MANAGE_MEMBERS,
            Action.DELETE,
            Action.HANDLE_TRIGGER_SECRETS,
            Action.FORCE_UNLOCK,
            Action.HANDLE_STATE,
        ),
        Role.OWNER,
    ),
}
"""The weakest role that may do each action."""

SCOPE_OF: Mapping[Role, str] = {
    Role.VIEWER: "read",
    Role.DEPLOYER: "run",
    Role.OWNER: "administer",
}
"""The scope a token needs for what takes a role."""


def role_on(actor: Actor, thing: Thing) -> Role | None:
    """The actor's role on a thing: on runs and deployments the weaker of its two places'."""
    if actor.is_admin:
        return Role.OWNER
    if not actor.bounds.holds(thing):
        return None
    match thing:
        case Project():
            return _in_project(actor, thing.id)
        case Stack():
            return _in_project(actor, thing.project_id)
        case Workspace():
            return _in_workspace(actor, thing.id)
        case Deployment() | Run() | Schedule():
            return weaker(
                _in_project(actor, thing.project_id), _in_workspace(actor, thing.workspace_id)
            )


def role_at(actor: Actor, *, project_id: str, stack_id: str, workspace_id: str) -> Role | None:
    """The actor's role on what has these places, as a run's line in a list has them."""
    if actor.is_admin:
        return Role.OWNER
    if not actor.bounds.holds_ids(project_id, stack_id, workspace_id):
        return None
    return weaker(_in_project(actor, project_id), _in_workspace(actor, workspace_id))


def _in_project(actor: Actor, project_id: str) -> Role | None:
    return stronger(actor.everywhere, actor.project_roles.get(project_id))


def _in_workspace(actor: Actor, workspace_id: str) -> Role | None:
    return stronger(actor.everywhere, actor.workspace_roles.get(workspace_id))


def can(actor: Actor, action: Action, thing: Thing) -> bool:
    """Whether the actor may do this to the thing."""
    role = role_on(actor, thing)
    return role is not None and role.rank >= ROLES[action].rank


def require(actor: Actor, action: Action, thing: Thing | None) -> None:
    """Refuse unless the actor may do this to the thing.

    Raises:
        NotFound: when there is no such thing, or the actor may not even see it.
        Forbidden: when the actor sees it but may not do this.
    """
    if thing is None or not can(actor, Action.SEE, thing):
        raise NotFound
    if not can(actor, action, thing):
        raise Forbidden(_refusal(actor, action))


def require_towards(actor: Actor, action: Action, place: Project | Workspace | Stack) -> None:
    """As `require`, for a place on the way to a deployment: a token bound to the deployment may.

    Only what the place is to its deployments may be asked so, never the place itself.

    Raises:
        NotFound, Forbidden: as `require`.
    """
    if not actor.bounds.leads_to(place):
        raise NotFound
    require(replace(actor, limits=replace(actor.limits, bounds=UNBOUND)), action, place)


def _refusal(actor: Actor, action: Action) -> str:
    needed = ROLES[action]
    ceiling = actor.limits.ceiling
    if ceiling is not None and ceiling.rank < needed.rank:
        return (
            f"This token does not let you {action.value}: it takes the scope “{SCOPE_OF[needed]}”, "
            f"and no role below {needed.value}. Make another one for this."
        )
    return (
        f"Your role does not let you {action.value} here; it takes {needed.value}. "
        "Ask an owner for it."
    )


def require_admin(actor: Actor) -> None:
    """Refuse everyone but administrators.

    Raises:
        Forbidden: when the actor is none.
    """
    if not actor.is_admin:
        require_whole(actor)
        raise Forbidden("Only administrators may do this. Ask one of them.")


def require_whole(actor: Actor) -> None:
    """Refuse a token that may do less than its owner: for what belongs to no place.

    Raises:
        Forbidden: when the actor acts through one.
    """
    if not actor.limits.is_open:
        raise Forbidden(
            "This token may not do this: it takes the scope “administer”, without a lower role "
            "and bound to no place."
        )


def visible(actor: Actor, columns: Any) -> ColumnElement[bool]:
    """The condition under which rows are seen by the actor.

    `columns` is a table (or alias) with `project_id`, `workspace_id`, or both; for a Project or
    Workspace itself, use `visible_places`.

    Raises:
        TypeError: for a table that has neither, of which everybody would see everything.
    """
    if not (hasattr(columns, "project_id") or hasattr(columns, "workspace_id")):
        raise TypeError(f"{columns} belongs to no place; ask visible_places or the table itself.")
    if actor.is_admin:
        return true()
    condition = actor.bounds.condition(columns)
    if actor.everywhere is not None:
        return condition
    if hasattr(columns, "project_id"):
        condition &= _among(columns.project_id, actor.project_roles)
    if hasattr(columns, "workspace_id"):
        condition &= _among(columns.workspace_id, actor.workspace_roles)
    return condition


def visible_places(actor: Actor, table: type[Project] | type[Workspace]) -> ColumnElement[bool]:
    """The condition under which projects (or workspaces) are seen by the actor."""
    if actor.is_admin:
        return true()
    condition = actor.bounds.condition_of_places(table)
    if actor.everywhere is not None:
        return condition
    roles = actor.project_roles if table is Project else actor.workspace_roles
    return condition & _among(table.id, roles)


def _among(column: Any, ids: Iterable[str]) -> ColumnElement[bool]:
    found = list(ids)
    condition: ColumnElement[bool] = column.in_(found) if found else false()
    return condition
