"""Mail in the outbox: letters for the SMTP server, and received messages to be looked at."""

from collections.abc import Mapping
from email.errors import HeaderParseError
from typing import Any

import structlog

from integrations.mail import smtp
from integrations.mail.smtp import Letter, NotSent
from lib import clock
from scheduler.execution.site import Site
from scheduler.undeliverable import Undeliverable
from services import emails, mail
from services.errors import GantryError, Unavailable
from services.house import house

log = structlog.get_logger(__name__)

PATIENCE_S = 30.0


class _Door:
    """Remembers that the server was not to be had, so that others' mail does not wait for it."""

    def __init__(self) -> None:
        self.shut_until_s = 0.0

    def is_shut(self) -> bool:
        """Whether it was tried in vain just now."""
        return clock.monotonic() < self.shut_until_s

    def shut(self) -> None:
        """Let nobody try for a moment."""
        self.shut_until_s = clock.monotonic() + PATIENCE_S


door = _Door()


def deliver(_site: Site, payload: Mapping[str, Any], message_id: str) -> None:
    """Send one letter. The same message has the same Message-ID at each try.

    Raises:
        Undeliverable: when the server refuses it for good.
        Unavailable: when it was not taken this time.
    """
    room = house().mail
    if room.server is None:
        raise Unavailable("GANTRY_SMTP_URL is not set; the letter waits.")
    if door.is_shut():
        raise Unavailable("The mail server did not answer a moment ago; the letter waits.")
    letter = Letter(
        to=str(payload["to"]),
        subject=str(payload["subject"]),
        text=str(payload["text"]),
        message_id=mail.own_id(message_id),
        sender=room.sender,
        at=clock.now(),
        in_reply_to=str(payload.get("in_reply_to", "")),
        references=tuple(payload.get("references", ())),
    )
    try:
        smtp.send(room.server, letter)
    except (ValueError, HeaderParseError) as error:
        raise Undeliverable("The letter cannot be written: its address is none.") from error
    except NotSent as error:
        if error.is_final:
            raise Undeliverable(str(error)) from error
        if error.is_absent:
            door.shut()
        raise Unavailable(f"The letter was not taken: {error}.") from error


def look_at(_site: Site, payload: Mapping[str, Any], message_id: str) -> None:
    """Judge a received message, and make its run.

    Raises:
        Undeliverable: when Gantry itself fails at it; the message is closed with that reason.
    """
    email_id = str(payload["email"])
    try:
        emails.process(email_id)
    except (GantryError, OSError):
        raise
    except Exception as error:  # A hostile message must not stop the mail of all others.
        log.exception("a received message could not be looked at", email=email_id, id=message_id)
        emails.give_up(email_id)
        raise Undeliverable(f"The message could not be looked at: {type(error).__name__}.") from (
            error
        )
