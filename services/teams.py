"""Teams: who is in them, and the roles they hold. Administrators look after them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from models import member as members
from models import team as teams
from models import user as users
from models.member import Member, Role
from models.team import Team, TeamMember
from models.user import User
from services import audit
from services.access import Actor, require_admin
from services.errors import Conflict, Invalid, NotAsSeen, NotFound
from services.fields import TITLE_LIMIT, Fields
from services.page import Page, cut
from services.transaction import is_duplicate, session, transaction

EDITABLE = ("title", "description")
MOST = 1000


@dataclass(frozen=True)
class TeamLine:
    """A team as lists show it, and how many are in it."""

    team: Team
    size: int


@dataclass(frozen=True)
class RoleLine:
    """A role held: on what kind of place, its name, which role, by which team ('' for none)."""

    noun: str
    place: str
    role: Role
    team: str = ""


def create(actor: Actor, name: str, *, title: str = "", description: str = "") -> Team:
    """Make a team, with nobody in it.

    Raises:
        Forbidden: when the actor is no administrator.
        Invalid: with a sentence per field.
        Conflict: when the name is taken.
    """
    require_admin(actor)
    fields = Fields()
    team = Team(
        name=fields.slug("name", name.strip()),
        title=fields.text("title", title, TITLE_LIMIT),
        description=fields.text("description", description),
        created_by_name=actor.name,
    )
    fields.done()
    with transaction() as write:
        try:
            write.add(team)
            write.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                said = f"There is already a team “{team.name}”; choose another name."
                raise Conflict(said) from error
            raise
        after = {"name": team.name, "title": team.title, "description": team.description}
        audit.record(actor, "team.create", team, after=after)
    return team


def get(actor: Actor, team: str) -> Team:
    """A team by name or id: administrators see all, others those they are in.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    found = session().get(Team, team) or session().scalar(teams.named(team))
    if found is None or not (actor.is_admin or _is_in(actor, found)):
        raise NotFound
    return found


def _is_in(actor: Actor, team: Team) -> bool:
    if not actor.limits.is_open:
        return False
    return session().get(TeamMember, (team.id, actor.id)) is not None


def listed(actor: Actor, *, q: str = "", after: str | None, limit: int) -> Page[TeamLine]:
    """Teams by name, filtered by a part of it: all of them, or those the actor is in."""
    query = teams.by_name(q.strip(), after=after).limit(limit + 1)
    if not actor.is_admin:
        mine = teams.ids_of_user(actor.id or "" if actor.limits.is_open else "")
        query = query.where(Team.id.in_(mine))
    rows = session().execute(query).all()
    return cut([TeamLine(*row) for row in rows], limit, lambda line: line.team.name)


def of_actor(actor: Actor) -> Sequence[Team]:
    """The teams the actor is in, by name."""
    return session().scalars(teams.of_user(actor.id or "")).all()


def edit(
    actor: Actor, team: Team, changes: Mapping[str, Any], *, version: int | None = None
) -> Team:
    """Change title or description; a name never changes.

    Raises:
        Forbidden: when the actor is no administrator.
        Conflict: when `version` is no longer the present one.
        Invalid: with a sentence per field.
    """
    require_admin(actor)
    fields = Fields()
    limits = {"title": TITLE_LIMIT, "description": 10_000}
    for name in changes.keys() - limits:
        fields.add(name, "This cannot be changed.")
    known = changes.keys() & limits.keys()
    checked = {name: fields.text(name, changes[name], limits[name]) for name in known}
    fields.done()
    with transaction():
        row = _held(team)
        if version is not None and version != row.version:
            raise Conflict("Somebody else changed this team meanwhile. Look again.")
        before = {name: getattr(row, name) for name in checked}
        if before != checked:
            for name, value in checked.items():
                setattr(row, name, value)
            row.version += 1
            audit.record(actor, "team.edit", row, before=before, after=checked)
    return row


def _held(team: Team) -> Team:
    row = session().get(Team, team.id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def delete_team(actor: Actor, team: Team, *, confirm: str) -> None:
    """Delete a team, and with it every role it holds.

    Raises:
        Forbidden: when the actor is no administrator.
        Invalid: when `confirm` is not the team's name.
    """
    require_admin(actor)
    if confirm != team.name:
        raise Invalid({"confirm": f"Type the name “{team.name}” to delete it."})
    with transaction() as here:
        row = _held(team)
        gone = [f"{line.role.value} on {line.noun} {line.place}" for line in roles_of(actor, row)]
        before = {"name": row.name, "members": _names(row), "roles": gone}
        audit.record(actor, "team.delete", row, before=before)
        here.delete(row)


def roles_of(actor: Actor, team: Team) -> list[RoleLine]:
    """The roles a team holds, by kind of place and name."""
    get(actor, team.id)
    rows = session().execute(members.places_of(Member.team_id == team.id))
    return _role_lines(rows)


def roles_of_user(actor: Actor, user: User) -> list[RoleLine]:
    """The roles somebody holds, of their own and through teams; for administrators.

    Raises:
        Forbidden: when the actor is no administrator.
    """
    require_admin(actor)
    own = (Member.user_id == user.id) | Member.team_id.in_(teams.ids_of_user(user.id))
    return _role_lines(session().execute(members.places_of(own)))


def of_actor_with_roles(actor: Actor) -> list[tuple[Team, list[RoleLine]]]:
    """The teams the actor is in, each with the roles it holds."""
    own = of_actor(actor)
    held = members.places_of(Member.team_id.in_([team.id for team in own]))
    by_team: dict[str, list[RoleLine]] = {team.name: [] for team in own}
    for line in _role_lines(session().execute(held)):
        by_team[line.team].append(line)
    return [(team, by_team[team.name]) for team in own]


def _role_lines(rows: Iterable[Any]) -> list[RoleLine]:
    found = [
        RoleLine("project" if project else "workspace", project or workspace, role, team or "")
        for project, workspace, role, team in rows
    ]
    return sorted(found, key=lambda line: (line.noun, line.place, line.team))


def members_of(actor: Actor, team: Team) -> Sequence[User]:
    """Who is in a team, people first, by name."""
    get(actor, team.id)
    return session().scalars(_inside(team)).all()


def _inside(team: Team) -> Any:
    inside = select(User).join(TeamMember, TeamMember.user_id == User.id)
    in_order = inside.where(TeamMember.team_id == team.id)
    return in_order.order_by(User.kind, func.lower(User.name), User.id)


def _names(team: Team) -> list[str]:
    return [user.handle for user in session().scalars(_inside(team))]


def replace_members(
    actor: Actor,
    team: Team,
    wanted: Sequence[Any],
    *,
    is_as_seen: Callable[[Sequence[User]], bool] = lambda _now: True,
) -> Sequence[User]:
    """Let these be in the team, and nobody else; it takes effect at once.

    `wanted` holds the objects of the API: `{"user": …}` or `{"service_account": …}`. `is_as_seen`
    is asked whether those in it are the ones that the caller goes by.

    Raises:
        NotAsSeen: when they are not.
        Forbidden: when the actor is no administrator.
        Invalid: with a sentence per field, named `<index>.<field>`.
    """
    require_admin(actor)
    found = _wanted(wanted)
    with transaction() as here:
        row = _held(team)
        if not is_as_seen(members_of(actor, row)):
            raise NotAsSeen(
                "Somebody has changed who is in the team since you looked, so nothing was saved."
            )
        before = _names(row)
        here.execute(delete(TeamMember).where(TeamMember.team_id == row.id))
        here.add_all(TeamMember(team_id=row.id, user_id=user_id) for user_id in found)
        here.flush()
        after = _names(row)
        if before != after:
            audit.record(
                actor, "team.members", row, before={"members": before}, after={"members": after}
            )
    return members_of(actor, team)


def put_member(actor: Actor, team: Team, who: str) -> User:
    """Take somebody into a team: a person by address or id, a service account by name or id.

    Raises:
        Forbidden: when the actor is no administrator.
        Invalid: when there is nobody like that, or the team is full.
    """
    require_admin(actor)
    user = find(who)
    if user is None:
        raise Invalid({"who": "There is no user or service account of this name."})
    with transaction() as here:
        row = _held(team)
        names = _names(row)
        if user.handle in names:
            return user
        if len(names) >= MOST:
            raise Invalid({"who": f"A team has at most {MOST} members."})
        here.add(TeamMember(team_id=row.id, user_id=user.id))
        here.flush()
        after = {"members": _names(row)}
        audit.record(actor, "team.members", row, before={"members": names}, after=after)
    return user


def remove_member(actor: Actor, team: Team, user_id: str) -> None:
    """Take somebody out of a team; the roles they had through it end at once.

    Raises:
        Forbidden: when the actor is no administrator.
        NotFound: when they are not in it.
    """
    require_admin(actor)
    with transaction() as here:
        row = _held(team)
        inside = here.get(TeamMember, (row.id, user_id))
        if inside is None:
            raise NotFound
        names = _names(row)
        here.delete(inside)
        here.flush()
        after = {"members": _names(row)}
        audit.record(actor, "team.members", row, before={"members": names}, after=after)


def find(who: str, kind: str = "") -> User | None:
    """A person by address, a service account by name, either by id; of one kind, if it is said."""
    here, text = session(), who.strip()
    if not text:
        return None
    by_name = users.service_named if kind == "service_account" else users.by_email
    found = here.scalar(by_name(text)) or here.get(User, text)
    if found is None and not kind:
        found = here.scalar(users.service_named(text))
    return found if found is None or kind in {"", found.kind.actor_kind} else None


def _wanted(wanted: Sequence[Any]) -> dict[str, User]:
    """Who is meant, by id."""
    if len(wanted) > MOST:
        raise Invalid({"members": f"A team has at most {MOST} members."})
    problems: dict[str, str] = {}
    found: dict[str, User] = {}
    for index, entry in enumerate(wanted):
        if not isinstance(entry, dict) or len(entry) != 1:
            problems[f"{index}"] = "A member is an object with a user or a service_account."
            continue
        ((kind, who),) = entry.items()
        user = find(who, kind) if isinstance(who, str) else None
        if kind not in {"user", "service_account"}:
            problems[f"{index}.{kind}"] = "A member has no such field."
        elif user is None:
            problems[f"{index}.{kind}"] = "There is nobody with this name, address or id."
        elif user.id in found:
            problems[f"{index}.{kind}"] = f"{user.handle} stands here twice."
        else:
            found[user.id] = user
    if problems:
        raise Invalid(problems)
    return found
