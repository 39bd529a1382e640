"""One received message: what became of it, and for owners its headers."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from blueprints._shared import current, places
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page
from services import emails
from services.emails import EmailLine

blueprint = Blueprint("emails", __name__)


@dataclass(frozen=True)
class Show:
    """What emails/email.html reads. `headers` is None for who may not read them, or when gone."""

    line: EmailLine
    headers: Sequence[tuple[str, str]] | None
    may_read: bool


@blueprint.get("/emails/<email_id>")
def show(email_id: str) -> Response:
    """One received message."""
    actor = current.actor()
    line = emails.get(actor, email_id)
    may_read = emails.may_read(actor, line)
    is_kept = line.email.blob_id is not None
    headers = emails.headers_of(actor, email_id).lines if may_read and is_kept else None
    return page("emails/email.html", Show(line, headers, may_read), crumbs=_crumbs(line))


def _crumbs(line: EmailLine) -> tuple[Crumb, ...]:
    last = Crumb(line.email.subject[:60] or "Message")
    if line.trigger is None:
        return (
            Crumb("Administration", "/administration"),
            Crumb("Mail", "/administration/mail"),
            last,
        )
    row = line.trigger
    frame = places.of_deployment(row.project_name, row.stack_name, row.workspace_name, "")
    url = f"{frame.url}/email-triggers"
    return (
        *frame.crumbs,
        Crumb("E-mail", url),
        Crumb(row.name, f"/email-triggers/{row.id}"),
        last,
    )
