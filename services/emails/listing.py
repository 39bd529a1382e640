"""Received mail as lists and pages show it; the messages themselves are for owners."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, true

from integrations.mail import verdict as authentication
from integrations.mail.message import decoded
from integrations.mail.rebuild import top_headers
from lib.ids import is_id
from models import email as emails
from models.email import Email, EmailTrigger, Verdict
from models.project import Deployment
from models.run import Run
from services import blobs
from services.access import Action, Actor, can, require, require_admin, visible
from services.errors import Invalid, NotFound
from services.page import LONGEST_PAGE, Page, cut
from services.paging import USUAL_PAGE
from services.transaction import session

SHOWN_VALUE = 2000


@dataclass(frozen=True)
class EmailLine:
    """A received message, the trigger it came to, and the run it started."""

    email: Email
    trigger: EmailTrigger | None
    run: Run | None
    recipient: str | None = None
    """The address it came to; None for viewers, who must not write there."""

    @property
    def authentication(self) -> str:
        """What the receiving service found out about the sender, in a line."""
        if not self.email.authentication:
            return ""
        found = authentication.from_json(self.email.authentication)
        return found.note or found.text()


@dataclass(frozen=True)
class Headers:
    """The raw headers of a message, in their order."""

    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Query:
    """Which messages are asked for; what is left out narrows nothing."""

    trigger_id: str | None = None
    stack_id: str | None = None
    verdict: str | None = None
    strays: bool = False
    """Keeps what came to addresses that are none."""
    after: str | None = None
    limit: int = USUAL_PAGE


def page(actor: Actor, query: Query) -> Page[EmailLine]:
    """Received messages that the actor may see, the newest first.

    Raises:
        Invalid: when there is no such verdict.
    """
    scope: ColumnElement[bool] = true() & visible(actor, Email)
    if query.trigger_id is not None:
        scope &= Email.trigger_id == query.trigger_id
    if query.stack_id is not None:
        scope &= Email.stack_id == query.stack_id
    if query.strays:
        scope &= Email.trigger_id.is_(None)
    if query.verdict:
        scope &= Email.verdict == _verdict(query.verdict)
    if query.after is not None:
        scope &= Email.id < query.after
    limit = max(1, min(query.limit, LONGEST_PAGE))
    rows = session().execute(emails.emails(scope).limit(limit + 1)).all()
    return cut([_line(actor, *row) for row in rows], limit, lambda line: line.email.id)


def get(actor: Actor, email_id: str) -> EmailLine:
    """One received message.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    scope = (Email.id == email_id) & visible(actor, Email)
    row = session().execute(emails.emails(scope)).first() if is_id(email_id) else None
    if row is None:
        raise NotFound
    return _line(actor, *row)


def may_read(actor: Actor, line: EmailLine) -> bool:
    """Whether the raw headers may be read by the actor."""
    deployment = _deployment(line)
    if deployment is None:
        return actor.is_admin
    return can(actor, Action.HANDLE_TRIGGER_SECRETS, deployment)


def headers_of(actor: Actor, email_id: str) -> Headers:
    """The raw headers of a message.

    Raises:
        Forbidden: when the actor is no owner.
        NotFound: when the message is not kept any more.
    """
    line = get(actor, email_id)
    deployment = _deployment(line)
    if deployment is None:
        require_admin(actor)
    else:
        require(actor, Action.HANDLE_TRIGGER_SECRETS, deployment)
    if line.email.blob_id is None:
        raise NotFound("The message itself is not kept any more.")
    found = top_headers(blobs.read(line.email.blob_id))
    return Headers([(decoded(name), decoded(value)[:SHOWN_VALUE]) for name, value in found])


def _line(actor: Actor, email: Email, trigger: EmailTrigger | None, run: Run | None) -> EmailLine:
    bare = EmailLine(email, trigger, run)
    deployment = _deployment(bare)
    sees = actor.is_admin if deployment is None else can(actor, Action.SEE_VALUES, deployment)
    return replace(bare, recipient=email.recipient if sees else None)


def _deployment(line: EmailLine) -> Deployment | None:
    return session().get(Deployment, line.trigger.deployment_id) if line.trigger else None


def _verdict(word: str) -> Verdict:
    if word not in list(Verdict):
        raise Invalid({"verdict": f"Say one of: {', '.join(Verdict)}."})
    return Verdict(word)
