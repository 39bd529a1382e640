"""Mailgun: a route's forward(), parsed, or as raw MIME when the URL ends in “mime”.

The signature is HMAC-SHA256 of timestamp and token with the account's webhook signing key. It does
not cover the body, so a token counts once, and TLS does the rest. The results of SPF and DKIM stand
in headers that Mailgun adds only while its spam filter is on; while it is off anybody could write
them, so they count only when the operator says that it is on.
https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

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
from integrations.mail.rebuild import Attachment, Header
from integrations.mail.verdict import Check, Verdict, domain_of, only_domain, signing_domains

NAME = "mailgun"
TITLE = "Mailgun"
SPF, DKIM = "x-mailgun-spf", "x-mailgun-dkim-check-result"
LONGEST_TOKEN = 200


def is_open(keys: Keys) -> bool:
    """Whether the service's key is set."""
    return bool(keys.mailgun_signing_key)


def receive(post: Post, keys: Keys, now: datetime, _fetch: Fetch) -> InboundMail:
    """The message posted.

    Raises:
        Refused: when the signature is missing, wrong or too old.
        Unreadable: when the form is not the documented one.
    """
    form = post.form()
    token = _require_signature(form, keys, now)
    raw = form["body-mime"].data if "body-mime" in form else _parsed(form)
    return InboundMail(
        service=NAME,
        raw=raw,
        envelope_from=rebuild.text(form, "sender") if "sender" in form else None,
        recipients=rebuild.addresses(rebuild.text(form, "recipient")),
        verdict=_verdict(rebuild.top_headers(raw), rebuild.text(form, "sender"), keys),
        token=token,
    )


def _require_signature(form: Mapping[str, Part], keys: Keys, now: datetime) -> str:
    timestamp, token, said = (
        rebuild.text(form, name) for name in ("timestamp", "token", "signature")
    )
    if not (timestamp and token and said) or len(token) > LONGEST_TOKEN:
        raise Refused("it carries no timestamp, token and signature")
    wanted = hmac.new(
        keys.mailgun_signing_key.encode(), f"{timestamp}{token}".encode(), "sha256"
    ).hexdigest()
    if not hmac.compare_digest(wanted.encode(), said.strip().lower().encode()):
        raise Refused("its signature is not made with GANTRY_MAILGUN_SIGNING_KEY")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > len("9999999999"):
        raise Refused("its timestamp is no number")
    require_age(datetime.fromtimestamp(int(timestamp), UTC), now, keys.max_age_s)
    return token


def _parsed(form: Mapping[str, Part]) -> bytes:
    try:
        headers = [
            (str(name), str(value))
            for name, value in json.loads(rebuild.text(form, "message-headers"))
        ]
        inline = json.loads(rebuild.text(form, "content-id-map") or "{}")
        ids = {field: cid for cid, field in inline.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Unreadable("Mailgun's message-headers are no list of names and values.") from None
    return rebuild.message(
        headers,
        text=rebuild.text(form, "body-plain"),
        html=rebuild.text(form, "body-html"),
        attachments=[
            Attachment(part.filename or field, part.content_type, part.data, ids.get(field, ""))
            for field, part in sorted(form.items())
            if field.startswith("attachment-") and part.filename is not None
        ],
    )


def _verdict(headers: Sequence[Header], sender: str, keys: Keys) -> Verdict:
    if not keys.mailgun_spam_filter:
        return Verdict(
            note="Mailgun's results count once its spam filter is on for the domain and "
            "GANTRY_MAILGUN_SPAM_FILTER says so."
        )
    values = {
        name: [value.strip().lower() for key, value in headers if key.lower() == name]
        for name in (SPF, DKIM, "dkim-signature")
    }
    dkim_domain = only_domain(signing_domains(values["dkim-signature"]))
    return Verdict(
        spf=Check(_all_say(values[SPF]), domain_of(sender)),
        dkim=(Check(_all_say(values[DKIM]), dkim_domain),) if values[DKIM] else (),
        note="" if values[SPF] or values[DKIM] else "Mailgun said nothing about the sender.",
    )


def _all_say(results: Sequence[str]) -> str:
    """One result when there is but one: two of a kind mean that somebody added his own."""
    return results[0] if len(results) == 1 else ("none" if not results else "ambiguous")
