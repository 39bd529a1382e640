"""Postmark's inbound webhook: JSON, with the message itself in RawEmail when that is switched on.

Postmark does not sign. It sends the user and password that stand in the webhook's URL, and the
MessageID is taken once. Its SpamAssassin says in X-Spam-Tests what it found out about the sender:
DKIM_VALID_AU is a valid signature of the domain in From.
https://postmarkapp.com/developer/webhooks/inbound-webhook
"""

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.mail import rebuild
from integrations.mail.post import Fetch, InboundMail, Keys, Post, Refused, Unreadable
from integrations.mail.rebuild import Attachment, Header
from integrations.mail.verdict import PASS, Check, Verdict, domain_of

NAME = "postmark"
TITLE = "Postmark"
_ENVELOPE_FROM = re.compile(r"envelope-from=\"?<?([^\s;\"<>]*)", re.IGNORECASE)


def is_open(keys: Keys) -> bool:
    """Whether the service's credentials are set."""
    return bool(keys.postmark_credentials)


def receive(post: Post, keys: Keys, _now: datetime, _fetch: Fetch) -> InboundMail:
    """The message posted.

    Raises:
        Refused: when the credentials are missing or wrong.
        Unreadable: when the JSON is not the documented one.
    """
    _require_credentials(post.headers.get("authorization", ""), keys)
    posted = rebuild.json_object(post.content(), "What Postmark sent")
    if posted.get("RecordType", "Inbound") != "Inbound":
        raise Unreadable("This is not Postmark's inbound webhook, but one about mail it sent.")
    headers = _headers(posted)
    raw = posted.get("RawEmail")
    envelope = _envelope_from(headers)
    return InboundMail(
        service=NAME,
        raw=raw.encode("utf-8", "surrogateescape")
        if isinstance(raw, str) and raw
        else _parsed(posted),
        envelope_from=envelope,
        recipients=_recipients(posted),
        verdict=_verdict(headers, envelope, domain_of(_address(posted.get("FromFull")))),
        token=str(posted.get("MessageID") or ""),
    )


def _require_credentials(authorization: str, keys: Keys) -> None:
    scheme, _, coded = authorization.partition(" ")
    try:
        said = b64decode(coded.strip(), validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        said = b""
    if not hmac.compare_digest(said, keys.postmark_credentials.encode()):
        raise Refused("its user and password are not those of GANTRY_POSTMARK_CREDENTIALS")


def _headers(posted: dict[str, Any]) -> list[Header]:
    listed = posted.get("Headers", [])
    if not isinstance(listed, list):
        raise Unreadable("Postmark's Headers are no list.")
    return [
        (str(each.get("Name", "")), str(each.get("Value", "")))
        for each in listed
        if isinstance(each, dict)
    ]


def _recipients(posted: dict[str, Any]) -> tuple[str, ...]:
    original = str(posted.get("OriginalRecipient") or "").strip().lower()
    if original:
        return (original,)
    return tuple(
        address.lower()
        for field in ("ToFull", "CcFull", "BccFull")
        for each in posted.get(field) or ()
        if (address := _address(each))
    )


def _address(full: object) -> str:
    return str(full.get("Email", "")) if isinstance(full, dict) else ""


def _envelope_from(headers: Sequence[Header]) -> str | None:
    """The return path, from the one Received-SPF that Postmark adds."""
    said = [value for name, value in headers if name.lower() == "received-spf"]
    found = _ENVELOPE_FROM.search(said[0]) if len(said) == 1 else None
    return found.group(1) if found else None


def _verdict(headers: Sequence[Header], envelope: str | None, from_domain: str) -> Verdict:
    tests = [value for name, value in headers if name.lower() == "x-spam-tests"]
    if len(tests) != 1:
        return Verdict(note="Postmark's results are missing, or somebody wrote some of his own.")
    passed = {test.strip().upper() for test in tests[0].split(",")}
    spf = PASS if "SPF_PASS" in passed else ("fail" if "SPF_FAIL" in passed else "none")
    dkim = Check(PASS, from_domain) if "DKIM_VALID_AU" in passed else Check("none")
    return Verdict(spf=Check(spf, domain_of(envelope or "")), dkim=(dkim,))


def _parsed(posted: dict[str, Any]) -> bytes:
    headers = _headers(posted)
    present = {name.lower() for name, _ in headers}
    own = {
        "From": posted.get("From"),
        "To": posted.get("To"),
        "Subject": posted.get("Subject"),
        "Date": posted.get("Date"),
        "Reply-To": posted.get("ReplyTo"),
    }
    headers += [(n, str(v)) for n, v in own.items() if v and n.lower() not in present]
    return rebuild.message(
        headers,
        text=str(posted.get("TextBody") or ""),
        html=str(posted.get("HtmlBody") or ""),
        attachments=[_attachment(each) for each in posted.get("Attachments") or ()],
    )


def _attachment(each: Any) -> Attachment:
    try:
        data = b64decode(str(each.get("Content") or ""))
    except (AttributeError, binascii.Error):
        raise Unreadable("An attachment that Postmark sent is no Base64.") from None
    return Attachment(
        str(each.get("Name") or ""),
        str(each.get("ContentType") or ""),
        data,
        str(each.get("ContentID") or ""),
    )
