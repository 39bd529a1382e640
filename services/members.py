"""Members: who holds which role on a project or a workspace, by themselves or through teams."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from models import member as members
from models import team as team_models
from models.member import Member, Role
from models.project import Project, Workspace
from models.team import Team, TeamMember
from models.user import User
from services import audit, edits, teams
from services.access import Action, Actor, require
from services.errors import Forbidden, Invalid, NotAsSeen
from services.transaction import session, transaction

Place = Project | Workspace
MOST = 500
KINDS = ("user", "team", "service_account")
"""Who can hold a role."""


@dataclass(frozen=True)
class MemberLine:
    """A holder of a role as lists show it; `email` is what a person, team or account goes by.

    `size` is how many are in a team.
    """

    kind: str
    id: str
    name: str
    email: str
    role: Role
    is_active: bool = True
    size: int = 0


@dataclass(frozen=True)
class Holder:
    """Somebody with a role in the end: the strongest of those in `ways`.

    A way is a role and the name of the team it comes from, empty when it is their own.
    """

    id: str
    kind: str
    name: str
    email: str
    is_active: bool
    role: Role
    ways: Sequence[tuple[Role, str]]


@dataclass(frozen=True)
class Wanted:
    """A member somebody asks for: an address, name or id, and a role."""

    who: str
    role: str
    kind: str = "user"


def of(actor: Actor, place: Place) -> list[MemberLine]:
    """The roles held on a place, owners first, then by name."""
    require(actor, Action.SEE, place)
    here = session()
    users = here.execute(select(Member, User).join(User).where(_at(place)))
    sized = here.execute(members.with_teams().where(_at(place)))
    lines = [
        MemberLine(u.kind.actor_kind, u.id, u.name, u.handle, m.role, u.is_active) for m, u in users
    ]
    lines += [
        MemberLine("team", t.id, t.title or t.name, t.name, m.role, size=n) for m, t, n in sized
    ]
    return sorted(lines, key=lambda line: (-line.role.rank, line.name.lower(), line.email))


def holders(actor: Actor, place: Place) -> list[Holder]:
    """Everybody with a role on a place and where it comes from, strongest first, then by name."""
    require(actor, Action.SEE, place)
    found: dict[str, tuple[User, list[tuple[Role, str]]]] = {}
    for user, role, team in session().execute(members.ways_to(_at(place)).limit(MOST * 4)):
        found.setdefault(user.id, (user, []))[1].append((role, team or ""))
    lines = [_holder(user, ways) for user, ways in found.values()]
    return sorted(lines, key=lambda line: (-line.role.rank, line.name.lower(), line.email))[:MOST]


def _holder(user: User, ways: list[tuple[Role, str]]) -> Holder:
    ways = sorted(ways, key=lambda way: (-way[0].rank, way[1]))
    kind, strongest = user.kind.actor_kind, ways[0][0]
    return Holder(user.id, kind, user.name, user.handle, user.is_active, strongest, ways)


def replace(
    actor: Actor,
    place: Place,
    wanted: Sequence[Any],
    *,
    is_as_seen: Callable[[list[MemberLine]], bool] = lambda _now: True,
) -> list[MemberLine]:
    """Make these the members of a place, and nobody else; it takes effect at once.

    `wanted` holds `Wanted`, or the objects of the API: a role beside a `user`, a `team` or a
    `service_account`. `is_as_seen` is asked whether the present members are those that the caller
    goes by, once nobody else can change them any more.

    Raises:
        NotAsSeen: when they are not.
        Invalid: with a sentence per field, named `<index>.user` or `<index>.role`.
        Forbidden: when no owner would be left and the actor is no administrator.
    """
    require(actor, Action.MANAGE_MEMBERS, place)
    roles = _roles(wanted)
    _keep_an_owner(actor, roles)
    with transaction() as here:
        edits.locked(place)
        if not is_as_seen(of(actor, place)):
            raise NotAsSeen(
                "Somebody has changed the members since you looked, so nothing was saved."
            )
        present = {_key(row): row for row in here.scalars(select(Member).where(_at(place)))}
        before = {key: row.role for key, row in present.items()}
        if before != roles:
            _write(place, present, roles)
            names = _names({*before, *roles})
            audit.record(
                actor,
                "member.replace",
                place,
                before={names[key]: role.value for key, role in before.items()},
                after={names[k]: roles[k].value if k in roles else None for k in names},
            )
    return of(actor, place)


def put(actor: Actor, place: Place, who: str, role: str, kind: str = "user") -> list[MemberLine]:
    """Give one person, team or service account (by address, name or id) a role, or another role.

    Raises:
        Invalid, Forbidden: as `replace`; the fields are named `user` (`team`, …) and `role`.
    """
    require(actor, Action.MANAGE_MEMBERS, place)
    try:
        ((key, _),) = _roles([Wanted(who, role, kind)]).items()
    except Invalid as refusal:
        raise Invalid({k.partition(".")[2]: v for k, v in refusal.fields.items()}) from refusal
    with transaction():
        edits.locked(place)  # Before reading: of two who add somebody, neither loses the other's.
        others = [line for line in of(actor, place) if line.id != key[1]]
        return replace(actor, place, [*_again(others), Wanted(key[1], role, kind)])


def remove(actor: Actor, place: Place, holder_id: str) -> list[MemberLine]:
    """Take the role of a person, team or service account away.

    Raises:
        Forbidden: as `replace`.
    """
    require(actor, Action.MANAGE_MEMBERS, place)
    with transaction():
        edits.locked(place)
        others = [line for line in of(actor, place) if line.id != holder_id]
        return replace(actor, place, _again(others))


def suggestions(actor: Actor, place: Place) -> list[tuple[str, str]]:
    """(kind, name) of teams and service accounts that whoever manages a place can choose from."""
    require(actor, Action.MANAGE_MEMBERS, place)
    here = session()
    named = here.scalars(select(Team.name).order_by(Team.name).limit(MOST))
    accounts = here.scalars(members.service_names().limit(MOST))
    return [*(("team", name) for name in named), *(("service_account", name) for name in accounts)]


Key = tuple[str, str]
"""What a holder is (“team” or “user”), and its id."""


def _key(row: Member) -> Key:
    return ("team", row.team_id) if row.team_id else ("user", row.user_id or "")


def _again(lines: Sequence[MemberLine]) -> list[Wanted]:
    return [Wanted(line.id, line.role.value, line.kind) for line in lines]


def _at(place: Place) -> Any:
    match place:
        case Project():
            return Member.project_id == place.id
        case Workspace():
            return Member.workspace_id == place.id


def _keep_an_owner(actor: Actor, roles: Mapping[Key, Role]) -> None:
    """Somebody must be owner; a team is nobody while it is empty."""
    owners = [key for key, role in roles.items() if role is Role.OWNER]
    teams_only = [key[1] for key in owners if key[0] == "team"]
    is_kept = len(teams_only) < len(owners) or bool(teams_only and _has_anybody(teams_only))
    if not is_kept and not actor.is_admin:
        raise Forbidden(
            "Somebody has to stay owner here; only an administrator can leave a place without one."
        )


def _has_anybody(team_ids: Iterable[str]) -> bool:
    inside = select(func.count()).select_from(TeamMember).where(TeamMember.team_id.in_(team_ids))
    return bool(session().scalar(inside))


def _roles(wanted: Sequence[Any]) -> dict[Key, Role]:
    """The roles asked for, by who is to hold them."""
    if len(wanted) > MOST:
        raise Invalid({"members": f"At most {MOST} members, please."})
    problems: dict[str, str] = {}
    roles: dict[Key, Role] = {}
    for index, entry in enumerate(wanted):
        if not isinstance(entry, Wanted | dict):
            problems[f"{index}"] = "A member is an object with a role and a user, team or account."
            continue
        kind, key, role = _entry(index, entry, problems)
        if key is None or role is None:
            continue
        if key in roles:
            problems[f"{index}.{kind}"] = "This one stands here twice."
        roles[key] = role
    if problems:
        raise Invalid(problems)
    return roles


def _entry(
    index: int, entry: Wanted | dict[str, Any], problems: dict[str, str]
) -> tuple[str, Key | None, Role | None]:
    fields = {entry.kind: entry.who, "role": entry.role} if isinstance(entry, Wanted) else entry
    for name in fields.keys() - {*KINDS, "role"}:
        problems[f"{index}.{name}"] = "A member has no such field."
    role = next((role for role in Role if role.value == fields.get("role")), None)
    if role is None:
        problems[f"{index}.role"] = f"Say one of: {', '.join(Role)}."
    kinds = [kind for kind in KINDS if kind in fields] or ["user"]
    if len(kinds) > 1:
        problems[f"{index}.{kinds[1]}"] = f"Say one of: {', '.join(KINDS)}; not several."
    key = _find(kinds[0], fields.get(kinds[0]))
    if key is None:
        problems[f"{index}.{kinds[0]}"] = _UNKNOWN[kinds[0]]
    return kinds[0], key, role


_UNKNOWN = {
    "user": "There is no user with this address or id.",
    "team": "There is no team of this name or id.",
    "service_account": "There is no service account of this name or id.",
}


def _find(kind: str, who: Any) -> Key | None:
    if not isinstance(who, str) or not who.strip():
        return None
    if kind == "team":
        here = session()
        team = here.scalar(team_models.named(who)) or here.get(Team, who.strip())
        return ("team", team.id) if team else None
    user = teams.find(who, kind)
    return ("user", user.id) if user else None


def _write(place: Place, present: Mapping[Key, Member], roles: Mapping[Key, Role]) -> None:
    here = session()
    column = "project_id" if isinstance(place, Project) else "workspace_id"
    for key, row in present.items():
        if key not in roles:
            here.delete(row)
    for key, role in roles.items():
        if key in present:
            present[key].role = role
        else:
            here.add(Member(role=role, **{f"{key[0]}_id": key[1], column: place.id}))
    here.flush()


def _names(keys: set[Key]) -> dict[Key, str]:
    """How the audit log names holders."""
    here, ids = session(), [key[1] for key in keys]
    found: dict[Key, str] = {
        ("user", user.id): user.email for user in here.scalars(select(User).where(User.id.in_(ids)))
    }
    for team in here.scalars(select(Team).where(Team.id.in_(ids))):
        found["team", team.id] = f"team:{team.name}"
    return found
