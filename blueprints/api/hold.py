"""The hold after a restore: whether it is on, and letting runs go on."""

from typing import Any

from flask import Response

from blueprints._shared import api, current
from services import hold
from services.access import require_admin

blueprint = api.blueprint("hold", __name__, tag="Instance")


@blueprint.get("/hold")
def show() -> dict[str, Any]:
    """Whether nothing runs now, why, and since when."""
    require_admin(current.actor())
    found = hold.current()
    if found is None:
        return {"on_hold": False, "reason": None, "since": None}
    return {"on_hold": True, "reason": found.reason, "since": found.since}


@blueprint.post("/hold/release")
def release() -> Response:
    """Let runs go on; 409 when nothing is on hold."""
    api.require_scope("administer")
    hold.release(current.actor())
    return api.no_content()
