"""The stream of hints for pages: “look again”, never the content."""

from flask import Blueprint, Response, request

from blueprints._shared import streams

blueprint = Blueprint("events", __name__)


@blueprint.get("/events")
def stream() -> Response:
    """Hints about the topics of a page."""
    topics = streams.topics_of(request.args.get("topics", ""))
    return streams.answer(topics, request.args.get("since", ""))
