"""For machines that watch: alive, ready, numbers."""

import hmac
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from blueprints._shared import current
from blueprints._shared.meter import meter_of
from services import health
from services.access import require_admin

blueprint = Blueprint("health", __name__)
_EXTENSION = "gantry_metrics"


@blueprint.get("/healthz")
def alive() -> Response:
    """200 as long as the process answers; asks nothing of anybody."""
    return jsonify({"alive": True})


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 when all that is needed is well, 503 otherwise, with what is the matter of each part.

    A part that is not needed says what it lacks, and does not make the portal unready.
    """
    found = health.checks(with_work=True)
    body = {
        check.name: {"ok": check.is_well, "needed": check.is_needed, "text": check.text}
        for check in found
    }
    is_ready = all(check.is_well for check in found if check.is_needed)
    return jsonify(body), 200 if is_ready else 503


@blueprint.get("/metrics")
def numbers() -> Response:
    """Prometheus' text form: for administrators, and as the settings let in."""
    if not _is_let_in():
        if not current.Current().is_signed_in:
            said = "Send an administrator's token, or the text of GANTRY_METRICS_TOKEN.\n"
            return Response(said, 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
        require_admin(current.actor())
    text = _exposition().text() + meter_of(current_app).text()
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_let_in() -> bool:
    """Whether a setting opens the numbers to whoever asks, or to this very text as the token."""
    settings = current_app.extensions["gantry_settings"]
    if settings.metrics_open:
        return True
    wanted = (settings.metrics_token or "").encode()
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip().encode()
    return bool(wanted) and hmac.compare_digest(wanted, sent)


def _exposition() -> Any:
    found = current_app.extensions.get(_EXTENSION)
    if found is None:
        # Loaded with the first scrape: most portals of one person are never scraped.
        from services.metrics import Exposition  # noqa: PLC0415 - see above

        found = current_app.extensions.setdefault(_EXTENSION, Exposition())
    return found
