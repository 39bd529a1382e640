"""Amazon SES: a receipt rule's SNS action, posted by SNS.

SNS signs with a certificate at an address of its own; the address is pinned to the hosts and paths
of SNS, and only topics that the operator names are taken. SubscriptionConfirmation is answered for
those alone. The time in a notification is that of publishing: SNS tries again for an hour.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

import binascii
import re
from base64 import b64decode
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from integrations.mail import rebuild
from integrations.mail.post import (
    Confirmation,
    Fetch,
    InboundMail,
    Keys,
    Nothing,
    Post,
    Received,
    Refused,
    Unreadable,
    require_age,
)
from integrations.mail.verdict import Check, Verdict, domain_of, only_domain, signing_domains

NAME = "ses"
TITLE = "Amazon SES"
_HOST = re.compile(r"sns\.[a-z0-9-]{1,32}\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip


def is_open(keys: Keys) -> bool:
    """Whether topics are named."""
    return bool(keys.ses_topics)


def receive(post: Post, keys: Keys, now: datetime, fetch: Fetch) -> Received:
    """The message posted, or a subscription that waits for its confirmation.

    Raises:
        Refused: when the topic is none of ours, or the signature is wrong or too old.
        Unreadable: when the JSON is not the documented one.
        OSError: when the certificate cannot be fetched now.
    """
    said = rebuild.json_object(post.content(), "What SNS sent")
    kind, topic = str(said.get("Type")), str(said.get("TopicArn"))
    if topic not in keys.ses_topics:
        raise Refused(f"the topic {topic[:200]} is not among GANTRY_SES_TOPICS")
    if kind not in _SIGNED:
        raise Unreadable("SNS sent a message of a type that is not documented.")
    _require_age(said, now, keys.max_age_s)
    _require_signature(said, _SIGNED[kind], fetch)
    if kind == "SubscriptionConfirmation":
        return Confirmation(_own_url(str(said.get("SubscribeURL"))), topic)
    if kind == "UnsubscribeConfirmation":
        return Nothing(f"The topic {topic} no longer posts here.")
    return _mail(said)


def _require_age(said: dict[str, Any], now: datetime, max_age_s: int) -> None:
    try:
        at = datetime.fromisoformat(str(said.get("Timestamp")))
    except ValueError:
        raise Refused("its timestamp is no instant") from None
    if at.tzinfo is None:
        raise Refused("its timestamp has no zone")
    require_age(at, now, max_age_s)


def _require_signature(said: dict[str, Any], names: tuple[str, ...], fetch: Fetch) -> None:
    url = _own_url(str(said.get("SigningCertURL")), _CERTIFICATE)
    canonical = "".join(f"{name}\n{said[name]}\n" for name in names if said.get(name) is not None)
    digest = {"1": SHA1(), "2": SHA256()}.get(str(said.get("SignatureVersion")))  # noqa: S303 - version 1 is SHA-1 by its documentation
    if digest is None:
        raise Refused("its signature is of a version that is not documented")
    try:
        key = x509.load_pem_x509_certificate(fetch(url)).public_key()
        signature = b64decode(str(said.get("Signature")), validate=True)
    except (ValueError, binascii.Error):
        raise Refused("its signature, or the certificate for it, cannot be read") from None
    if not isinstance(key, RSAPublicKey):
        raise Refused("the certificate holds no RSA key")
    try:
        key.verify(signature, canonical.encode(), PKCS1v15(), digest)
    except InvalidSignature:
        raise Refused("its signature is not that of SNS") from None


def _own_url(url: str, path: re.Pattern[str] | None = None) -> str:
    """The URL, if it is one of SNS's own hosts, by https, on the usual port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("it names an address that cannot be read") from None
    is_own = (
        parts.scheme == "https"
        and _HOST.fullmatch(parts.netloc) is not None
        and port is None
        and (path is None or (path.fullmatch(parts.path) is not None and not parts.query))
    )
    if not is_own:
        raise Refused("it names an address that is not one of SNS's own")
    return url


def _mail(said: dict[str, Any]) -> InboundMail | Nothing:
    words = str(said.get("Message"))
    if words.startswith("Successfully validated SNS topic"):
        return Nothing("SES has tried the topic.")
    note = rebuild.json_object(words, "The message of SES")
    mail, receipt, content = note.get("mail"), note.get("receipt"), note.get("content")
    if note.get("notificationType") != "Received" or not isinstance(mail, dict):
        raise Unreadable("This is no notification of received mail, but of mail that was sent.")
    if not isinstance(content, str) or not isinstance(receipt, dict):
        raise Unreadable("The notification holds no message: give the receipt rule an SNS action.")
    raw = _raw(content, receipt)
    source = str(mail.get("source") or "")
    recipients = receipt.get("recipients") or mail.get("destination") or []
    return InboundMail(
        service=NAME,
        raw=raw,
        envelope_from="" if source in {"<>", "MAILER-DAEMON"} else source or None,
        recipients=tuple(str(each).lower() for each in recipients),
        verdict=_verdict(receipt, raw, source),
        token=str(said.get("MessageId") or ""),
    )


def _raw(content: str, receipt: dict[str, Any]) -> bytes:
    """The message: SES sends it as text, or in Base64 when the rule says so."""
    action = receipt.get("action")
    encoding = str(action.get("encoding", "")) if isinstance(action, dict) else ""
    if encoding.upper() == "BASE64":
        try:
            return b64decode(content, validate=True)
        except binascii.Error:
            raise Unreadable("The message of SES is no Base64.") from None
    return content.encode("utf-8", "surrogateescape")


def _verdict(receipt: dict[str, Any], raw: bytes, source: str) -> Verdict:
    headers = rebuild.top_headers(raw)
    signed = [value for name, value in headers if name.lower() == "dkim-signature"]
    return Verdict(
        spf=Check(_status(receipt, "spfVerdict"), domain_of(source)),
        dkim=(Check(_status(receipt, "dkimVerdict"), only_domain(signing_domains(signed))),),
        dmarc=Check(_status(receipt, "dmarcVerdict")),
    )


def _status(receipt: dict[str, Any], name: str) -> str:
    verdict = receipt.get(name)
    return str(verdict.get("status", "none")).lower() if isinstance(verdict, dict) else "none"
