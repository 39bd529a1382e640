"""Received mail, read by programs."""

from typing import Annotated

from flask import request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.email_json import email_json, headers_json
from blueprints._shared.nouns import Json
from blueprints._shared.shapes import Paging, list_of, shape
from blueprints._shared.shapes import emails as shapes
from services import emails
from services.emails import Query

blueprint = api.blueprint("emails", __name__, tag="email-trigger")


@shape
class Narrowed(TypedDict, total=False):
    """How the list is narrowed."""

    trigger: Annotated[str, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """Keeps what came to this trigger."""
    verdict: Annotated[str, Field(examples=["refused"])]
    """Keeps one verdict: received, accepted, refused, ignored."""


@blueprint.get("/emails")
@describe(list_of(shapes.ReceivedEmail), query=[Paging, Narrowed])
def index() -> Json:
    """List received mail.

    What came to triggers that the caller sees, the newest first; administrators also see what came
    to addresses that are none.
    """
    query = Query(
        trigger_id=request.args.get("trigger") or None,
        verdict=request.args.get("verdict") or None,
        after=paging.after(),
        limit=paging.limit(),
    )
    return api.listing(emails.page(current.actor(), query), email_json)


@blueprint.get("/emails/<email_id>")
@describe(shapes.ReceivedEmail)
def show(email_id: str) -> shapes.ReceivedEmail:
    """Show a received message.

    Not what it says: its line, and what became of it.
    """
    return email_json(emails.get(current.actor(), email_id))


@blueprint.get("/emails/<email_id>/headers")
@describe(
    shapes.EmailHeaders,
    refuses={404: "There is no such message, or it is not kept any more."},
)
def headers(email_id: str) -> shapes.EmailHeaders:
    """Show a message's headers.

    For owners.
    """
    return headers_json(emails.headers_of(current.actor(), email_id))
