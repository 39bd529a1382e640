"""Service accounts: who programs are. They cannot sign in, and act by their tokens alone.

They are users of a kind of their own: members of places and teams like anybody, never with a
password or a session. Administrators make them, and make their tokens.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from models import user as users
from models.user import SERVICE_PREFIX, User, UserKind
from services import audit
from services.access import Actor, require_admin
from services.errors import Conflict, NotFound
from services.fields import Fields
from services.page import Page, cut
from services.transaction import is_duplicate, session, transaction

EDITABLE = ("description", "responsible", "is_admin", "is_active")


def create(
    actor: Actor,
    name: str,
    *,
    description: str = "",
    responsible: str = "",
    is_admin: bool = False,
) -> User:
    """Make a service account. `responsible` is the person to ask about it, by address or id.

    Raises:
        Forbidden: when the actor is no administrator.
        Invalid: with a sentence per field.
        Conflict: when the name is taken.
    """
    require_admin(actor)
    name = name.strip()
    fields = Fields()
    account = User(
        kind=UserKind.SERVICE,
        name=fields.slug("name", name),
        email=SERVICE_PREFIX + name,
        description=fields.text("description", description),
        responsible_id=_responsible(fields, responsible or actor.id or ""),
        is_admin=fields.flag("is_admin", is_admin),
        created_by_name=actor.name,
    )
    fields.done()
    with transaction() as write:
        try:
            write.add(account)
            write.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                said = f"There is already a service account “{name}”; choose another name."
                raise Conflict(said) from error
            raise
        after = {"name": name, "description": account.description, "is_admin": is_admin}
        audit.record(actor, "service_account.create", account, after=after)
    return account


def _responsible(fields: Fields, words: str) -> str | None:
    """The id of the person meant; an actor that is none stands for nobody."""
    if not words.strip():
        return None
    here = session()
    found = here.get(User, words.strip()) or here.scalar(users.by_email(words))
    if found is None:
        fields.add("responsible", "There is no user with this address or id.")
        return None
    return None if found.is_service else found.id


def get(actor: Actor, account: str) -> User:
    """A service account by name or id: administrators see all, an account itself.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    found = session().get(User, account) or session().scalar(users.service_named(account))
    if found is None or not found.is_service or not (actor.is_admin or found.id == actor.id):
        raise NotFound
    return found


def responsible_for(account: User) -> User | None:
    """The person to ask about it, if there is one still."""
    return session().get(User, account.responsible_id) if account.responsible_id else None


def listed(actor: Actor, *, q: str = "", after: str | None, limit: int) -> Page[User]:
    """Service accounts by name, filtered by a part of it.

    Raises:
        Forbidden: when the actor is no administrator.
    """
    require_admin(actor)
    query = users.by_address(q.strip(), kind=UserKind.SERVICE, after=after).limit(limit + 1)
    return cut(session().scalars(query).all(), limit, lambda account: account.email)


def edit(
    actor: Actor, account: str, changes: Mapping[str, Any], *, version: int | None = None
) -> User:
    """Change a service account; shutting it out makes its tokens useless at once.

    `changes` has only what is to change, of EDITABLE; a name never changes.

    Raises:
        Forbidden: when the actor is no administrator.
        NotFound: when there is none.
        Conflict: when `version` is no longer the present one.
        Invalid: with a sentence per field.
    """
    require_admin(actor)
    fields = Fields()
    checked = _checked(fields, changes)
    fields.done()
    with transaction():
        found = get(actor, account)
        if version is not None and version != found.version:
            raise Conflict("Somebody else changed this account meanwhile. Look again.")
        before = {name: getattr(found, name) for name in checked}
        for name, value in checked.items():
            setattr(found, name, value)
        if before != checked:
            found.version += 1
            audit.record(actor, "service_account.edit", found, before=before, after=checked)
    return found


def _checked(fields: Fields, changes: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in changes.items():
        match name:
            case "description":
                checked[name] = fields.text(name, value)
            case "responsible":
                checked["responsible_id"] = _responsible(fields, value or "")
            case "is_admin" | "is_active":
                checked[name] = fields.flag(name, value)
            case _:
                fields.add(name, "This cannot be changed.")
    return checked
