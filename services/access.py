"""Who may do what: the table of section 2 of the product's contract, and the questions asked of it.

An actor is an argument of every verb, never ambient. What may not be seen is NotFound; what may be
seen but not done is Forbidden.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, false, true

from models import member as members
from models.member import Role
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_history import Mark
from models.user import User
from services.errors import Forbidden, NotFound
from services.transaction import session

Thing = Project | Workspace | Stack | Deployment | Run


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
    LOCK = "lock deployments"
    SETTLE = "settle blocked deployments"
    COMPARE_STATES = "compare state versions"
    CREATE_STACK = "create stacks"
    EDIT = "change settings"
    MANAGE_MEMBERS = "change members"
    DELETE = "delete"
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
            Action.FORCE_UNLOCK,
            Action.HANDLE_STATE,
        ),
        Role.OWNER,
    ),
}
"""The weakest role that may do each action."""


@dataclass(frozen=True)
class Actor:
    """Someone or something that acts.

    `address` and `request_id` are where the request came from, for the audit log; `trigger` is
    what the actor's runs are started by: its kind, as in the contract, its id and its name.
    """

    kind: str
    id: str | None
    name: str
    is_admin: bool = False
    project_roles: Mapping[str, Role] = field(default_factory=dict)
    workspace_roles: Mapping[str, Role] = field(default_factory=dict)
    address: str = ""
    request_id: str = ""
    trigger: str = "manual"
    trigger_id: str | None = None
    trigger_name: str = ""
    token_id: str | None = None

    def mark(self, reason: str = "", *, log_offset: int = 0) -> Mark:
        """What a run's history says when this actor moves it."""
        return Mark(self.kind, self.id, self.name, reason, log_offset=log_offset)

    @property
    def key(self) -> str:
        """A name for what is kept per actor, such as idempotency keys."""
        return f"{self.kind}:{self.id or self.name}"


SYSTEM = Actor(kind="system", id=None, name="Gantry", is_admin=True)
"""Gantry itself: dispatcher, worker, timetable."""


def person(user: User, *, address: str = "", request_id: str = "") -> Actor:
    """The actor that a signed-in user is, with the roles held at this moment."""
    held = session().scalars(members.of_user(user.id)).all()
    return Actor(
        kind="user",
        id=user.id,
        name=user.name,
        is_admin=user.is_admin,
        project_roles={row.project_id: row.role for row in held if row.project_id},
        workspace_roles={row.workspace_id: row.role for row in held if row.workspace_id},
        address=address,
        request_id=request_id,
    )


def with_token(actor: Actor, token_id: str) -> Actor:
    """The same actor, acting through an API token."""
    return replace(actor, trigger="api", token_id=token_id)


def on_behalf(user_id: str | None, *, trigger: str, trigger_id: str, trigger_name: str) -> Actor:
    """The actor that a trigger's owner is at this moment, when the trigger fires.

    Raises:
        Forbidden: when the owner is gone, or may not sign in any more.
    """
    owner = session().get(User, user_id, populate_existing=True) if user_id else None
    if owner is None or not owner.is_active:
        raise Forbidden(
            f"{trigger_name} acts for somebody who is not here any more. Let another take it over."
        )
    return replace(
        person(owner), trigger=trigger, trigger_id=trigger_id, trigger_name=trigger_name[:160]
    )


def weaker_of(one: Actor, other: Actor) -> Actor:
    """`one`, with no more rights than `other` has, too: for what two people have a part in."""
    if other.is_admin:
        return one
    return replace(
        one,
        is_admin=False,
        project_roles=_in_common(one, one.project_roles, other.project_roles),
        workspace_roles=_in_common(one, one.workspace_roles, other.workspace_roles),
    )


def _in_common(
    one: Actor, own: Mapping[str, Role], others: Mapping[str, Role]
) -> Mapping[str, Role]:
    if one.is_admin:
        return others
    roles = {place: weaker(own.get(place), role) for place, role in others.items()}
    return {place: role for place, role in roles.items() if role is not None}


def role_on(actor: Actor, thing: Thing) -> Role | None:
    """The actor's role on a thing: on runs and deployments the weaker of its two places'."""
    if actor.is_admin:
        return Role.OWNER
    match thing:
        case Project():
            return actor.project_roles.get(thing.id)
        case Stack():
            return actor.project_roles.get(thing.project_id)
        case Workspace():
            return actor.workspace_roles.get(thing.id)
        case Deployment() | Run():
            return weaker(
                actor.project_roles.get(thing.project_id),
                actor.workspace_roles.get(thing.workspace_id),
            )


def weaker(one: Role | None, other: Role | None) -> Role | None:
    """The weaker of two roles; no role is weaker than any."""
    if one is None or other is None:
        return None
    return min(one, other, key=lambda role: role.rank)


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
        needed = ROLES[action].value
        raise Forbidden(
            f"Your role does not let you {action.value} here; it takes {needed}. "
            "Ask an owner for it."
        )


def require_admin(actor: Actor) -> None:
    """Refuse everyone but administrators.

    Raises:
        Forbidden: when the actor is none.
    """
    if not actor.is_admin:
        raise Forbidden("Only administrators may do this. Ask one of them.")


def visible(actor: Actor, columns: Any) -> ColumnElement[bool]:
    """The condition under which rows are seen by the actor.

    `columns` is a table (or alias) with `project_id`, `workspace_id`, or both; for a Project or
    Workspace itself, use `visible_places`.
    """
    if actor.is_admin:
        return true()
    condition: ColumnElement[bool] = true()
    if hasattr(columns, "project_id"):
        condition &= _among(columns.project_id, actor.project_roles)
    if hasattr(columns, "workspace_id"):
        condition &= _among(columns.workspace_id, actor.workspace_roles)
    return condition


def visible_places(actor: Actor, table: type[Project] | type[Workspace]) -> ColumnElement[bool]:
    """The condition under which projects (or workspaces) are seen by the actor."""
    if actor.is_admin:
        return true()
    roles = actor.project_roles if table is Project else actor.workspace_roles
    return _among(table.id, roles)


def _among(column: Any, ids: Iterable[str]) -> ColumnElement[bool]:
    found = list(ids)
    condition: ColumnElement[bool] = column.in_(found) if found else false()
    return condition
