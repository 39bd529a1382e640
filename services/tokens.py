"""API tokens: made, looked up by their hash, revoked. Their text is seen once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lib import clock, ids
from models import token_list
from models import user as users
from models.member import Role
from models.user import ApiToken, User
from services import audit, projects, stacks, workspaces
from services.access import Actor, person, require_admin, require_whole, with_token
from services.bounds import UNBOUND, Bounds, Limits
from services.errors import Forbidden, Invalid, NotFound
from services.page import Page, cut
from services.sessions import Origin
from services.transaction import session, transaction

SCOPES = ("read", "run", "administer", "state")
"""What a token may do, weakest first: see; work with runs as a deployer; all its owner may.

`state` is beside them: what its owner may, but only as a state client.
"""

USED_EVERY = dt.timedelta(minutes=1)
SOON = dt.timedelta(days=14)
"""A token that expires within this time is shown with a warning."""


@dataclass(frozen=True)
class NewToken:
    """A token and, this one time, its text."""

    token: ApiToken
    text: str


@dataclass(frozen=True)
class Within:
    """What a token is to be held to: a role at most, and places by name; empty ones leave it open.

    A stack stands in `project`, or is said as `project/stack`.
    """

    role: str = ""
    project: str = ""
    stack: str = ""
    workspace: str = ""


@dataclass(frozen=True)
class TokenLine:
    """A token as lists show it: whose it is, and the names of the places it is bound to."""

    token: ApiToken
    owner: User
    project: str | None
    stack: str | None
    workspace: str | None

    @property
    def id(self) -> str:
        """The token's."""
        return self.token.id

    @property
    def bound_to(self) -> str:
        """The places in one line; empty when it is bound to none."""
        code = "/".join(name for name in (self.project, self.stack) if name)
        return " in ".join(name for name in (code, self.workspace) if name)

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.token.expires_at is not None and self.token.expires_at <= clock.now()

    @property
    def expires_soon(self) -> bool:
        """Whether somebody should think of the next one."""
        at = self.token.expires_at
        return at is not None and clock.now() < at <= clock.now() + SOON


def create(
    actor: Actor,
    name: str,
    *,
    owner: User | None = None,
    scopes: Sequence[str] = SCOPES,
    expires_at: dt.datetime | None = None,
    within: Within = Within(),
) -> NewToken:
    """Make a token for the actor, or by an administrator for somebody else.

    Raises:
        Forbidden: when it is for somebody else and the actor is no administrator, or when the
            actor is itself a token that may do less than its owner.
        Invalid: when name, scopes, role, places or expiry do not hold.
    """
    require_whole(actor)
    owner = owner or session().get(User, actor.id or "")
    if owner is None:
        raise Forbidden("Only people and service accounts have tokens.")
    if owner.id != actor.id:
        require_admin(actor)
    problems = _problems(actor, name, scopes, expires_at)
    role, bounds = _limits(actor, within, problems)
    if problems:
        raise Invalid(problems)
    with transaction() as write:
        parts = ids.make_token("service" if owner.is_service else "user")
        token = ApiToken(
            id=parts.id,
            user_id=owner.id,
            name=name.strip(),
            token_hash=ids.token_hash(parts.text),
            scopes=[scope for scope in SCOPES if scope in scopes],
            created_at=clock.now(),
            created_by_id=actor.id,
            created_by_name=actor.name,
            expires_at=expires_at,
            role=role,
            **vars(bounds),
        )
        write.add(token)
        write.flush()
        audit.record(actor, "token.create", token, after=_facts(line_of(token)))
    return NewToken(token, parts.text)


def _facts(line: TokenLine) -> dict[str, object]:
    token = line.token
    return {
        "name": token.name,
        "scopes": token.scopes,
        "user": line.owner.handle,
        "role": token.role,
        "bound_to": line.bound_to or None,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }


def keep(user: User, text: str, name: str) -> None:
    """Keep a token whose text the operator chose (first start only); part of a transaction."""
    session().add(ApiToken(user_id=user.id, name=name, token_hash=ids.token_hash(text)))


def _problems(
    actor: Actor, name: str, scopes: Sequence[str], expires_at: dt.datetime | None
) -> dict[str, str]:
    problems = {}
    if not 1 <= len(name.strip()) <= 120:
        problems["name"] = "Give the token a name of 1 to 120 characters, to know it by."
    if not scopes or set(scopes) - set(SCOPES):
        problems["scopes"] = f"Choose from {', '.join(SCOPES)}."
    if expires_at is not None and expires_at <= clock.now():
        problems["expires_at"] = "Choose a time that is still to come."
    maker = session().get(ApiToken, actor.token_id) if actor.token_id else None
    last = maker.expires_at if maker else None
    if last is not None and (expires_at is None or expires_at > last):
        problems["expires_at"] = "A token made with a token ends with it at the latest."
    return problems


def _limits(actor: Actor, within: Within, problems: dict[str, str]) -> tuple[Role | None, Bounds]:
    """The role and the places that are meant; what is wrong with them goes into `problems`."""
    role = next((each for each in Role if each.value == within.role), None)
    if within.role and role is None:
        problems["role"] = f"Say one of: {', '.join(Role)}."
    project, _, stack = within.stack.strip().rpartition("/")
    project = project or within.project.strip()
    bounds = UNBOUND
    try:
        if stack:
            found = stacks.get(actor, project, stack)
            bounds = Bounds(found.project_id, found.id)
        elif project:
            bounds = Bounds(projects.get(actor, project).id)
    except NotFound:
        problems["stack" if stack else "project"] = "You see nothing of this name."
    try:
        if within.workspace:
            at = workspaces.get(actor, within.workspace.strip())
            bounds = replace(bounds, workspace_id=at.id)
    except NotFound:
        problems["workspace"] = "You see no workspace of this name."
    return role, bounds


def find(text: str, origin: Origin | None = None) -> tuple[ApiToken, User] | None:
    """The token with this text and its owner, or None when it may not be used (any more).

    With an `origin` it is noted when and from where the token was used, at most once a minute.
    """
    row = session().execute(users.token_with_user(ids.token_hash(text))).one_or_none()
    if row is None:
        return None
    token, user = row
    is_over = token.expires_at is not None and token.expires_at <= clock.now()
    if token.revoked_at is not None or is_over or not user.is_active:
        return None
    if origin is not None and _is_news(token, origin):
        _touch(token.id, origin)
    return token, user


def _is_news(token: ApiToken, origin: Origin) -> bool:
    if token.last_used_at is None or token.last_used_from != origin.address[:64]:
        return True
    return clock.now() - token.last_used_at >= USED_EVERY


def _touch(token_id: str, origin: Origin) -> None:
    with transaction() as write:
        token = write.get_one(ApiToken, token_id)
        token.last_used_at, token.last_used_from = clock.now(), origin.address[:64]


def actor_of(token: ApiToken, user: User, origin: Origin, *, scope: str = "administer") -> Actor:
    """The actor a token is: its owner as of now, never above what the token allows.

    This is where scopes, role and places of a token become rights, for whatever it is sent to.
    With `scope`, or with “administer”, its scopes take nothing away; one that is only for another
    kind of client has no rights at all.
    """
    whole = person(user, address=origin.address, request_id=origin.request_id)
    bounds = Bounds(token.project_id, token.stack_id, token.workspace_id)
    most = [token.role] if token.role else []
    if not {"administer", scope} & set(token.scopes):
        most.append(Role.DEPLOYER if "run" in token.scopes else Role.VIEWER)
        if not {"read", "run"} & set(token.scopes):
            whole = replace(whole, is_admin=False, project_roles={}, workspace_roles={})
    ceiling = min(most, key=lambda each: each.rank) if most else None
    return with_token(whole, token.id, Limits(ceiling, bounds))


def line_of(token: ApiToken) -> TokenLine:
    """A token with its owner and the names of its places."""
    return TokenLine(*session().execute(token_list.rows().where(ApiToken.id == token.id)).one())


def listed(
    actor: Actor,
    *,
    owner_id: str | None = None,
    everybody: bool = False,
    after: str | None,
    limit: int,
) -> Page[TokenLine]:
    """Tokens in use, newest first: the actor's own; by administrators somebody's, or everybody's.

    A token that may do less than its owner is shown itself only.

    Raises:
        Forbidden: when they are somebody else's and the actor is no administrator.
    """
    owner_id = owner_id or actor.id
    if everybody or owner_id != actor.id:
        require_admin(actor)
    query = token_list.rows()
    if not everybody:
        query = query.where(ApiToken.user_id == (owner_id or ""))
    if not actor.limits.is_open:
        query = query.where(ApiToken.id == actor.token_id)
    if after is not None:
        query = query.where(ApiToken.id < after)
    rows = session().execute(query.limit(limit + 1)).all()
    return cut([TokenLine(*row) for row in rows], limit, lambda line: line.id)


def get(actor: Actor, token_id: str) -> ApiToken:
    """A token of the actor's, or by an administrator anybody's.

    Raises:
        NotFound: when there is none.
    """
    token = session().get(ApiToken, token_id)
    if token is None or not (actor.is_admin or token.user_id == actor.id):
        raise NotFound
    if not actor.limits.is_open and token.id != actor.token_id:
        raise NotFound
    return token


def revoke(actor: Actor, token_id: str) -> ApiToken:
    """Make a token useless, at once. Any token may end itself.

    Raises:
        NotFound: when there is none, or it is somebody else's and the actor no administrator.
    """
    with transaction():
        token = get(actor, token_id)
        if token.revoked_at is not None:
            raise NotFound
        before = _facts(line_of(token))
        token.revoked_at = clock.now()
        audit.record(actor, "token.revoke", token, before=before)
    return token
