"""SendGrid Inbound Parse, parsed or raw, with a security policy that signs.

The signature is ECDSA (P-256, SHA-256) over the timestamp and the raw body; the public key is
what SendGrid shows when the policy is made. SPF and DKIM come as fields of the form.
https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/securing-your-parse-webhooks
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from integrations.mail import rebuild
from integrations.mail.post import (
    Fetch,
    InboundMail,
    Keys,
    Part,
    Post,
    Refused,
    Unreadable,
    require_age,
)
from integrations.mail.rebuild import Attachment
from integrations.mail.verdict import Check, Verdict, domain_of

NAME = "sendgrid"
TITLE = "SendGrid Inbound Parse"
SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_DKIM = re.compile(r"@?([\w.-]+)\s*:\s*([a-z]+)", re.IGNORECASE)


def is_open(keys: Keys) -> bool:
    """Whether the service's key is set."""
    return bool(keys.sendgrid_public_key)


def receive(post: Post, keys: Keys, now: datetime, _fetch: Fetch) -> InboundMail:
    """The message posted.

    Raises:
        Refused: when the signature is missing, wrong or too old.
        Unreadable: when the form is not the documented one.
    """
    token = _require_signature(post, keys, now)
    form = post.form()
    envelope = rebuild.json_object(rebuild.text(form, "envelope"), "SendGrid's envelope")
    sender, to = str(envelope.get("from", "")), envelope.get("to", [])
    return InboundMail(
        service=NAME,
        raw=form["email"].data if "email" in form else _parsed(form),
        envelope_from=sender if "from" in envelope else None,
        recipients=tuple(str(each).lower() for each in to) if isinstance(to, list) else (),
        verdict=Verdict(
            spf=Check(rebuild.text(form, "SPF").strip().lower() or "none", domain_of(sender)),
            dkim=tuple(
                Check(result.lower(), domain.lower())
                for domain, result in _DKIM.findall(rebuild.text(form, "dkim"))
            ),
        ),
        token=token,
    )


def public_key(text: str) -> ec.EllipticCurvePublicKey:
    """The key as SendGrid shows it: Base64, with or without the lines around it.

    Raises:
        ValueError: when it is none.
    """
    try:
        bare = re.sub(r"-----[A-Z ]+-----|\s", "", text)
        key = load_der_public_key(b64decode(bare, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("say the public key as SendGrid shows it, in Base64") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        message = "say the key of an elliptic curve, as SendGrid shows it"
        raise ValueError(message)  # noqa: TRY004 - it is a text that does not hold
    return key


def _require_signature(post: Post, keys: Keys, now: datetime) -> str:
    timestamp, said = post.headers.get(TIMESTAMP, ""), post.headers.get(SIGNATURE, "")
    if not timestamp or not said:
        raise Refused("it is not signed; attach a security policy to the parse setting")
    digest = hashlib.sha256(timestamp.encode())
    for chunk in post.chunks():
        digest.update(chunk)
    try:
        key = public_key(keys.sendgrid_public_key)
        key.verify(b64decode(said, validate=True), digest.digest(), ec.ECDSA(Prehashed(SHA256())))
    except (ValueError, InvalidSignature):
        raise Refused("its signature does not fit GANTRY_SENDGRID_PUBLIC_KEY") from None
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > len("9999999999"):
        raise Refused("its timestamp is no number")
    require_age(datetime.fromtimestamp(int(timestamp), UTC), now, keys.max_age_s)
    return digest.hexdigest()


def _parsed(form: Mapping[str, Part]) -> bytes:
    if "headers" not in form:
        raise Unreadable("SendGrid sent neither “email” nor “headers”.")
    charsets = rebuild.json_object(rebuild.text(form, "charsets") or "{}", "SendGrid's charsets")
    infos = rebuild.json_object(
        rebuild.text(form, "attachment-info") or "{}", "SendGrid's attachment-info"
    )
    files = ((field, form[field]) for field in sorted(form) if field.startswith("attachment"))
    return rebuild.message(
        rebuild.top_headers(form["headers"].data),
        text=rebuild.text(form, "text", str(charsets.get("text", "utf-8"))),
        html=rebuild.text(form, "html", str(charsets.get("html", "utf-8"))),
        attachments=[
            Attachment(part.filename, part.content_type, part.data, _content_id(infos.get(field)))
            for field, part in files
            if part.filename is not None
        ],
    )


def _content_id(info: object) -> str:
    return str(info.get("content-id", "")) if isinstance(info, dict) else ""
