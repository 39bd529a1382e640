"""Who the token is."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.shapes import Email, Id, Instant, PersonName, shape
from models.user import ApiToken
from services import teams, tokens

blueprint = api.blueprint("me", __name__, tag="me")


@shape
class TokenOfMe(TypedDict):
    """The token that was sent, and to what it is held."""

    id: Id
    """Its id."""
    name: Annotated[str, Field(examples=["ci"])]
    """What its owner calls it."""
    role: Annotated[str | None, Field(examples=[None])]
    """The most it is anywhere; null for its owner's role."""
    project: Annotated[str | None, Field(examples=["shop"])]
    """The project it is bound to, if it is."""
    stack: Annotated[str | None, Field(examples=[None])]
    """The stack it is bound to, if it is."""
    workspace: Annotated[str | None, Field(examples=[None])]
    """The workspace it is bound to, if it is."""
    expires_at: Instant | None
    """When it stops being good; null for never."""


@shape
class Me(TypedDict):
    """Who the token is."""

    id: Id
    """The owner's id."""
    kind: Annotated[str, Field(examples=["user"])]
    """Whether a person owns it (`user`), or a service account (`service_account`)."""
    email: Email | None
    """The owner's address; a service account has none."""
    name: PersonName
    """The owner's name."""
    is_admin: bool
    """Whether the token acts as a system administrator."""
    scopes: Annotated[list[str], Field(examples=[["read", "run"]])]
    """What the token may do at the most."""
    teams: Annotated[list[str], Field(examples=[["platform"]])]
    """The teams the owner is in."""
    token: TokenOfMe | None
    """The token itself."""


@blueprint.get("/me")
@describe(Me)
def show() -> Me:
    """Show who the token is.

    Its owner, and what it may do: nothing that its owner may not, no more than
    its scopes and its role, and only in the places it is bound to.
    """
    visitor = current.visitor()
    user, actor = visitor.user, visitor.actor
    return {
        "id": user.id,
        "kind": actor.kind,
        "email": None if user.is_service else user.email,
        "name": user.name,
        "is_admin": actor.is_admin,
        "scopes": visitor.token.scopes if visitor.token else [],
        "teams": [team.name for team in teams.of_actor(actor)],
        "token": _token(visitor.token) if visitor.token else None,
    }


def _token(token: ApiToken) -> TokenOfMe:
    line = tokens.line_of(token)
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.value if token.role else None,
        "project": line.project,
        "stack": line.stack,
        "workspace": line.workspace,
        "expires_at": api.instant(token.expires_at),
    }
