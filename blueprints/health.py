"""For machines that watch: alive, ready, numbers."""

from flask import Blueprint, Response, jsonify

from blueprints._shared import current
from services import health, metrics
from services.access import require_admin

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


@blueprint.get("/metrics")
def numbers() -> Response:
    """Prometheus' text form; takes an administrator's token, or session."""
    require_admin(current.actor())
    return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")
