"""Who acts: a person, a service account, a token, a trigger's owner, Gantry itself.

An actor holds the roles of one moment. It is an argument of every verb, never ambient.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from models import member as members
from models.member import Role
from models.run_history import Mark
from models.user import User
from services.bounds import NO_LIMITS, Bounds, Limits
from services.errors import Forbidden
from services.transaction import session


@dataclass(frozen=True)
class Actor:
    """Someone or something that acts, with the roles it has now.

    `address` and `request_id` are where the request came from, for the audit log; `trigger` is
    what the actor's runs are started by: its kind, as in the contract, its id and its name.
    `limits` is what the token in use takes away; the roles here are lowered already. `everywhere`
    is the role an administrator has in all places through a token that may not administer.
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
    everywhere: Role | None = None
    limits: Limits = NO_LIMITS

    @property
    def bounds(self) -> Bounds:
        """The places the token in use is bound to."""
        return self.limits.bounds

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
    """The actor that a user is, a person or a service account, with the roles held at this moment.

    Of roles held on the same place directly and through teams the strongest counts.
    """
    held = session().scalars(members.of_user(user.id)).all()
    return Actor(
        kind=user.kind.actor_kind,
        id=user.id,
        name=user.name,
        is_admin=user.is_admin,
        project_roles=_strongest((row.project_id, row.role) for row in held),
        workspace_roles=_strongest((row.workspace_id, row.role) for row in held),
        address=address,
        request_id=request_id,
    )


def _strongest(held: Iterable[tuple[str | None, Role]]) -> dict[str, Role]:
    found: dict[str, Role] = {}
    for place, role in held:
        if place is not None:
            found[place] = stronger(found.get(place), role) or role
    return found


def with_token(actor: Actor, token_id: str, limits: Limits = NO_LIMITS) -> Actor:
    """The same actor, acting through an API token that takes this away from its rights."""
    through = replace(actor, trigger="api", token_id=token_id, limits=limits)
    if limits.is_open:
        return through
    most, bounds = limits.ceiling or Role.OWNER, limits.bounds
    return replace(
        through,
        is_admin=False,
        everywhere=most if actor.is_admin else None,
        project_roles=_at_most(actor.project_roles, most, bounds.project_id),
        workspace_roles=_at_most(actor.workspace_roles, most, bounds.workspace_id),
    )


def _at_most(roles: Mapping[str, Role], most: Role, only: str | None) -> dict[str, Role]:
    return {
        place: min(role, most, key=lambda each: each.rank)
        for place, role in roles.items()
        if only in {None, place}
    }


def on_behalf(user_id: str | None, *, trigger: str, trigger_id: str, trigger_name: str) -> Actor:
    """The actor that a trigger's owner is at this moment, when the trigger fires.

    Raises:
        Forbidden: when the owner is gone, or may not sign in any more.
    """
    owner = present(user_id)
    return acting_for(owner, trigger=trigger, trigger_id=trigger_id, trigger_name=trigger_name)


def present(user_id: str | None) -> Actor | None:
    """The actor that somebody is at this moment; None when they are gone or may not sign in."""
    found = session().get(User, user_id, populate_existing=True) if user_id else None
    return None if found is None or not found.is_active else person(found)


def acting_for(owner: Actor | None, *, trigger: str, trigger_id: str, trigger_name: str) -> Actor:
    """A trigger's owner, who was looked up already, acting through it.

    Raises:
        Forbidden: when there is none.
    """
    if owner is None:
        raise Forbidden(
            f"{trigger_name} acts for somebody who is not here any more. Let another take it over."
        )
    return replace(owner, trigger=trigger, trigger_id=trigger_id, trigger_name=trigger_name[:160])


def weaker_of(one: Actor, other: Actor) -> Actor:
    """`one`, with no more rights than `other` has, too: for what two people have a part in."""
    if other.is_admin:
        return one
    everywhere = weaker(_at_large(one), _at_large(other))
    return replace(
        one,
        is_admin=False,
        everywhere=everywhere,
        project_roles=_in_common(one, one.project_roles, other, other.project_roles),
        workspace_roles=_in_common(one, one.workspace_roles, other, other.workspace_roles),
        limits=one.limits if other.bounds.is_open else replace(one.limits, bounds=other.bounds),
    )


def _at_large(actor: Actor) -> Role | None:
    return Role.OWNER if actor.is_admin else actor.everywhere


def _in_common(
    one: Actor, own: Mapping[str, Role], other: Actor, others: Mapping[str, Role]
) -> dict[str, Role]:
    found = {}
    for place in {*own, *others}:
        role = weaker(
            stronger(_at_large(one), own.get(place)), stronger(_at_large(other), others.get(place))
        )
        if role is not None:
            found[place] = role
    return found


def stronger(one: Role | None, other: Role | None) -> Role | None:
    """The stronger of two roles; any role is stronger than none."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda role: role.rank)


def weaker(one: Role | None, other: Role | None) -> Role | None:
    """The weaker of two roles; no role is weaker than any."""
    if one is None or other is None:
        return None
    return min(one, other, key=lambda role: role.rank)
