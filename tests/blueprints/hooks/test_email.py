"""Mail services post: each in its documented form, with its own signature, once, in bounds."""

import datetime as dt
import io

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lib import clock
from models.base import db
from models.blob import Blob
from models.email import Email, Verdict
from services import email_triggers, emails
from services.email_triggers import NewTrigger
from services.emails import certificates
from tests import inbound, mail_room


@pytest.fixture(autouse=True)
def room(app):
    certificates.remember(inbound.CERTIFICATE_URL, inbound.certificate())
    with mail_room.furnished(keys=inbound.keys()) as furnished:
        yield furnished


@pytest.fixture
def trigger(world):
    world.stack.source = {"kind": "git", "url": "https://git.example.com/shop.git", "ref": "main"}
    db.session.commit()
    return email_triggers.create(
        world.alice,
        NewTrigger(
            project="shop",
            stack="web",
            workspace="staging",
            mapping={"size": "body:size", "order": "attachment:*.yaml"},
        ),
    )


@pytest.fixture
def to(trigger):
    return email_triggers.address_of(trigger)


@pytest.fixture
def message(to):
    return inbound.letter(to, attachments=[("order.yaml", b"count: 1\n")])


def rows():
    db.session.rollback()
    return db.session.query(Email).order_by(Email.id).all()


FORMS = {
    "mailgun, raw": inbound.mailgun,
    "mailgun, parsed": lambda m: inbound.mailgun(m, mime=False),
    "sendgrid, raw": inbound.sendgrid,
    "sendgrid, parsed": lambda m: inbound.sendgrid(m, send_raw=False),
    "postmark, parsed": inbound.postmark,
    "postmark, raw": lambda m: inbound.postmark(m, send_raw=True),
    "ses, version 1": lambda m: inbound.ses(m, version="1"),
    "ses, version 2": inbound.ses,
    "ses, in Base64": lambda m: inbound.ses(m, as_base64=True),
    "raw MIME": inbound.raw_mime,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_message_of_each_form_is_stored_and_starts_its_run(client, message, form):
    answer = inbound.post(client, form(message))

    assert answer.status_code == 200, answer.text
    [row] = rows()
    assert row.verdict is Verdict.RECEIVED
    assert row.sender == "dave@example.com"
    assert row.subject == "Please"
    emails.process(row.id)
    [row] = rows()
    assert (row.verdict, row.reason) == (Verdict.ACCEPTED, "")
    assert row.run_id


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_message_is_stored_sealed(client, message, form):
    inbound.post(client, form(message))

    [row] = rows()
    assert b"Please" not in db.session.get(Blob, row.blob_id).data


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_the_same_delivery_again_is_nothing(client, message, form):
    delivery = form(message)
    inbound.post(client, delivery)

    again = inbound.post(client, delivery)

    assert again.status_code == 200
    assert "nothing new" in again.text
    assert len(rows()) == 1


def test_the_same_message_in_another_delivery_is_counted_and_nothing_more(client, message):
    inbound.post(client, inbound.mailgun(message))

    inbound.post(client, inbound.mailgun(message))

    [row] = rows()
    assert row.repeats == 1


ODD_KEY = ec.generate_private_key(ec.SECP256R1())
FORGERIES = {
    "mailgun": lambda m: inbound.mailgun(m, key="key-" + "6" * 32),
    "sendgrid": lambda m: inbound.sendgrid(m, key=ODD_KEY),
    "postmark": lambda m: inbound.postmark(m, credentials="gantry:another-long-password"),
    "ses, another topic": lambda m: inbound.ses(m, topic=f"{inbound.TOPIC}-other"),
    "raw": lambda m: inbound.raw_mime(m, secret="another secret of some length"),
    "mailgun, old": lambda m: inbound.mailgun(m, at=int(clock.now().timestamp()) - 40_000),
    "sendgrid, old": lambda m: inbound.sendgrid(m, at=int(clock.now().timestamp()) - 40_000),
    "ses, old": lambda m: inbound.ses(m, at=clock.now() - dt.timedelta(hours=10)),
    "raw, old": lambda m: inbound.raw_mime(m, at=int(clock.now().timestamp()) - 400),
    "raw, from the future": lambda m: inbound.raw_mime(m, at=int(clock.now().timestamp()) + 900),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_what_is_not_proven_is_refused_and_nothing_is_stored(client, message, forgery):
    answer = inbound.post(client, forgery(message))

    assert answer.status_code == 403
    assert answer.json["detail"].startswith("Not taken: ")
    assert rows() == []


def test_a_body_that_was_changed_is_refused(client, message):
    for form in (inbound.sendgrid, inbound.raw_mime):
        path, headers, body = form(message)
        answer = inbound.post(client, (path, headers, body.replace(b"size: 3", b"size: 9")))
        assert answer.status_code == 403


def test_envelope_headers_of_raw_mime_are_signed_too(client, message):
    path, headers, body = inbound.raw_mime(message)

    answer = inbound.post(client, (path, headers | {"X-Envelope-From": "x@example.com"}, body))

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0a1b2c.pem",
        "https://evil.example/SimpleNotificationService-0a1b2c.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0a1b2c.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0a1b2c.pem",
        "https://sns.eu-west-1.amazonaws.com/other.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0a1b2c.pem",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(client, message, url):
    answer = inbound.post(client, inbound.ses(message, SigningCertURL=url))

    assert answer.status_code == 403
    assert "not one of SNS" in answer.json["detail"]


def test_only_a_topic_of_ours_is_confirmed(client):
    fields = {"Message": "confirm", "Token": "t", "SubscribeURL": "https://evil.example/?x"}

    ours = inbound.post(client, inbound.sns("SubscriptionConfirmation", **fields))
    other = inbound.post(
        client, inbound.sns("SubscriptionConfirmation", topic=f"{inbound.TOPIC}2", **fields)
    )

    assert ours.status_code == other.status_code == 403
    assert "not one of SNS" in ours.json["detail"]
    assert "not among" in other.json["detail"]


@pytest.mark.parametrize("service", ["mailgun", "sendgrid", "postmark", "ses", "raw", "nobody"])
def test_a_service_without_a_key_is_closed(client, message, service):
    with mail_room.furnished():
        answer = client.post(f"/hooks/email/{service}", data=b"x")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_without_a_domain_everything_is_closed(client, message):
    with mail_room.furnished(keys=inbound.keys(), domain=""):
        assert inbound.post(client, inbound.raw_mime(message)).status_code == 404


def test_thirty_megabytes_are_taken_and_more_is_not(client, to):
    large = inbound.letter(to, attachments=[("order.yaml", b"x" * (21 << 20))])
    answer = inbound.post(client, inbound.raw_mime(large))
    assert answer.status_code == 200
    assert rows()[0].size_bytes > 28 << 20

    larger = inbound.letter(to, attachments=[("order.yaml", b"x" * (25 << 20))])
    answer = inbound.post(client, inbound.raw_mime(larger))

    assert answer.status_code == 413
    assert "At most 32 MB" in answer.json["detail"]


def test_a_body_of_unsaid_length_is_bounded_too(client, room):
    answer = client.post(
        "/hooks/email/raw",
        input_stream=io.BytesIO(b"x" * (40 << 20)),
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("service", "body"),
    [
        ("mailgun", b"{}"),
        ("postmark", b"[1]"),
        ("postmark", b"\xff"),
        ("ses", b"{"),
        ("ses", b"[]"),
    ],
)
def test_what_has_not_the_documented_form_is_a_sentence(client, service, body):
    import base64  # noqa: PLC0415 - one use

    basic = base64.b64encode(inbound.POSTMARK.encode()).decode()
    answer = client.post(
        f"/hooks/email/{service}",
        data=body,
        headers={"Authorization": f"Basic {basic}"},
        content_type="application/json",
    )

    assert answer.status_code == 400
    assert answer.json["detail"].endswith(".")


def test_mail_for_an_address_that_is_none_is_listed_for_administrators(client, world, to):
    stray = inbound.letter("web-00000000000000000000000000@in.example.com")

    assert inbound.post(client, inbound.raw_mime(stray)).status_code == 200

    [row] = rows()
    assert row.verdict is Verdict.REFUSED
    assert "No e-mail trigger has this address" in row.reason
    assert row.blob_id is None
    assert emails.page(world.alice, emails.Query()).items == []
    assert len(emails.page(world.ada, emails.Query()).items) == 1


def test_eight_bit_text_arrives_byte_for_byte(client, to):
    body = (
        f"From: dave@example.com\r\nTo: {to}\r\nSubject: x\r\nMessage-ID: <l@x>\r\n"
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode() + "size: Größe".encode("iso-8859-1")

    class Raw(dict):
        def __bytes__(self):
            return body

    fake = Raw(To=to, From="dave@example.com", Subject="x")
    assert inbound.post(client, inbound.mailgun(fake)).status_code == 200

    from services import blobs  # noqa: PLC0415 - one use

    assert blobs.read(rows()[0].blob_id).endswith("Größe".encode("iso-8859-1"))
