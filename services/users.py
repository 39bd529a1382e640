"""People: made, changed, shut out, and let in again."""

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lib import passwords
from models import user as users
from models.user import User, UserKind
from services import audit, sessions
from services.access import SYSTEM, Actor, require_admin, require_whole
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.house import house
from services.page import Page, cut
from services.transaction import is_duplicate, session, transaction

THEMES = ("auto", "light", "dark")
_EMAIL = re.compile(r"[^@\s<>,;:\"\\]{1,64}@[A-Za-z0-9.-]{1,189}")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is to be changed of a user; None leaves a thing as it is."""

    name: str | None = None
    is_admin: bool | None = None
    is_active: bool | None = None
    theme: str | None = None
    timezone: str | None = None
    password: str | None = None


def create(
    actor: Actor,
    email: str,
    *,
    name: str = "",
    password: str | None = None,
    is_admin: bool = False,
) -> tuple[User, str | None]:
    """Make a user. Without a password one is made, to be changed at first sign-in.

    Returns the user and the password that was made, if one was.

    Raises:
        Forbidden: when the actor is no administrator.
        Invalid: when something does not hold, or the address is taken.
    """
    require_admin(actor)
    email = email.strip().lower()
    made = None if password else passwords.generate()
    _check_new(email, name, password)
    user = User(
        email=email,
        name=name.strip() or email.partition("@")[0],
        password_hash=house().passwords.hash(password or made or ""),
        must_change_password=made is not None,
        is_admin=is_admin,
        created_by_name=actor.name,
    )
    try:
        with transaction() as write:
            write.add(user)
            write.flush()
            after = {"email": email, "name": user.name, "is_admin": is_admin}
            audit.record(actor, "user.create", user, after=after)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise Invalid({"email": f"There is a user with the address {email} already."}) from error
    return user, made


def first_administrator(email: str, password: str | None) -> tuple[User, str | None] | None:
    """Make the administrator of a fresh instance; None when there are users already."""
    if session().scalar(select(User.id).limit(1)) is not None:
        return None
    user, made = create(SYSTEM, email, name="Administrator", password=password, is_admin=True)
    user.must_change_password = False  # It is nobody's but theirs: no one else has chosen it.
    return user, made


def _check_new(email: str, name: str, password: str | None) -> None:
    problems = {}
    if not _EMAIL.fullmatch(email):
        problems["email"] = "Give an e-mail address, such as ada@example.com."
    if len(name.strip()) > 120:
        problems["name"] = "A name has at most 120 characters."
    if password and (said := passwords.problem(password)):
        problems["password"] = said
    if problems:
        raise Invalid(problems)


def get(actor: Actor, user_id: str) -> User:
    """A user by id, or by e-mail address: administrators see all, others themselves.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    by_id = session().get(User, user_id)
    found = by_id or session().scalar(users.by_email(user_id))
    if found is None or found.is_service or not (actor.is_admin or found.id == actor.id):
        raise NotFound
    return found


def listed(actor: Actor, *, q: str = "", after: str | None, limit: int) -> Page[User]:
    """Users by address, filtered by a part of address or name.

    Raises:
        Forbidden: when the actor is no administrator.
    """
    require_admin(actor)
    query = users.by_address(q.strip(), kind=UserKind.PERSON, after=after).limit(limit + 1)
    return cut(session().scalars(query).all(), limit, lambda user: user.email)


def edit(actor: Actor, user_id: str, changes: Changes, *, version: int | None = None) -> User:
    """Change a user: one's own name, theme and zone; by administrators everything.

    A new password, and being shut out, ends the user's sessions.

    Raises:
        NotFound, Forbidden: as rights have it.
        Conflict: when `version` is no longer the present one, or no administrator would be left.
        Invalid: when something does not hold.
    """
    require_whole(actor)
    _check_changes(changes)
    asked = {name: value for name, value in vars(changes).items() if value is not None}
    if {"is_admin", "is_active", "password"} & set(asked):
        require_admin(actor)
    hashed = house().passwords.hash(changes.password) if changes.password else None
    with transaction():
        user = get(actor, user_id)
        _refuse_stale(user, version)
        _keep_an_administrator(user, changes)
        before, after = _written(user, asked), dict(asked)
        for name, value in asked.items():
            if name != "password":
                setattr(user, name, value)
        if hashed:
            user.password_hash, user.must_change_password = hashed, user.id != actor.id
            before["password"], after["password"] = "(old)", "(new)"
        if hashed or changes.is_active is False:
            sessions.end_all(user.id)
        user.version += 1
        audit.record(actor, "user.edit", user, before=before, after=after)
    return user


def _written(user: User, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(user, name) for name in asked if name != "password"}


def _check_changes(changes: Changes) -> None:
    problems = {}
    if changes.name is not None and not 1 <= len(changes.name.strip()) <= 120:
        problems["name"] = "A name has 1 to 120 characters."
    if changes.theme is not None and changes.theme not in THEMES:
        problems["theme"] = f"Choose one of {', '.join(THEMES)}."
    if changes.timezone is not None and changes.timezone not in zoneinfo.available_timezones():
        problems["timezone"] = "Choose a time zone, such as Europe/Zurich."
    if changes.password is not None and (said := passwords.problem(changes.password)):
        problems["password"] = said
    if problems:
        raise Invalid(problems)


def _refuse_stale(user: User, version: int | None) -> None:
    if version is not None and version != user.version:
        raise Conflict("Somebody else changed this user meanwhile. Look again before you save.")


def _keep_an_administrator(user: User, changes: Changes) -> None:
    """An instance without an administrator could never get one again."""
    leaves = changes.is_admin is False or changes.is_active is False
    if not (leaves and user.is_admin and user.is_active):
        return
    if not session().scalar(users.other_administrators(user.id)):
        raise Conflict("This is the last administrator. Make another one first.")


def reset_password(actor: Actor, user_id: str) -> tuple[User, str]:
    """Give a user a new password, to be changed at the next sign-in; ends their sessions.

    Raises:
        Forbidden: when the actor is no administrator.
        NotFound: when there is no such user.
    """
    require_admin(actor)
    made = passwords.generate()
    hashed = house().passwords.hash(made)
    with transaction():
        user = get(actor, user_id)
        user.password_hash, user.must_change_password = hashed, True
        user.version += 1
        sessions.end_all(user.id)
        audit.record(actor, "user.reset_password", user)
    return user, made


def change_password(actor: Actor, old: str, new: str, *, keep_session: str | None) -> None:
    """Change one's own password; ends one's other sessions.

    Raises:
        Invalid: when the old one is wrong, or the new one does not hold.
        Forbidden: when the actor is no person.
    """
    user = session().get(User, actor.id)
    if user is None:
        raise Forbidden("Only people have passwords.")
    kept = user.password_hash
    session().commit()  # No transaction stands open while the password is hashed.
    if not house().passwords.verify(kept, old):
        raise Invalid({"old_password": "This is not your present password."})
    if said := passwords.problem(new):
        raise Invalid({"new_password": said})
    hashed = house().passwords.hash(new)
    with transaction() as write:
        user = write.get_one(User, actor.id)
        user.password_hash, user.must_change_password = hashed, False
        user.version += 1
        ended = sessions.end_all(user.id, but=keep_session)
        audit.record(actor, "user.change_password", user, after={"ended_sessions": ended})
