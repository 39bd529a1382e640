"""Taking a delivery in: what is kept before anybody is told that it was accepted.

A row per trigger and message, the message sealed, and an entry in the outbox that has it looked at.
All in one transaction: when the service hears 200, nothing can be lost any more.
"""

import datetime as dt
import hashlib
import threading
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from integrations.mail import message as messages
from integrations.mail.post import InboundMail
from integrations.mail.rebuild import top_headers
from lib import clock
from models import email as emails
from models.email import Email, EmailDelivery, EmailTrigger, Verdict
from services import blobs, outbox
from services.house import house
from services.transaction import is_duplicate, session, transaction

KIND = "email"
HOUR = dt.timedelta(hours=1)
REMEMBERED = dt.timedelta(days=1)
"""How long a delivery's token is remembered beyond the age at which it is refused anyway."""

FLOOD_FACTOR = 10
MOST_STRANGERS = 500
LONGEST_ADDRESS = 320


_turn = threading.Lock()
"""Deliveries of one process write one after another: SQLite lets one writer starve among many."""


def take_in(delivery: InboundMail) -> Sequence[str]:
    """Keep a delivery; the ids of the messages that are new. A second delivery of one is nothing.

    Raises:
        Unavailable: when the database does not answer; the service tries again.
    """
    head = _head(delivery.raw)
    with _turn, transaction():
        if not _is_first(delivery):
            return []
        found = _triggers(delivery.recipients)
        if not found:
            _keep_stray(delivery, head)
            return []
        kept = [_keep(trigger, to, delivery, head) for trigger, to in found]
        return [row.id for row in kept if row is not None]


def token_of(address: str) -> str:
    """The secret part of a trigger's address; '' when it has none."""
    local = address.partition("@")[0].lower()
    return local.replace("+", "-").rpartition("-")[2][:64]


class _Head:
    """What lists show of a message before it is read."""

    def __init__(self, raw: bytes) -> None:
        headers = top_headers(raw)
        first = {name.lower(): value for name, value in reversed(headers)}
        ids = messages.MESSAGE_ID.findall(first.get("message-id", ""))
        self.message_id = ids[0] if ids else ""
        self.subject = messages.decoded(first.get("subject", ""))[: messages.LONGEST_SUBJECT]
        self.sender = messages.author([v for n, v in headers if n.lower() == "from"])[1]
        digest = self.message_id.encode() if self.message_id else b"raw:" + raw
        self.key = hashlib.sha256(digest).hexdigest()


def _head(raw: bytes) -> _Head:
    return _Head(raw)


def _is_first(delivery: InboundMail) -> bool:
    if not delivery.token:
        return True
    hashed = hashlib.sha256(delivery.token.encode("utf-8", "replace")).hexdigest()
    here = session()
    if here.get(EmailDelivery, (delivery.service, hashed)) is not None:
        return False
    expires = clock.now() + dt.timedelta(seconds=house().mail.keys.max_age_s) + REMEMBERED
    try:
        with here.begin_nested():
            row = EmailDelivery(service=delivery.service, token_hash=hashed, expires_at=expires)
            here.add(row)
            here.flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False
    return True


def _triggers(recipients: Sequence[str]) -> list[tuple[EmailTrigger, str]]:
    tokens = {token: to for to in recipients[:100] if (token := token_of(to))}
    rows = session().scalars(emails.by_token(list(tokens))).all() if tokens else []
    return [(row, tokens[row.token]) for row in rows]


def _keep(trigger: EmailTrigger, to: str, delivery: InboundMail, head: _Head) -> Email | None:
    here = session()
    known = emails.of_key(trigger.id, head.key)
    twin = here.scalars(known).first()
    if twin is not None:
        twin.repeats += 1
        return None
    row = _row(delivery, head, to)
    row.trigger_id, row.workspace_id = trigger.id, trigger.workspace_id
    row.project_id, row.stack_id = trigger.project_id, trigger.stack_id
    if _floods(trigger):
        row.verdict, row.processed_at = Verdict.REFUSED, clock.now()
        row.reason = "Far too many messages came within an hour; this one was not even kept."
    else:
        row.blob_id = blobs.put("email", delivery.raw).id
    try:
        with here.begin_nested():
            here.add(row)
            here.flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        here.scalars(known).one().repeats += 1
        if row.blob_id:
            blobs.drop(row.blob_id)
        return None
    if row.verdict is Verdict.RECEIVED:
        outbox.put(KIND, row.id, {"email": row.id})
    return row


def _floods(trigger: EmailTrigger) -> bool:
    since = clock.now() - HOUR
    count = session().scalar(emails.received_since(trigger.id, since)) or 0
    return count >= house().mail.rate_per_hour * FLOOD_FACTOR


def _keep_stray(delivery: InboundMail, head: _Head) -> None:
    """A line for administrators: mail for an address that is none."""
    since = clock.now() - HOUR
    if (session().scalar(emails.strays_since(since)) or 0) >= MOST_STRANGERS:
        return
    row = _row(delivery, head, ", ".join(delivery.recipients)[:LONGEST_ADDRESS])
    row.verdict, row.processed_at = Verdict.REFUSED, clock.now()
    row.reason = "No e-mail trigger has this address; it may have been rotated or deleted."
    session().add(row)


def _row(delivery: InboundMail, head: _Head, to: str) -> Email:
    sender = delivery.envelope_from
    return Email(
        service=delivery.service,
        verdict=Verdict.RECEIVED,
        sender=head.sender[:LONGEST_ADDRESS],
        subject=head.subject,
        recipient=messages.clean(to)[:LONGEST_ADDRESS],
        envelope_from=None if sender is None else messages.clean(sender)[:LONGEST_ADDRESS],
        message_id=head.message_id[:998],
        message_key=head.key,
        authentication=delivery.verdict.as_json(),
        size_bytes=len(delivery.raw),
    )
