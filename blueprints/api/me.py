"""Who the token is."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.shapes import Email, Id, PersonName, shape

blueprint = api.blueprint("me", __name__, tag="me")


@shape
class Me(TypedDict):
    """Who the token is."""

    id: Id
    """The owner's id."""
    email: Email
    """The owner's address."""
    name: PersonName
    """The owner's name."""
    is_admin: bool
    """Whether the token acts as a system administrator."""
    scopes: Annotated[list[str], Field(examples=[["read", "run"]])]
    """What the token may do at the most."""


@blueprint.get("/me")
@describe(Me)
def show() -> Me:
    """Show who the token is.

    Its owner, and what it may do: nothing that its owner may not, and no more than its scopes.
    """
    visitor = current.visitor()
    user, actor = visitor.user, visitor.actor
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "is_admin": actor.is_admin,
        "scopes": visitor.token.scopes if visitor.token else [],
    }
