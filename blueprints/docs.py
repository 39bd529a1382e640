"""What programmers read: the description of the API. Open to everybody, and all of it offline."""

from pathlib import Path

from flask import Blueprint, Response, current_app, request

blueprint = Blueprint("docs", __name__)
KEPT_S = 300


@blueprint.get("/api/v1/openapi.json")
def spec() -> Response:
    """The description of the API, OpenAPI 3.1: the file that `make openapi` writes."""
    kept = Path(current_app.root_path, "docs", "openapi.json").read_bytes()
    response = Response(kept, content_type="application/json")
    response.cache_control.public = True
    response.cache_control.max_age = KEPT_S
    response.add_etag()
    # Werkzeug's own Response is one for Flask, too.
    return response.make_conditional(request)  # type: ignore[return-value]
