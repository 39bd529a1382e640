"""Mail services post here what they received; see docs/howto/email.md.

Each proves by its own signature or credential that it is itself, before anything is believed. The
message is stored before the answer; what becomes of it is decided afterwards.
"""

import threading
from typing import BinaryIO

import structlog
from flask import Blueprint, Response, request

from blueprints._shared import spool
from integrations.mail.known import SERVICES
from integrations.mail.post import (
    Confirmation,
    InboundMail,
    Nothing,
    Post,
    Received,
    Refused,
    Unreadable,
)
from lib import clock
from services import emails
from services.emails import certificates
from services.errors import Forbidden, NotFound, Unavailable
from services.errors import Unreadable as UnreadableRequest
from services.house import house

blueprint = Blueprint("hooks_email", __name__)
log = structlog.get_logger(__name__)

ROOM_FOR_FIELDS = 2 << 20
LARGE_BYTES = 1 << 20
AT_ONCE = 4
PATIENCE_S = 20.0
_room = threading.BoundedSemaphore(AT_ONCE)
"""Large messages are read in memory to be sealed: a few at a time, and the others wait."""


@blueprint.post("/hooks/email/<service>")
@blueprint.post("/hooks/email/<service>/mime", endpoint="receive_mime")
def receive(service: str) -> Response:
    """Take a delivery: 200 once it is stored. Mailgun posts raw MIME to the address with /mime."""
    _require_open(service)
    limit = _limit_bytes(service)
    with spool.spooled(request, house().data_dir / "uploads", limit) as body:
        if body.seek(0, 2) <= LARGE_BYTES:
            return _take(service, body)
        if not _room.acquire(timeout=PATIENCE_S):
            raise Unavailable("Too many large messages at once. Try again in a minute.")
        try:
            return _take(service, body)
        finally:
            _room.release()


def _require_open(service: str) -> None:
    module = SERVICES.get(service)
    if module is None:
        raise NotFound("There is no such mail service here.")
    if not house().mail.domain or not module.is_open(house().mail.keys):
        log.warning("a mail service posted, but is closed: its key is not set", service=service)
        raise NotFound("This mail service is not open here.")


def _limit_bytes(service: str) -> int:
    """JSON carries a message in Base64 or escaped: a third more, and its fields."""
    limit = house().mail.limit_bytes
    return limit + ROOM_FOR_FIELDS + (limit // 2 if service in {"postmark", "ses"} else 0)


def _take(service: str, body: BinaryIO) -> Response:
    post = Post(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        form=lambda: spool.form(request.headers.get("Content-Type", ""), body),
    )
    try:
        found: Received = SERVICES[service].receive(
            post, house().mail.keys, clock.now(), certificates.fetch
        )
    except Refused as refusal:
        log.warning("a delivery of mail was refused", service=service, reason=str(refusal))
        raise Forbidden(f"Not taken: {refusal}.") from None
    except Unreadable as error:
        log.warning("a delivery of mail cannot be read", service=service, reason=str(error))
        raise UnreadableRequest(str(error)) from None
    except OSError as error:
        log.warning("a delivery of mail cannot be checked now", service=service, reason=str(error))
        raise Unavailable("The signature cannot be checked right now. Try again.") from None
    return _answer(service, found)


def _answer(service: str, found: Received) -> Response:
    match found:
        case InboundMail():
            kept = emails.take_in(found)
            log.info("mail was taken in", service=service, emails=list(kept))
            return _said("taken" if kept else "nothing new")
        case Confirmation(url=url, topic=topic):
            certificates.confirm(url)
            log.info("a topic was confirmed", service=service, topic=topic)
            return _said("confirmed")
        case Nothing(text=text):
            log.info("a mail service said something", service=service, text=text)
            return _said("heard")


def _said(word: str) -> Response:
    return Response(f"{word}\n", content_type="text/plain; charset=utf-8")
