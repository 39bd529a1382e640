"""Letters of the outbox: sent once, again when it was not taken, given up when refused."""

import pytest

from models.base import db
from models.outbox import OutboxMessage
from scheduler import mail as courier
from scheduler import outbox as post
from scheduler.execution.site import Site
from services import mail
from services.transaction import transaction
from tests import mail_room, mailbox


@pytest.fixture
def box(app):
    with mailbox.listening() as found, mail_room.furnished(url=found.url):
        yield found


@pytest.fixture(autouse=True)
def open_door():
    courier.door.shut_until_s = 0.0


@pytest.fixture
def site(app, tmp_path):
    return Site(data_dir=tmp_path, engines={}, spawner=None, unit=app.app_context)


def put(key="1"):
    with transaction():
        return mail.send("dave@example.com", "Hello", "Here is what is new.", key=key)


def row():
    db.session.rollback()
    return db.session.query(OutboxMessage).one()


def test_a_letter_of_the_outbox_arrives_once(site, box):
    put()
    put()

    post.deliver(site)
    post.deliver(site)

    [got] = box.letters
    assert got["To"] == "dave@example.com"
    assert got["Message-ID"] == f"<gantry.{row().id}@{mail_room.DOMAIN}>"
    assert row().delivered_at is not None


def test_a_letter_waits_while_the_server_is_not_ready(site, box):
    box.answers.append("451 later")
    put()

    post.deliver(site)

    assert row().given_up_at is None
    assert "451" in row().last_error


def test_a_letter_the_server_will_never_take_is_given_up(site, box):
    box.answers.append("554 never")
    put()

    post.deliver(site)

    assert row().given_up_at is not None


def test_an_absent_server_is_not_asked_by_every_letter(site, box):
    url = box.url.replace(str(box.port), "1")
    with mail_room.furnished(url=url):
        put("1")
        put("2")

        post.deliver(site)

    db.session.rollback()
    said = sorted(each.last_error for each in db.session.query(OutboxMessage))
    assert "cannot be reached" in said[0]
    assert "did not answer a moment ago" in said[1]


def test_a_letter_to_an_address_that_is_none_is_given_up(site, box):
    with transaction():
        mail.send("nobody at all", "Hello", "x", key="1")

    post.deliver(site)

    assert row().given_up_at is not None


def test_without_a_server_nothing_is_put(site):
    with mail_room.furnished():
        assert put() is False

    assert db.session.query(OutboxMessage).count() == 0


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("<gantry.123@in.example.com>", True),
        ("<gantry.123@elsewhere.example.com>", False),
        ("gantry@in.example.com", True),
        ("anything@in.example.com", True),
        ("dave@example.com", False),
        ("", False),
    ],
)
def test_what_is_our_own_is_known_again(box, text, is_own):
    assert mail.is_own(text) is is_own
