"""Administration of everybody's tokens: what is about, who uses it, what should go."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, url_for

from blueprints._shared import current, paging
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.respond import page, respond_after
from services import tokens
from services.access import require_admin
from services.tokens import TokenLine

blueprint = Blueprint("tokens", __name__, url_prefix="/administration/tokens")


@dataclass(frozen=True)
class Index:
    """What tokens/index.html reads."""

    tokens: Sequence[TokenLine]
    older_url: str


@blueprint.get("")
def index() -> Response:
    """Every token in use, newest first."""
    found = tokens.listed(
        current.actor(), everybody=True, after=paging.after(), limit=paging.limit()
    )
    older = url_with(cursor=paging.encode(found.next)) if found.next else ""
    crumbs = [Crumb("Administration", url_for("administration.show")), Crumb("Tokens")]
    return page("tokens/index.html", Index(found.items, older), crumbs=crumbs)


@blueprint.post("/<token_id>/revoke")
def revoke(token_id: str) -> Response:
    """Make a token useless."""
    require_admin(current.actor())
    tokens.revoke(current.actor(), token_id)
    return respond_after(url_for(".index"), said="The token works no more.")
