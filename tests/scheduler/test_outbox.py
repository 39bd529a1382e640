"""Delivering the outbox: by kind, again when it failed, and never by one who does not lead."""

import threading

import pytest

from models.base import db
from models.outbox import OutboxMessage
from scheduler import outbox as post
from scheduler.execution.site import Site
from services import hold, outbox
from services.transaction import transaction
from tests.scheduler.waiting import eventually


@pytest.fixture
def site(app, tmp_path):
    return Site(data_dir=tmp_path, engines={}, spawner=None, unit=app.app_context)


@pytest.fixture
def deliverers():
    """The table of deliverers, which the test may fill."""
    before = dict(post.DELIVERERS)
    yield post.DELIVERERS
    post.DELIVERERS.clear()
    post.DELIVERERS.update(before)


def put(key="1"):
    with transaction():
        outbox.put("test", key, {"text": key})


def row(key="1"):
    db.session.rollback()
    return db.session.query(OutboxMessage).filter_by(key=key).one()


def test_a_message_goes_to_the_deliverer_of_its_kind(site, deliverers):
    heard = []
    deliverers["test"] = lambda _site, payload, message_id: heard.append((payload, message_id))
    put()

    post.deliver(site)

    assert heard == [({"text": "1"}, row().id)]
    assert row().delivered_at is not None


def test_a_deliverer_that_fails_gets_it_again(site, deliverers):
    def fails(*_):
        raise ConnectionError("nobody there")

    deliverers["test"] = fails
    put()

    post.deliver(site)

    assert row().last_error == "nobody there"
    assert row().given_up_at is None


def test_on_hold_nothing_is_told_to_anybody(site, deliverers, world):
    heard = []
    deliverers["test"] = lambda *_: heard.append(1)
    put()
    hold.begin(world.ada, "Restored from a backup.")

    assert post.deliver(site) == 0

    hold.release(world.ada)
    assert post.deliver(site) == 1
    assert heard == [1]


@pytest.mark.parametrize("is_known", [True, False])
def test_what_cannot_arrive_is_given_up(site, deliverers, is_known):
    def refuses(*_):
        raise post.Undeliverable("There is no such address.")

    if is_known:
        deliverers["test"] = refuses
    put()

    post.deliver(site)

    assert row().given_up_at is not None


@pytest.mark.parametrize("leads", [True, False])
def test_only_who_leads_delivers_and_a_new_message_wakes_him(site, deliverers, leads):
    heard = threading.Event()
    deliverers["test"] = lambda *_: heard.set()
    postman = post.Postman(site, lambda: leads)
    postman.start()
    try:
        put()
        assert heard.wait(3 if leads else 0.5) is leads
        if leads:
            eventually(lambda: row().delivered_at is not None)
    finally:
        postman.stop()
