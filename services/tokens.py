"""API tokens: made, looked up by their hash, revoked. Their text is seen once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lib import clock, ids
from models import user as users
from models.member import Role
from models.user import ApiToken, User
from services import audit
from services.access import Actor, person, require_admin, with_token
from services.errors import Forbidden, Invalid, NotFound
from services.page import Page, cut
from services.sessions import Origin
from services.transaction import session, transaction

SCOPES = ("read", "run", "administer", "state")
"""What a token may do, weakest first: see; work with runs as a deployer; all its owner may.

`state` is beside them: what its owner may, but only as a state client.
"""

USED_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class NewToken:
    """A token and, this one time, its text."""

    token: ApiToken
    text: str


def create(
    actor: Actor,
    name: str,
    *,
    owner: User | None = None,
    scopes: Sequence[str] = SCOPES,
    expires_at: dt.datetime | None = None,
) -> NewToken:
    """Make a token for the actor, or by an administrator for somebody else.

    Raises:
        Forbidden: when it is for somebody else and the actor is no administrator.
        Invalid: when name, scopes or expiry do not hold.
    """
    owner_id = owner.id if owner else actor.id
    if owner_id != actor.id:
        require_admin(actor)
    if owner_id is None:
        raise Forbidden("Only people have tokens.")
    _check(name, scopes, expires_at)
    with transaction() as write:
        parts = ids.make_token("user")
        token = ApiToken(
            id=parts.id,
            user_id=owner_id,
            name=name.strip(),
            token_hash=ids.token_hash(parts.text),
            scopes=[scope for scope in SCOPES if scope in scopes],
            created_at=clock.now(),
            created_by_id=actor.id,
            expires_at=expires_at,
        )
        write.add(token)
        after = {"name": token.name, "scopes": token.scopes, "user": owner_id}
        audit.record(actor, "token.create", token, after=after)
    return NewToken(token, parts.text)


def keep(user: User, text: str, name: str) -> None:
    """Keep a token whose text the operator chose (first start only); part of a transaction."""
    session().add(ApiToken(user_id=user.id, name=name, token_hash=ids.token_hash(text)))


def _check(name: str, scopes: Sequence[str], expires_at: dt.datetime | None) -> None:
    problems = {}
    if not 1 <= len(name.strip()) <= 120:
        problems["name"] = "Give the token a name of 1 to 120 characters, to know it by."
    if not scopes or set(scopes) - set(SCOPES):
        problems["scopes"] = f"Choose from {', '.join(SCOPES)}."
    if expires_at is not None and expires_at <= clock.now():
        problems["expires_at"] = "Choose a time that is still to come."
    if problems:
        raise Invalid(problems)


def find(text: str) -> tuple[ApiToken, User] | None:
    """The token with this text and its owner, or None when it may not be used (any more)."""
    row = session().execute(users.token_with_user(ids.token_hash(text))).one_or_none()
    if row is None:
        return None
    token, user = row
    is_over = token.expires_at is not None and token.expires_at <= clock.now()
    if token.revoked_at is not None or is_over or not user.is_active:
        return None
    if token.last_used_at is None or clock.now() - token.last_used_at >= USED_EVERY:
        _touch(token.id)
    return token, user


def _touch(token_id: str) -> None:
    with transaction() as write:
        write.get_one(ApiToken, token_id).last_used_at = clock.now()


def actor_of(token: ApiToken, user: User, origin: Origin, *, scope: str = "administer") -> Actor:
    """The actor a token is: its owner as of now, never above what the token's scopes allow.

    With `scope`, or with “administer”, it is all that its owner is.
    """
    whole = person(user, address=origin.address, request_id=origin.request_id)
    actor = with_token(whole, token.id)
    if {"administer", scope} & set(token.scopes):
        return actor
    most = Role.DEPLOYER if "run" in token.scopes else Role.VIEWER
    return replace(
        actor,
        is_admin=False,
        project_roles=_at_most(actor.project_roles, most),
        workspace_roles=_at_most(actor.workspace_roles, most),
    )


def _at_most(roles: object, most: Role) -> dict[str, Role]:
    held: dict[str, Role] = dict(roles)  # type: ignore[call-overload]  # rows of two are pairs
    return {place: min(role, most, key=lambda each: each.rank) for place, role in held.items()}


def listed(
    actor: Actor, *, owner_id: str | None = None, after: str | None, limit: int
) -> Page[ApiToken]:
    """Tokens in use, newest first: the actor's own, or by an administrator somebody's.

    Raises:
        Forbidden: when they are somebody else's and the actor is no administrator.
    """
    owner_id = owner_id or actor.id
    if owner_id != actor.id:
        require_admin(actor)
    query = users.usable_tokens(owner_id or "", before_id=after).limit(limit + 1)
    rows = session().scalars(query).all()
    return cut(rows, limit, lambda token: token.id)


def get(actor: Actor, token_id: str) -> ApiToken:
    """A token of the actor's, or by an administrator anybody's.

    Raises:
        NotFound: when there is none.
    """
    token = session().get(ApiToken, token_id)
    if token is None or not (actor.is_admin or token.user_id == actor.id):
        raise NotFound
    return token


def revoke(actor: Actor, token_id: str) -> None:
    """Make a token useless, at once.

    Raises:
        NotFound: when there is none, or it is somebody else's and the actor no administrator.
    """
    with transaction():
        token = get(actor, token_id)
        if token.revoked_at is not None:
            raise NotFound
        token.revoked_at = clock.now()
        audit.record(actor, "token.revoke", token, after={"name": token.name})
