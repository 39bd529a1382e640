"""Users, for administrators; everybody sees themselves."""

from typing import Annotated, Any, NotRequired

from flask import Response, request, url_for
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.shapes import (
    Email,
    Id,
    Instant,
    Paging,
    PersonName,
    Version,
    Words,
    list_of,
    shape,
)
from models import user as models
from services import users

blueprint = api.blueprint("users", __name__, tag="user")


@shape
class User(TypedDict):
    """Somebody who signs in."""

    id: Id
    """What stays the same whatever they are called."""
    email: Email
    """Their e-mail address, with which they sign in."""
    name: PersonName
    """What they are called."""
    is_admin: bool
    """Whether they may do everything."""
    is_active: Annotated[bool, Field(examples=[True])]
    """Whether they can sign in, and their tokens are good."""
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    """The time zone of what they are shown."""
    created_at: Instant | None
    """When they were made."""
    last_sign_in_at: Instant | None
    """When they last signed in with a browser; null for never."""
    version: Version
    """Rises with each change."""
    password: NotRequired[Annotated[str, Field(examples=["made-up-and-shown-once"])]]
    """The password that was made up, in the answer that makes it and never again."""


class NewUser(Body):
    """A user to be made. Without a password one is made, and answered once."""

    email: Email
    """Their e-mail address, with which they sign in."""
    name: PersonName = ""
    """What they are called."""
    password: Annotated[str | None, Field(repr=False, examples=[None])] = None
    """Their password; left out, one is made up and answered."""
    is_admin: bool = False
    """Whether they may do everything."""


class ChangedUser(Body):
    """What is to be changed; what is left out stays as it is."""

    name: PersonName | None = None
    """What they are called."""
    is_admin: bool | None = None
    """Whether they may do everything."""
    is_active: bool | None = None
    """Whether they can sign in."""
    theme: Annotated[str | None, Field(examples=["auto"])] = None
    """How pages look to them: `auto`, `light` or `dark`."""
    timezone: Annotated[str | None, Field(examples=["Europe/Berlin"])] = None
    """The time zone of what they are shown."""
    password: Annotated[str | None, Field(repr=False, examples=[None])] = None
    """A new password; their sessions end."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@blueprint.get("/users")
@describe(list_of(User), query=[Paging, Words])
def index() -> dict[str, Any]:
    """List users.

    Everybody, by e-mail address. For administrators.
    """
    q = request.args.get("q", "")
    found = users.listed(current.actor(), q=q, after=paging.after(), limit=paging.limit())
    return api.listing(found, as_json)


@blueprint.post("/users")
@describe(User, status=201, takes=NewUser, once=True, refuses={409: "The address is taken."})
def create() -> Response:
    """Make a user.

    For administrators. Without a password one is made up, and answered this once; whoever signs in
    with it must choose another.
    """
    sent, actor = api.body(NewUser), current.actor()
    made: list[str] = []

    def make() -> models.User:
        fields = {"name": sent.name, "password": sent.password, "is_admin": sent.is_admin}
        # Its type is narrower than what it takes.
        user, password = users.create(actor, sent.email, **fields)  # type: ignore[arg-type]
        made.extend([password] if password else [])
        return user

    user, is_new = api.once(
        "user", make, name=lambda one: one.id, find=lambda one: users.get(actor, one)
    )
    answer = as_json(user)
    if made:
        answer["password"] = made[0]
    return api.created(answer, url_for(".show", user_id=user.id), is_new=is_new)


@blueprint.get("/users/<user_id>")
@describe(User)
def show(user_id: str) -> User:
    """Show a user.

    By id or e-mail address. Everybody sees themselves, administrators see everybody.
    """
    return as_json(users.get(current.actor(), user_id))


@blueprint.patch("/users/<user_id>")
@describe(
    User,
    takes=ChangedUser,
    refuses={409: "Somebody changed it meanwhile, or this is the last administrator."},
)
def edit(user_id: str) -> User:
    """Change a user.

    What is left out stays as it is. People change their own name, theme and time zone;
    administrators also the rest.
    """
    sent = api.body(ChangedUser)
    fields = sent.model_dump(exclude={"version"})
    changes = users.Changes(**fields)
    return as_json(users.edit(current.actor(), user_id, changes, version=sent.version))


def as_json(user: models.User) -> User:
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
