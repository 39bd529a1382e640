"""What the caller is told by mail of their own runs."""

from typing import Annotated

from pydantic import Field, StrictBool
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.shapes import shape
from services.mail import notices

blueprint = api.blueprint("notices", __name__, tag="me")


@shape
class Notices(TypedDict):
    """What somebody is told by mail of their own runs."""

    waits: bool
    """That a run waits for a person."""
    fails: bool
    """That a run failed, or took too long."""
    ends: bool
    """That a run ended which took ten minutes or more."""


class Chosen(Body):
    """What the caller wants to be told."""

    waits: Annotated[StrictBool, Field(examples=[True])]
    """That a run waits for a person."""
    fails: Annotated[StrictBool, Field(examples=[True])]
    """That a run failed, or took too long."""
    ends: Annotated[StrictBool, Field(examples=[False])]
    """That a run ended which took ten minutes or more."""


@blueprint.get("/me/notices")
@describe(Notices)
def show() -> Notices:
    """Show one's notices.

    What the caller is told by mail of their own runs.
    """
    return _shown()


@blueprint.put("/me/notices")
@describe(Notices, takes=Chosen)
def choose() -> Notices:
    """Choose one's notices.

    All three are said each time.
    """
    notices.choose(current.actor(), **api.body(Chosen).model_dump())
    return _shown()


def _shown() -> Notices:
    row = notices.choice_of(current.visitor().user.id)
    return {"waits": row.waits, "fails": row.fails, "ends": row.ends}
