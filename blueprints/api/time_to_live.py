"""Time to live of deployments."""

from typing import Annotated, Any

from flask import Response
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import deployment_at, instant
from blueprints._shared.run_json import Text
from blueprints._shared.shapes import Instant, OneOf, PersonName, Version, shape
from models.schedule import Aftermath, Schedule
from services import ttl
from services.errors import NotFound

blueprint = api.blueprint("time_to_live", __name__, tag="schedule")
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/time-to-live"


@shape
class TimeToLive(TypedDict):
    """When a deployment is destroyed."""

    at: Annotated[Instant | None, Field(examples=["2026-12-24T18:00:00Z"])]
    """When; null once it is over."""
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    """The zone it was set in."""
    then: Annotated[str, OneOf(Aftermath), Field(examples=["keep"])]
    """What is removed once all is destroyed: nothing, the `deployment`, or the `stack`."""
    schedule: Annotated[str, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The schedule that does it; its ledger says what came of it."""
    owner: PersonName
    """With whose rights it is done."""
    version: Version
    """Grows with each change."""


class NewTimeToLive(Body):
    """When a deployment is to be destroyed."""

    at: Annotated[Text, Field(examples=["2026-12-24T18:00:00Z"])]
    """An instant; without a zone it is in `timezone`."""
    timezone: Annotated[Text, Field(examples=["Europe/Berlin"])] = "UTC"
    """An IANA time zone."""
    then: Annotated[Text, Field(examples=["keep"])] = "keep"
    """What is removed afterwards: `keep` nothing, the `deployment`, or the `stack`."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@blueprint.get(PATH)
@describe(TimeToLive)
def show(**url: Any) -> TimeToLive:
    """Show a deployment's time to live.

    404 when it has none.
    """
    row = ttl.of(current.actor(), deployment_at(url))
    if row is None:
        raise NotFound("This deployment has no time to live.")
    return _json(row)


@blueprint.put(PATH)
@describe(TimeToLive, takes=NewTimeToLive, refuses={409: "It is protected, or a draft."})
def edit(**url: Any) -> TimeToLive:
    """Set or move a deployment's time to live.

    At that time a destroy is made and applied without asking again, with the caller's rights of
    then. A warning is sent a day before.
    """
    asked = api.body(NewTimeToLive)
    return _json(ttl.put(current.actor(), deployment_at(url), **asked.model_dump()))


@blueprint.delete(PATH)
@describe()
def delete(**url: Any) -> Response:
    """Take a deployment's time to live away.

    Nothing is destroyed.
    """
    ttl.cancel(current.actor(), deployment_at(url))
    return api.no_content()


def _json(row: Schedule) -> TimeToLive:
    return {
        "at": instant(row.next_fire_at),
        "timezone": row.timezone,
        "then": row.aftermath.value,
        "schedule": row.id,
        "owner": row.owner_name,
        "version": row.version,
    }
