"""Webhooks of services that host repositories; see docs/howto/repositories.md.

No session and no token: the signature of each delivery is what lets it in. The answer comes when
the delivery is kept, and before anything is done about it.
"""

import json

from flask import Blueprint, Response, request

from services.errors import TooLarge
from services.vcs import deliveries

blueprint = Blueprint("vcs_hooks", __name__)


@blueprint.post("/hooks/vcs/<integration_id>")
def receive(integration_id: str) -> Response:
    """Take a delivery: 202 when it waits for its turn, 200 when there is nothing to do."""
    if (request.content_length or 0) > deliveries.LARGEST_BODY_BYTES:
        raise TooLarge(f"A delivery has at most {deliveries.LARGEST_BODY_BYTES >> 20} MB.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    kept = deliveries.accept(integration_id, headers, request.get_data())
    waits = kept.verdict == "pending" and not kept.is_replay
    said = {
        "delivery": kept.delivery_id,
        "verdict": kept.verdict,
        "replay": kept.is_replay,
        "reason": kept.reason,
    }
    return Response(json.dumps(said), 202 if waits else 200, content_type="application/json")
