"""Any mail server, or a Cloudflare Worker: the message as it is, signed with a secret we share.

POST, `Content-Type: message/rfc822`, the message as the body, and the headers
`X-Gantry-Signature: t=<seconds since 1970>,v1=<hex>`, where the hex is HMAC-SHA256 of
`<t>.<X-Envelope-From>.<X-Envelope-To>.` and the body, `X-Envelope-From` and `X-Envelope-To`.
Who posts signs each try anew, so five minutes are enough. The sender is judged by the topmost
Authentication-Results of the operator's own server.
"""

import hmac
import re
from datetime import UTC, datetime

from integrations.mail import rebuild
from integrations.mail.post import Fetch, InboundMail, Keys, Post, Refused, require_age
from integrations.mail.verdict import Verdict, authentication_results

NAME = "raw"
TITLE = "Raw MIME"
MAX_AGE_S = 300
_SIGNATURE = re.compile(r"t=(\d{1,10}),\s*v1=([0-9a-f]{64})")
_ADDRESS = re.compile(r"[^\s()\"<>,;=\\]*")


def is_open(keys: Keys) -> bool:
    """Whether the secret is set."""
    return bool(keys.raw_signing_key)


def receive(post: Post, keys: Keys, now: datetime, _fetch: Fetch) -> InboundMail:
    """The message posted.

    Raises:
        Refused: when the signature is missing, wrong or too old.
    """
    token = _require_signature(post, keys, now)
    raw = post.content()
    envelope = post.headers.get("x-envelope-from")
    sender = None if envelope is None else envelope.strip().strip("<>")
    return InboundMail(
        service=NAME,
        raw=raw,
        envelope_from=sender,
        recipients=rebuild.addresses(post.headers.get("x-envelope-to", "")),
        verdict=_verdict(raw, sender or "", keys.authserv_id),
        token=token,
    )


def signature(secret: str, at_s: int, sender: str, recipients: str, content: bytes) -> str:
    """What `X-Gantry-Signature` says for a message: for those who post, and for the tests."""
    signed = hmac.new(secret.encode(), f"{at_s}.{sender}.{recipients}.".encode(), "sha256")
    signed.update(content)
    return f"t={at_s},v1={signed.hexdigest()}"


def _require_signature(post: Post, keys: Keys, now: datetime) -> str:
    said = _SIGNATURE.fullmatch(post.headers.get("x-gantry-signature", "").strip())
    if said is None:
        raise Refused("it has no X-Gantry-Signature of the form t=…,v1=…")
    envelope = (post.headers.get(name, "") for name in ("x-envelope-from", "x-envelope-to"))
    signed = hmac.new(
        keys.raw_signing_key.encode(), f"{said.group(1)}.{'.'.join(envelope)}.".encode(), "sha256"
    )
    for chunk in post.chunks():
        signed.update(chunk)
    if not hmac.compare_digest(signed.hexdigest(), said.group(2)):
        raise Refused("its signature is not made with GANTRY_MAIL_SIGNING_KEY")
    require_age(datetime.fromtimestamp(int(said.group(1)), UTC), now, MAX_AGE_S)
    return said.group(2)


def _verdict(raw: bytes, sender: str, authserv_id: str) -> Verdict:
    if not _ADDRESS.fullmatch(sender):
        return Verdict(note="The return path is written so that it could pass for a result.")
    headers = rebuild.top_headers(raw)
    said = [value for name, value in headers if name.lower() == "authentication-results"]
    return authentication_results(said, authserv_id)
