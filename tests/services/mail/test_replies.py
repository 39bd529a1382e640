"""Replies and notices: who is told what, over a real SMTP server."""

import pytest

from models.base import db
from models.outbox import OutboxMessage
from models.run_state import RunType
from scheduler import mail as courier
from scheduler import outbox as post
from scheduler.execution.site import Site
from services import runs
from services.mail import notices
from services.runs import work
from tests import inbound, mail_room
from tests.services.mail.conftest import run_of
from tests.services.runs.workshop import ask, claim, hire, planned


@pytest.fixture(autouse=True)
def open_door():
    courier.door.shut_until_s = 0.0


@pytest.fixture
def deliver(app, tmp_path, box):
    """Deliver what waits in the outbox."""
    site = Site(data_dir=tmp_path, engines={}, spawner=None, unit=app.app_context)

    def all_of_it():
        db.session.commit()
        while post.deliver(site):
            pass
        db.session.rollback()

    return all_of_it


def test_the_sender_is_told_that_the_run_started_and_how_it_ended(make, send, box, deliver):
    row = send(make(), message_id="<first@example.com>")
    deliver()
    claimed = claim(hire())
    work.fail(claimed, "engine", "It broke.")
    deliver()

    started, ended = box.letters
    run = run_of(row)
    assert started["To"] == "dave@example.com"
    assert started["Subject"] == "Re: Please"
    assert started["In-Reply-To"] == "<first@example.com>"
    assert started["Auto-Submitted"] == "auto-replied"
    assert "Your message started run #1, preview of web in staging." in started.get_content()
    assert f"/runs/{run.id}" in started.get_content()
    assert "failed." in ended.get_content()
    assert "It broke." in ended.get_content()


def test_the_sender_is_told_that_the_run_waits(make, send, box, deliver):
    send(make(type="apply"))
    planned(claim(hire()))
    deliver()

    assert [s for s, _ in box.to("dave@example.com")] == ["Re: Please", "Re: Please"]
    assert "waits for somebody to confirm its plan" in box.letters[-1].get_content()


def test_a_known_sender_is_told_why_nothing_started(make, send, box, deliver):
    send(make(mapping={"size": "body:size"}), text="other: 1\n")
    deliver()

    [letter] = box.letters
    assert "started nothing" in letter.get_content()
    assert "“other:” is not among the lines" in letter.get_content()


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "eve@example.com"},
        {"results": ""},
        {"Auto_Submitted": "auto-replied"},
        {"envelope": ""},
    ],
)
def test_strangers_forgers_and_programs_are_not_answered(make, send, box, deliver, fields):
    send(make(mapping={"size": "body:size"}), **({"text": "other: 1\n"} | fields))
    deliver()

    assert box.letters == []


def test_nobody_is_answered_whose_address_is_not_proven(make, send, box, deliver):
    row = send(make(senders="anyone"), results="")
    deliver()

    assert row.run_id
    assert box.letters == []


def test_one_sender_gets_so_many_replies_an_hour(make, send, box, deliver):
    trigger = make(mapping={"size": "body:size"})
    with mail_room.furnished(keys=inbound.keys(), url=box.url, sender_rate_per_hour=2):
        for _ in range(4):
            send(trigger, text="other: 1\n")
        deliver()

        assert len(box.letters) == 2


def test_a_reply_that_cannot_be_sent_waits(make, send, box, deliver):
    box.answers += ["451 later"] * 2
    send(make())
    deliver()

    assert box.letters == []
    waiting = db.session.query(OutboxMessage).filter_by(kind="mail", delivered_at=None).all()
    assert len(waiting) == 1
    assert waiting[0].given_up_at is None


def test_a_run_s_maker_is_told_when_it_waits_and_when_it_fails(sourced, box, deliver):
    ask(sourced.dave)
    planned(claim(hire()))
    other = ask(sourced.dave, "preview")
    work.fail(claim(hire("other")), "engine", "It broke.")
    deliver()

    subjects = [letter["Subject"] for letter in box.letters]
    assert subjects == [
        "web in staging: apply waits for you: shop#1",
        "web in staging: preview failed: shop#2",
    ]
    assert f"/runs/{other.id}" in box.letters[1].get_content()


@pytest.mark.parametrize(("minutes", "told"), [(9, 0), (10, 1)])
def test_a_run_s_maker_is_told_of_a_long_one(sourced, box, deliver, frozen_clock, minutes, told):
    run = ask(sourced.dave, "preview")
    frozen_clock.advance(minutes * 60)
    runs.discard(sourced.alice, run.id)
    deliver()

    assert len(box.letters) == told


def test_who_does_not_want_to_be_told_is_not(sourced, box, deliver):
    notices.choose(sourced.dave, waits=False, fails=True, ends=True)
    ask(sourced.dave)
    planned(claim(hire()))
    deliver()

    assert box.letters == []


def test_the_sender_of_the_message_is_not_told_twice(make, send, box, deliver):
    row = send(make())
    work.fail(claim(hire()), "engine", "It broke.")
    deliver()

    assert run_of(row).type is RunType.PREVIEW
    assert len(box.letters) == 2


def test_without_a_server_a_run_moves_as_ever(sourced):
    ask(sourced.dave)
    planned(claim(hire()))

    assert db.session.query(OutboxMessage).count() == 0
