"""The outbox: there if and only if what it tells is, taken by one at a time, tried again."""

import datetime as dt

import pytest
from sqlalchemy import select

from models.base import db
from models.outbox import OutboxMessage
from services import outbox
from services.errors import Conflict
from services.transaction import transaction


@pytest.fixture(autouse=True)
def _still(app, frozen_clock):
    """Each test has a database of its own and a clock that stands."""


def put(kind="mail", key="1", **payload):
    with transaction():
        outbox.put(kind, key, payload)


def rows():
    db.session.rollback()
    return db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def test_a_message_is_taken_once_and_delivered():
    put(text="hello")

    taken = outbox.take(10)
    again = outbox.take(10)
    outbox.delivered(taken[0])

    assert [each.payload for each in taken] == [{"text": "hello"}]
    assert again == []
    assert rows()[0].delivered_at is not None


def test_the_same_key_again_is_nothing():
    put(text="first")
    put(text="second")
    put(kind="status", text="another kind")

    assert [(row.kind, row.payload["text"]) for row in rows()] == [
        ("mail", "first"),
        ("status", "another kind"),
    ]


def test_what_is_undone_leaves_no_message():
    with pytest.raises(Conflict), transaction():
        outbox.put("mail", "1", {})
        raise Conflict("No.")

    assert rows() == []


def test_a_failure_waits_longer_each_time_and_is_given_up_in_the_end(frozen_clock):
    put()

    pauses = []
    while rows()[0].given_up_at is None:
        (taken,) = outbox.take(1)
        outbox.failed(taken, "Nobody answered.")
        due = rows()[0].due_at
        pauses.append((due - frozen_clock.now()).total_seconds())
        frozen_clock.advance(max(pauses[-1], 0) + 1)

    assert pauses[:4] == [10, 20, 40, 80]
    assert max(pauses) == 3600
    assert rows()[0].attempts == outbox.MOST_ATTEMPTS
    assert rows()[0].last_error == "Nobody answered."
    assert outbox.take(1) == []


def test_what_is_hopeless_is_given_up_at_once():
    put()
    (taken,) = outbox.take(1)

    outbox.failed(taken, "No such address.", for_good=True)

    assert rows()[0].given_up_at is not None
    assert outbox.depths() == {}


def test_a_slow_message_does_not_use_up_the_time_of_those_behind_it(frozen_clock):
    put(key="1")
    put(key="2")
    _, second = outbox.take(10)

    frozen_clock.advance(outbox.LEASE.total_seconds() - 1)
    assert outbox.begin(second)
    frozen_clock.advance(outbox.LEASE.total_seconds() - 1)

    assert [each.key for each in outbox.take(10)] == ["1"]


def test_what_somebody_else_has_taken_meanwhile_is_not_begun(frozen_clock):
    put()
    [mine] = outbox.take(10)
    frozen_clock.advance(outbox.LEASE.total_seconds() + 1)
    [theirs] = outbox.take(10)

    assert not outbox.begin(mine)
    assert outbox.begin(theirs)


def test_who_took_it_and_died_is_fenced_off_when_he_comes_back(frozen_clock):
    put()
    (first,) = outbox.take(1)
    frozen_clock.advance(outbox.LEASE.total_seconds() + 1)
    (second,) = outbox.take(1)

    outbox.failed(first, "Late.", for_good=True)
    outbox.delivered(second)

    assert second.id == first.id
    assert rows()[0].given_up_at is None
    assert rows()[0].delivered_at is not None


def test_old_messages_are_forgotten_and_open_ones_kept(frozen_clock):
    put(key="done")
    put(key="open")
    (taken, _) = outbox.take(2)
    outbox.delivered(taken)
    frozen_clock.advance((outbox.KEPT + dt.timedelta(days=1)).total_seconds())

    outbox.forget()

    assert [row.key for row in rows()] == ["open"]
