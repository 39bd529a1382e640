"""The first page: what needs a person, what runs, how it went."""

from flask import Blueprint, Response

from blueprints._shared.respond import page

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/")
def show() -> Response:
    """The dashboard."""
    return page("dashboard/show.html")
