"""What a mail service posts, what it is checked with, and the one value every service's becomes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from integrations.mail.verdict import Verdict

CHUNK_BYTES = 1 << 16


class Refused(Exception):
    """A delivery that is not proven to come from the service; the message says why, for the log."""


class Unreadable(Exception):
    """A genuine delivery, or a message, not of the documented form; the message says how."""


@dataclass(frozen=True)
class Keys:
    """What deliveries are checked with. A service whose key is empty is closed."""

    mailgun_signing_key: str = field(default="", repr=False)
    mailgun_spam_filter: bool = False
    sendgrid_public_key: str = ""
    postmark_credentials: str = field(default="", repr=False)
    ses_topics: tuple[str, ...] = ()
    raw_signing_key: str = field(default="", repr=False)
    authserv_id: str = ""
    max_age_s: int = 9 * 3600


@dataclass(frozen=True)
class Part:
    """One field of a posted form, as the bytes that were sent."""

    data: bytes = field(repr=False)
    filename: str | None = None
    content_type: str = ""


@dataclass(frozen=True)
class Post:
    """A request as it came: header names in lower case, the body as a file to be read again."""

    headers: Mapping[str, str]
    body: BinaryIO = field(repr=False)
    form: Callable[[], Mapping[str, Part]] = field(repr=False, default=dict)
    """The body as a form, read when it is asked for."""

    def chunks(self) -> Iterator[bytes]:
        """The body's bytes from its beginning, a little at a time."""
        self.body.seek(0)
        while chunk := self.body.read(CHUNK_BYTES):
            yield chunk

    def content(self) -> bytes:
        """The body's bytes, all at once."""
        self.body.seek(0)
        return self.body.read()


@dataclass(frozen=True)
class InboundMail:
    """A message as some service received it, proven to come from that service."""

    service: str
    raw: bytes = field(repr=False)
    """The message itself. Where a service sends only its parts, it is put together again."""
    envelope_from: str | None
    """The return path; "" when it was empty, None when the service does not say."""
    recipients: Sequence[str]
    verdict: Verdict
    token: str
    """What this delivery is known by at its service: no two are taken with the same."""


@dataclass(frozen=True)
class Confirmation:
    """Amazon SNS asks whether a topic may post here; visiting `url` says yes."""

    url: str
    topic: str


@dataclass(frozen=True)
class Nothing:
    """A genuine delivery that carries no mail."""

    text: str


Received = InboundMail | Confirmation | Nothing
Fetch = Callable[[str], bytes]
"""Reads a URL that was found to be the service's own; raises OSError when it cannot."""


def require_age(at: datetime, now: datetime, max_age_s: int) -> None:
    """Refuse what was signed too long ago, or far in the future.

    Raises:
        Refused: when it was.
    """
    age_s = (now - at).total_seconds()
    if age_s > max_age_s:
        raise Refused(f"it was signed {int(age_s)} s ago; at most {max_age_s} s are taken")
    if age_s < -FUTURE_S:
        raise Refused(f"it was signed {int(-age_s)} s in the future; check the clocks")


FUTURE_S = 300
