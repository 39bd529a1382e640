"""Who the token is."""

from typing import Any

from blueprints._shared import api, current

blueprint = api.blueprint("me", __name__, tag="Me")


@blueprint.get("/me")
def show() -> dict[str, Any]:
    """Who the token is, and what it may do."""
    visitor = current.visitor()
    user, actor = visitor.user, visitor.actor
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "is_admin": actor.is_admin,
        "scopes": visitor.token.scopes if visitor.token else [],
    }
