"""Users, for administrators; everybody sees themselves."""

from typing import Any

from flask import Response, request, url_for
from pydantic import Field

from blueprints._shared import api, current, paging
from blueprints._shared.forms import Body
from models.user import User
from services import users

blueprint = api.blueprint("users", __name__, tag="Users")


class NewUser(Body):
    """A user to be made. Without a password one is made, and answered once."""

    email: str
    name: str = ""
    password: str | None = None
    is_admin: bool = False


class ChangedUser(Body):
    """What is to be changed; what is left out stays as it is."""

    name: str | None = None
    is_admin: bool | None = None
    is_active: bool | None = None
    theme: str | None = None
    timezone: str | None = None
    password: str | None = Field(default=None, repr=False)
    version: int | None = None


@blueprint.get("/users")
def index() -> dict[str, Any]:
    """Everybody, by address."""
    q = request.args.get("q", "")
    found = users.listed(current.actor(), q=q, after=paging.after(), limit=paging.limit())
    return api.listing(found, as_json)


@blueprint.post("/users")
def create() -> Response:
    """Make a user."""
    api.require_scope("administer")
    sent, actor = api.body(NewUser), current.actor()
    made: list[str] = []

    def make() -> User:
        fields = {"name": sent.name, "password": sent.password, "is_admin": sent.is_admin}
        # Its type is narrower than what it takes.
        user, password = users.create(actor, sent.email, **fields)  # type: ignore[arg-type]
        made.extend([password] if password else [])
        return user

    user, is_new = api.once(
        "user", make, name=lambda one: one.id, find=lambda one: users.get(actor, one)
    )
    answer = as_json(user) | ({"password": made[0]} if made else {})
    return api.created(answer, url_for(".show", user_id=user.id), is_new=is_new)


@blueprint.get("/users/<user_id>")
def show(user_id: str) -> dict[str, Any]:
    """A user, by id or e-mail address."""
    return as_json(users.get(current.actor(), user_id))


@blueprint.patch("/users/<user_id>")
def edit(user_id: str) -> dict[str, Any]:
    """Change a user."""
    api.require_scope("administer")
    sent = api.body(ChangedUser)
    fields = sent.model_dump(exclude={"version"})
    changes = users.Changes(**fields)
    return as_json(users.edit(current.actor(), user_id, changes, version=sent.version))


def as_json(user: User) -> dict[str, Any]:
    """A user as the API answers it."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "is_admin": user.is_admin,
        "is_active": user.is_active,
        "timezone": user.timezone,
        "created_at": api.instant(user.created_at),
        "last_sign_in_at": api.instant(user.last_sign_in_at),
        "version": user.version,
    }
