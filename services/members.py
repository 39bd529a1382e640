"""Members: who holds which role on a project or a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from models import user as users
from models.member import Member, Role
from models.project import Project, Workspace
from models.user import User
from services import audit, edits
from services.access import Action, Actor, require
from services.errors import Forbidden, Invalid
from services.transaction import session, transaction

Place = Project | Workspace
MOST = 500
_NOT_YET = {"team": "Teams", "service_account": "Service accounts"}


@dataclass(frozen=True)
class MemberLine:
    """A member as lists show them."""

    user_id: str
    name: str
    email: str
    role: Role
    is_active: bool


@dataclass(frozen=True)
class Wanted:
    """A member somebody asks for: a user, by id or e-mail address, and a role."""

    user: str
    role: str


def of(actor: Actor, place: Place) -> list[MemberLine]:
    """The members of a place, owners first, then by name."""
    require(actor, Action.SEE, place)
    rows = session().execute(
        select(Member, User).join(User, User.id == Member.user_id).where(_at(place))
    )
    lines = [MemberLine(u.id, u.name, u.email, m.role, u.is_active) for m, u in rows]
    return sorted(lines, key=lambda line: (-line.role.rank, line.name.lower(), line.email))


def replace(actor: Actor, place: Place, wanted: Sequence[Any]) -> list[MemberLine]:
    """Make these the members of a place, and nobody else; it takes effect at once.

    `wanted` holds `Wanted`, or the objects of the API (`{"user": …, "role": …}`).

    Raises:
        Invalid: with a sentence per field, named `<index>.user` or `<index>.role`.
        Forbidden: when no owner would be left and the actor is no administrator.
    """
    require(actor, Action.MANAGE_MEMBERS, place)
    roles = _roles(wanted)
    if Role.OWNER not in roles.values() and not actor.is_admin:
        raise Forbidden(
            "Somebody has to stay owner here; only an administrator can leave a place without one."
        )
    with transaction() as here:
        edits.locked(place)
        present = {row.user_id: row for row in here.scalars(select(Member).where(_at(place)))}
        before = {user_id: row.role.value for user_id, row in present.items()}
        after = {user_id: role.value for user_id, role in roles.items()}
        if before != after:
            _write(place, present, roles)
            names = _names({*before, *after})
            audit.record(
                actor,
                "member.replace",
                place,
                before={names[user_id]: role for user_id, role in before.items()},
                after={names[user_id]: after.get(user_id) for user_id in {*before, *after}},
            )
    return of(actor, place)


def put(actor: Actor, place: Place, user: str, role: str) -> list[MemberLine]:
    """Give one user (by id or e-mail address) a role, or another role.

    Raises:
        Invalid, Forbidden: as `replace`; the fields are named `user` and `role`.
    """
    require(actor, Action.MANAGE_MEMBERS, place)
    try:
        ((user_id, _),) = _roles([Wanted(user, role)]).items()
    except Invalid as refusal:
        raise Invalid({k.partition(".")[2]: v for k, v in refusal.fields.items()}) from refusal
    others = [line for line in of(actor, place) if line.user_id != user_id]
    return replace(actor, place, [*_again(others), Wanted(user_id, role)])


def remove(actor: Actor, place: Place, user_id: str) -> list[MemberLine]:
    """Take a user's role away.

    Raises:
        Forbidden: as `replace`.
    """
    require(actor, Action.MANAGE_MEMBERS, place)
    others = [line for line in of(actor, place) if line.user_id != user_id]
    return replace(actor, place, _again(others))


def _again(lines: Sequence[MemberLine]) -> list[Wanted]:
    return [Wanted(line.user_id, line.role.value) for line in lines]


def _at(place: Place) -> Any:
    match place:
        case Project():
            return Member.project_id == place.id
        case Workspace():
            return Member.workspace_id == place.id


def _roles(wanted: Sequence[Any]) -> dict[str, Role]:
    """The roles asked for, by user id."""
    if len(wanted) > MOST:
        raise Invalid({"members": f"At most {MOST} members, please."})
    problems: dict[str, str] = {}
    roles: dict[str, Role] = {}
    for index, entry in enumerate(wanted):
        user, role = _entry(index, entry, problems)
        if user is None or role is None:
            continue
        if user.id in roles:
            problems[f"{index}.user"] = f"{user.email} stands here twice."
        roles[user.id] = role
    if problems:
        raise Invalid(problems)
    return roles


def _entry(index: int, entry: Any, problems: dict[str, str]) -> tuple[User | None, Role | None]:
    fields = vars(entry) if isinstance(entry, Wanted) else entry
    if not isinstance(fields, dict):
        problems[f"{index}"] = "A member is an object with a user and a role."
        return None, None
    for name in fields.keys() - {"user", "role"}:
        later = f"{_NOT_YET[name]} are not available yet." if name in _NOT_YET else None
        problems[f"{index}.{name}"] = later or "A member has no such field."
    role = next((role for role in Role if role.value == fields.get("role")), None)
    if role is None:
        problems[f"{index}.role"] = f"Say one of: {', '.join(Role)}."
    user = _find(fields.get("user"))
    if user is None and not fields.keys() & _NOT_YET.keys():
        problems[f"{index}.user"] = "There is no user with this address or id."
    return user, role


def _find(text: Any) -> User | None:
    if not isinstance(text, str) or not text.strip():
        return None
    return session().scalars(users.by_email(text)).first() or session().get(User, text.strip())


def _write(place: Place, present: dict[str, Member], roles: dict[str, Role]) -> None:
    here = session()
    column = "project_id" if isinstance(place, Project) else "workspace_id"
    for user_id, row in present.items():
        if user_id not in roles:
            here.delete(row)
    for user_id, role in roles.items():
        if user_id in present:
            present[user_id].role = role
        else:
            here.add(Member(user_id=user_id, role=role, **{column: place.id}))
    here.flush()


def _names(user_ids: set[str]) -> dict[str, str]:
    rows = session().execute(select(User.id, User.email).where(User.id.in_(user_ids)))
    return dict(rows.all())
