"""The hold after a restore: whether it is on, and letting runs go on."""

from typing import Annotated

from flask import Response
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.shapes import shape
from services import hold
from services.access import require_admin

blueprint = api.blueprint("hold", __name__, tag="instance")


@shape
class Hold(TypedDict):
    """Whether nothing runs now."""

    on_hold: Annotated[bool, Field(examples=[False])]
    """Whether the portal is on hold."""
    reason: Annotated[str | None, Field(examples=[None])]
    """Why, in a sentence."""
    since: Annotated[str | None, Field(examples=[None])]
    """Since when."""


@blueprint.get("/hold")
@describe(Hold)
def show() -> Hold:
    """Show the hold.

    Whether nothing runs now because the portal was restored from a backup, why, and since when. For
    administrators.
    """
    require_admin(current.actor())
    found = hold.current()
    if found is None:
        return {"on_hold": False, "reason": None, "since": None}
    return {"on_hold": True, "reason": found.reason, "since": found.since}


@blueprint.post("/hold/release")
@describe(refuses={409: "Nothing is on hold."})
def release() -> Response:
    """Release the hold.

    Lets runs go on. For administrators, with a token of scope `administer`.
    """
    hold.release(current.actor())
    return api.no_content()
