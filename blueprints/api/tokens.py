"""API tokens: one's own, and by administrators those of others."""

from typing import Annotated, Any, NotRequired

from flask import Response, request, url_for
from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.shapes import Id, Instant, Paging, list_of, shape
from models.user import ApiToken
from services import tokens, users

blueprint = api.blueprint("tokens", __name__, tag="token")


@shape
class Token(TypedDict):
    """What a program signs in with; never its text."""

    id: Id
    """Its id, which stands in its text, too."""
    name: Annotated[str, Field(examples=["ci"])]
    """What its owner calls it."""
    user: Id
    """Whose rights it has."""
    scopes: Annotated[list[str], Field(examples=[["read", "run"]])]
    """What it may do at the most: `read`, `run`, `administer`, `state`."""
    created_at: Instant | None
    """When it was made."""
    expires_at: Instant | None
    """When it stops being good; null for never."""
    last_used_at: Instant | None
    """When it was last used, to the minute; null for never."""
    token: NotRequired[Annotated[str, Field(examples=["gty_user_06gzq1k2v5c8m9r3tw4x_secret"])]]
    """Its text, in the answer that makes it and never again."""


@shape
class OfUser(TypedDict, total=False):
    """Whose tokens are listed."""

    user: Annotated[str, Field(examples=["dave@example.com"])]
    """Somebody's, by id or e-mail address; for administrators."""


class NewToken(Body):
    """A token to be made: for `user` (id or address), by administrators, or for oneself."""

    name: Annotated[str, Field(examples=["ci"])]
    """What to know it by."""
    user: Annotated[str | None, Field(examples=[None])] = None
    """Whose it is to be, by id or e-mail address; oneself when left out."""
    scopes: Annotated[tuple[str, ...], Field(examples=[["read", "run"]])] = tokens.SCOPES
    """What it may do at the most."""
    expires_at: Annotated[AwareDatetime | None, Field(examples=["2027-01-01T00:00:00Z"])] = None
    """When it stops being good; null for never."""


@blueprint.get("/tokens")
@describe(list_of(Token), query=[Paging, OfUser])
def index() -> dict[str, Any]:
    """List tokens.

    One's own, newest first; by administrators somebody's.
    """
    actor, asked = current.actor(), request.args.get("user", "")
    owner_id = users.get(actor, asked).id if asked else None
    found = tokens.listed(actor, owner_id=owner_id, after=paging.after(), limit=paging.limit())
    return api.listing(found, as_json)


@blueprint.post("/tokens")
@describe(
    Token,
    status=201,
    takes=NewToken,
    once=True,
    refuses={404: "There is no such user, or none that the caller may see."},
)
def create() -> Response:
    """Make a token.

    For oneself, or by administrators for somebody else. Its text is in this answer, and never
    again: a repetition with the same Idempotency-Key answers without it.
    """
    api.require_scope("administer")
    sent, actor = api.body(NewToken), current.actor()
    owner = users.get(actor, sent.user) if sent.user else None
    text: list[str] = []

    def make() -> ApiToken:
        made = tokens.create(
            actor, sent.name, owner=owner, scopes=sent.scopes, expires_at=sent.expires_at
        )
        text.append(made.text)
        return made.token

    token, is_new = api.once(
        "token", make, name=lambda one: one.id, find=lambda one: tokens.get(actor, one)
    )
    answer = as_json(token)
    if text:
        answer["token"] = text[0]
    return api.created(answer, url_for(".index"), is_new=is_new)


@blueprint.delete("/tokens/<token_id>")
@describe()
def revoke(token_id: str) -> Response:
    """Revoke a token.

    It is good for nothing from then on.
    """
    api.require_scope("administer")
    tokens.revoke(current.actor(), token_id)
    return api.no_content()


def as_json(token: ApiToken) -> Token:
    """A token as the API answers it, without its text."""
    return {
        "id": token.id,
        "name": token.name,
        "user": token.user_id,
        "scopes": token.scopes,
        "created_at": api.instant(token.created_at),
        "expires_at": api.instant(token.expires_at),
        "last_used_at": api.instant(token.last_used_at),
    }
