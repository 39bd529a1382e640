"""The audit log: who did what, on what, from where, when."""

import datetime as dt
from typing import Annotated, Any

from flask import request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.nouns import Json, moment
from blueprints._shared.shapes import Id, Instant, Paging, list_of, shape
from blueprints._shared.shapes.runs import Maker
from models import audit as models
from services import audit_log
from services.audit_log import Filters
from services.errors import Invalid

blueprint = api.blueprint("audit", __name__, tag="audit")


@shape
class AuditTarget(TypedDict):
    """What something was done to."""

    kind: Annotated[str, Field(examples=["run"])]
    """What it is."""
    id: Annotated[str, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """Its id."""
    name: Annotated[str, Field(examples=["shop/web/staging #17"])]
    """What it was called then."""


@shape
class AuditEvent(TypedDict):
    """Something that somebody did."""

    id: Id
    """What the event is called; later ones are greater."""
    at: Instant
    """When it was done."""
    actor: Maker
    """Who did it."""
    action: Annotated[str, Field(examples=["run.confirm"])]
    """What was done: a noun and a verb."""
    target: AuditTarget
    """What it was done to."""
    project: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The id of the project it belongs to, if any."""
    workspace: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The id of the workspace it belongs to, if any."""
    address: Annotated[str, Field(examples=["192.0.2.7"])]
    """Where the request came from."""
    request_id: Annotated[str, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """Names the request, in the portal's log, too."""
    token: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The id of the token it was done with; null in a browser."""
    before: Annotated[Any, Field(examples=[{"title": "Shop"}])]
    """What changed, as it was; never a secret."""
    after: Annotated[Any, Field(examples=[{"title": "The shop"}])]
    """What changed, as it is since; never a secret."""


@shape
class AuditFilters(TypedDict, total=False):
    """What the log is narrowed to."""

    who: Annotated[str, Field(examples=["Dave"])]
    """Events by whoever has this in their name."""
    action: Annotated[str, Field(examples=["run"])]
    """Events of this action, or of all actions of a noun."""
    target: Annotated[str, Field(examples=["shop"])]
    """Events on what has this id, or this in its name."""
    since: Annotated[str, Field(examples=["2026-11-21T14:00:00Z"])]
    """Events from this instant or date on."""
    until: Annotated[str, Field(examples=["2026-11-22"])]
    """Events before this instant, or up to the end of this date."""
    q: Annotated[str, Field(examples=["staging"])]
    """Events that hold this text anywhere."""


@blueprint.get("/audit")
@describe(list_of(AuditEvent), query=[Paging, AuditFilters])
def index() -> Json:
    """List what was done.

    Newest first: what the caller did, and what was done in places that they see; for administrators
    everything. Every change leaves one event, by whichever way it is made.
    """
    words = {name: request.args.get(name, "").strip() for name in "who action target q".split()}
    filters = Filters(**words, since=_instant("since"), until=_instant("until"))
    found = audit_log.listed(current.actor(), filters, after=paging.after(), limit=paging.limit())
    return api.listing(found, _json)


def _instant(name: str) -> dt.datetime | None:
    """A date or an instant of the query; a date is the beginning of its day, the last one its end.

    Raises:
        Invalid: when it is neither.
    """
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        is_day = len(text) == len("2026-11-21")
        whole = found + dt.timedelta(days=1) if is_day and name == "until" else found
        return (whole if whole.tzinfo else whole.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Invalid({name: "Give a date, such as 2026-11-21, or an instant."}) from None


def _json(event: models.AuditEvent) -> AuditEvent:
    return {
        "id": event.id,
        "at": moment(event.at),
        "actor": {"kind": event.actor_kind, "id": event.actor_id, "name": event.actor_name},
        "action": event.action,
        "target": {
            "kind": event.target_kind,
            "id": event.target_id,
            "name": event.target_name,
        },
        "project": event.project_id,
        "workspace": event.workspace_id,
        "address": event.address,
        "request_id": event.request_id,
        "token": event.token_id,
        "before": event.before,
        "after": event.after,
    }
