"""API tokens: one's own, and by administrators those of others."""

from typing import Any

from flask import Response, request, url_for
from pydantic import AwareDatetime

from blueprints._shared import api, current, paging
from blueprints._shared.forms import Body
from models.user import ApiToken
from services import tokens, users

blueprint = api.blueprint("tokens", __name__, tag="Tokens")


class NewToken(Body):
    """A token to be made: for `user` (id or address), by administrators, or for oneself."""

    name: str
    user: str | None = None
    scopes: tuple[str, ...] = tokens.SCOPES
    expires_at: AwareDatetime | None = None


@blueprint.get("/tokens")
def index() -> dict[str, Any]:
    """One's tokens, newest first; `?user=` for somebody's, by administrators."""
    actor, asked = current.actor(), request.args.get("user", "")
    owner_id = users.get(actor, asked).id if asked else None
    found = tokens.listed(actor, owner_id=owner_id, after=paging.after(), limit=paging.limit())
    return api.listing(found, as_json)


@blueprint.post("/tokens")
def create() -> Response:
    """Make a token. Its text is in this answer, and never again."""
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
    answer = as_json(token) | ({"token": text[0]} if text else {})
    return api.created(answer, url_for(".index"), is_new=is_new)


@blueprint.delete("/tokens/<token_id>")
def revoke(token_id: str) -> Response:
    """Make a token useless, at once."""
    api.require_scope("administer")
    tokens.revoke(current.actor(), token_id)
    return api.no_content()


def as_json(token: ApiToken) -> dict[str, Any]:
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
