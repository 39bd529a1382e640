"""Deliveries as each mail service posts them, with signatures as each computes them."""

import base64
import datetime as dt
import hmac
import io
import json
from email.message import EmailMessage
from functools import cache
from secrets import token_hex

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from integrations.mail import raw
from integrations.mail.post import Keys, Post
from lib import clock

MAILGUN_KEY = "key-" + "5" * 32
POSTMARK = "gantry:a-long-password-of-postmark"
SECRET = "the secret that signs raw MIME"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem"
AUTHSERV = "mx.example.com"


@cache
def sendgrid_key():
    return ec.generate_private_key(ec.SECP256R1())


@cache
def sns_key():
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate():
    """The certificate of SNS, as PEM."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(sns_key().public_key())
        .serial_number(7)
        .not_valid_before(at)
        .not_valid_after(at + dt.timedelta(days=3650))
        .sign(sns_key(), hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


def keys(**changed):
    """The keys of every service."""
    public = sendgrid_key().public_key()
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    usual = {
        "mailgun_signing_key": MAILGUN_KEY,
        "mailgun_spam_filter": True,
        "sendgrid_public_key": base64.b64encode(der).decode(),
        "postmark_credentials": POSTMARK,
        "ses_topics": (TOPIC,),
        "raw_signing_key": SECRET,
        "authserv_id": AUTHSERV,
    }
    return Keys(**(usual | changed))


def letter(
    to,
    *,
    sender="dave@example.com",
    subject="Please",
    text="size: 3\n",
    message_id=None,
    attachments=(),
    **headers,
):
    """A message. `attachments` are (name, content)."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = message_id or f"<{token_hex(8)}@example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="x-yaml", filename=name)
    return message


def passed(domain="example.com"):
    """What our own mail server writes about a proven sender."""
    return f"{AUTHSERV}; spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain}"


def _now_s():
    return int(clock.now().timestamp())


def raw_mime(
    message, *, to=None, envelope="dave@example.com", results=None, secret=SECRET, at=None, head=b""
):
    """(path, headers, body) of our own form. `head` stands above the message as it is."""
    if results is None:
        results = passed()
    above = f"Authentication-Results: {results}\r\n".encode() if results else b""
    content = above + head + bytes(message)
    to = to or message["To"]
    signed = raw.signature(secret, at or _now_s(), envelope, to, content)
    headers = {
        "Content-Type": "message/rfc822",
        "X-Envelope-From": envelope,
        "X-Envelope-To": to,
        "X-Gantry-Signature": signed,
    }
    return "/hooks/email/raw", headers, content


def _multipart(fields, files=()):
    """(content type, body) of a form, byte for byte. `files` are (field, (content, name, type))."""
    boundary = f"----{token_hex(12)}"
    parts = []
    for name, value in fields.items():
        data = value if isinstance(value, bytes) else str(value).encode()
        parts.append((f'form-data; name="{name}"', "", data))
    for name, (data, filename, kind) in files:
        head = f'form-data; name="{name}"; filename="{filename}"'
        parts.append((head, f"Content-Type: {kind}\r\n", data))
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: {head}\r\n{more}\r\n".encode() + data + b"\r\n"
        for head, more, data in parts
    )
    return f'multipart/form-data; boundary="{boundary}"', body + f"--{boundary}--\r\n".encode()


def mailgun(
    message, *, mime=True, key=MAILGUN_KEY, at=None, token=None, envelope=None, dkim="Pass"
):
    """(path, headers, body) of a route's forward(); its spam filter is on."""
    at, token = str(at or _now_s()), token or token_hex(25)
    signature = hmac.new(key.encode(), f"{at}{token}".encode(), "sha256").hexdigest()
    marks = [("X-Mailgun-Spf", "Pass"), ("X-Mailgun-Dkim-Check-Result", dkim)]
    fields = {
        "timestamp": at,
        "token": token,
        "signature": signature,
        "recipient": message["To"],
        "sender": envelope or "dave@example.com",
        "subject": message["Subject"],
        "from": message["From"],
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in marks).encode()
    if mime:
        content_type, body = _multipart(fields | {"body-mime": head + bytes(message)})
        return "/hooks/email/mailgun/mime", {"Content-Type": content_type}, body
    parts = list(message.iter_attachments())
    plain = message.get_body(("plain",))
    fields |= {
        "body-plain": plain.get_content(),
        "stripped-text": plain.get_content(),
        "message-headers": json.dumps([list(pair) for pair in [*marks, *message.items()]]),
        "attachment-count": str(len(parts)),
    }
    files = [
        (
            f"attachment-{n}",
            (part.get_content(), part.get_filename(), "application/x-yaml"),
        )
        for n, part in enumerate(parts, 1)
    ]
    content_type, body = _multipart(fields, files)
    return "/hooks/email/mailgun", {"Content-Type": content_type}, body


def sendgrid(message, *, send_raw=True, at=None, envelope="dave@example.com", key=None):
    """(path, headers, body) of Inbound Parse with a security policy."""
    fields = {
        "envelope": json.dumps({"to": [message["To"]], "from": envelope}),
        "SPF": "pass",
        "dkim": "{@example.com : pass}",
        "spam_score": "0.1",
        "charsets": json.dumps({"to": "UTF-8", "from": "UTF-8", "text": "iso-8859-1"}),
    }
    files = []
    if send_raw:
        fields["email"] = bytes(message)
    else:
        parts = list(message.iter_attachments())
        fields["headers"] = "".join(f"{name}: {value}\n" for name, value in message.items())
        fields["text"] = message.get_body(("plain",)).get_content().encode("iso-8859-1")
        fields["attachments"] = str(len(parts))
        fields["attachment-info"] = json.dumps(
            {f"attachment{n}": {"filename": p.get_filename()} for n, p in enumerate(parts, 1)}
        )
        files = [
            (f"attachment{n}", (p.get_content(), p.get_filename(), "application/x-yaml"))
            for n, p in enumerate(parts, 1)
        ]
    content_type, body = _multipart(fields, files)
    timestamp = str(at or _now_s())
    signature = (key or sendgrid_key()).sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "Content-Type": content_type,
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
    }
    return "/hooks/email/sendgrid", headers, body


def postmark(message, *, send_raw=False, credentials=POSTMARK, tests="DKIM_VALID_AU,SPF_PASS"):
    """(path, headers, body) of the inbound webhook."""
    parts = list(message.iter_attachments())
    headers = [{"Name": name, "Value": str(value)} for name, value in message.items()]
    headers += [
        {"Name": "X-Spam-Tests", "Value": f"DKIM_SIGNED,{tests}"},
        {
            "Name": "Received-SPF",
            "Value": "Pass (SPF authorized) identity=mailfrom; envelope-from=dave@example.com",
        },
    ]
    posted = {
        "From": message["From"],
        "FromFull": {"Email": message["From"], "Name": "", "MailboxHash": ""},
        "ToFull": [{"Email": message["To"], "Name": "", "MailboxHash": ""}],
        "OriginalRecipient": message["To"],
        "Subject": message["Subject"],
        "MessageID": f"73e6d360-66eb-11e1-8e72-{token_hex(6)}",
        "Date": "Fri, 27 Nov 2026 10:00:00 +0000",
        "TextBody": message.get_body(("plain",)).get_content(),
        "HtmlBody": "",
        "Headers": [each for each in headers if each["Name"] not in {"From", "To", "Subject"}],
        "Attachments": [
            {
                "Name": part.get_filename(),
                "Content": base64.b64encode(part.get_content()).decode(),
                "ContentType": "application/x-yaml",
                "ContentLength": len(part.get_content()),
                "ContentID": "",
            }
            for part in parts
        ],
    }
    if send_raw:
        posted["RawEmail"] = bytes(message).decode()
    basic = base64.b64encode(credentials.encode()).decode()
    sent = {"Content-Type": "application/json", "Authorization": f"Basic {basic}"}
    return "/hooks/email/postmark", sent, json.dumps(posted).encode()


def ses(message, *, version="2", as_base64=False, at=None, dmarc="PASS", topic=TOPIC, **changed):
    """(path, headers, body) of a receipt rule's SNS action."""
    content = bytes(message).decode()
    action = {"type": "SNS", "topicArn": topic, "encoding": "BASE64" if as_base64 else "UTF8"}
    note = {
        "notificationType": "Received",
        "mail": {
            "source": "dave@example.com",
            "messageId": token_hex(16),
            "destination": [message["To"]],
            "headersTruncated": False,
        },
        "receipt": {
            "recipients": [message["To"]],
            "spfVerdict": {"status": "PASS"},
            "dkimVerdict": {"status": "PASS"},
            "dmarcVerdict": {"status": dmarc},
            "action": action,
        },
        "content": base64.b64encode(content.encode()).decode() if as_base64 else content,
    }
    return sns(
        "Notification", Message=json.dumps(note), version=version, at=at, topic=topic, **changed
    )


def sns(kind, *, version="2", at=None, topic=TOPIC, **fields):
    """(path, headers, body) of a message of SNS, signed as it signs."""
    moment = at or clock.now()
    said = {
        "Type": kind,
        "MessageId": token_hex(16),
        "TopicArn": topic,
        "Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **fields,
    }
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn"]
    canonical = "".join(f"{n}\n{said[n]}\n" for n in [*names, "Type"] if n in said)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - as documented
    signed = sns_key().sign(canonical.encode(), padding.PKCS1v15(), algorithm)
    said["Signature"] = base64.b64encode(signed).decode()
    headers = {"Content-Type": "text/plain; charset=UTF-8", "X-Amz-Sns-Message-Type": kind}
    return "/hooks/email/ses", headers, json.dumps(said).encode()


def posted(headers, body):
    """The delivery as adapters are given it."""
    return Post({name.lower(): value for name, value in headers.items()}, io.BytesIO(body))


def post(client, delivery):
    """Post a delivery; the answer."""
    path, headers, body = delivery
    content_type = headers.get("Content-Type")
    rest = {name: value for name, value in headers.items() if name != "Content-Type"}
    return client.post(path, data=body, headers=rest, content_type=content_type)
