"""Putting letters into the outbox. `scheduler.mail` hands them to the server, again if need be."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from services import outbox
from services.house import house

KIND = "mail"
LONGEST_SUBJECT = 300
LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Thread:
    """The message that a letter answers, so that mailers show both together."""

    in_reply_to: str = ""
    references: Sequence[str] = ()


NO_THREAD = Thread()


def send(to: str, subject: str, text: str, *, key: str, thread: Thread = NO_THREAD) -> bool:
    """Put a letter to one address into the outbox, in the caller's transaction.

    `key` is what the letter is about, such as "run:<id>:failed": a second one of the same key is
    not sent. Without a server nothing is put, and the answer is False. No secret may stand in it:
    it travels, and waits, in clear.
    """
    if not is_possible():
        return False
    outbox.put(
        KIND,
        key,
        {
            "to": to,
            "subject": subject[:LONGEST_SUBJECT],
            "text": text[:LONGEST_TEXT],
            "in_reply_to": thread.in_reply_to,
            "references": list(thread.references),
        },
    )
    return True


def is_possible() -> bool:
    """Whether a server is set, so that letters go out."""
    return house().mail.server is not None


def own_domain() -> str:
    """The domain in the Message-IDs of what is sent."""
    return house().mail.domain or urlsplit(house().base_url).hostname or "localhost"


def own_id(name: str) -> str:
    """The Message-ID of a letter; of the same name the same, so that a second try is known."""
    return f"<gantry.{name}@{own_domain()}>"


def is_own(id_or_address: str) -> bool:
    """Whether a Message-ID or an address is one of this Gantry's own."""
    domain = own_domain()
    text = id_or_address.strip().lower()
    if text.startswith("<gantry.") and text.endswith(f"@{domain}>"):
        return True
    sender = house().mail.sender.rpartition("<")[2].rstrip("> ").lower()
    return text == sender or (
        bool(house().mail.domain) and text.endswith(f"@{house().mail.domain}")
    )
