"""Mail that nobody wrote by hand: auto-replies, bounces, lists, and our own coming back.

RFC 3834 (Auto-Submitted), RFC 2919 and 2369 (lists), RFC 3464 (reports), and what mailers do.
"""

from collections.abc import Callable

from integrations.mail.message import Message

_NOBODY = frozenset({"mailer-daemon", "postmaster", "noreply-dmarc-support", "double-bounce"})
_PRECEDENCES = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post", "list-help")
_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-loop")
OWN_HEADER = "X-Gantry-Mail"
"""Stands in everything that Gantry sends."""


def reason(message: Message, envelope_from: str | None, is_own: Callable[[str], bool]) -> str:
    """Why nobody wrote this by hand, as a sentence; '' when somebody may have.

    `is_own` says whether a Message-ID or an address is one of this Gantry's.
    """
    found = _automatic(message)
    if found:
        return found
    if envelope_from == "" or message.first("return-path").strip() == "<>":
        return "Its return path is empty: it is a bounce."
    if message.is_report or message.sender.partition("@")[0] in _NOBODY:
        return "It is a report of a mail system."
    if message.first(OWN_HEADER.lower()) or is_own(message.message_id) or is_own(message.sender):
        return "It is a message of this Gantry that came back."
    return ""


def _automatic(message: Message) -> str:
    submitted = message.first("auto-submitted").partition(";")[0].strip().lower()
    if submitted not in {"", "no"}:
        return f"It says that a program sent it (Auto-Submitted: {submitted[:40]})."
    precedence = message.first("precedence").strip().lower()
    if precedence in _PRECEDENCES:
        return f"It says that it is no personal mail (Precedence: {precedence})."
    for name in (*_LIST_HEADERS, *_REPLY_HEADERS):
        if message.first(name):
            return f"It comes from a list or a program (it has the header {name.title()})."
    return ""
