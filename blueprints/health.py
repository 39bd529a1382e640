"""For machines that watch: alive, ready."""

from flask import Blueprint, Response, jsonify

from services import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """200 as long as the process answers; asks nothing of anybody."""
    return Response("alive\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 when all is well, 503 otherwise, with what is the matter."""
    found = health.checks()
    is_well = all(check.is_well for check in found)
    body = {check.name: {"ok": check.is_well, "text": check.text} for check in found}
    return jsonify(body), 200 if is_well else 503
