"""E-mail triggers: their address, who may change them, what goes with them, and trying them."""

import pytest

from models.base import db
from models.email import Email, Verdict
from models.run import Run
from services import blobs, email_triggers, emails
from services.errors import Forbidden, Invalid, NotFound
from tests import inbound
from tests.services.mail.conftest import run_of, take_in


def test_the_address_changes_and_the_old_one_is_nobody_s(make, send, sourced):
    trigger = make()
    before = email_triggers.address_of(trigger)
    email_triggers.rotate(sourced.alice, trigger.id)

    take_in(inbound.letter(before))

    row = db.session.query(Email).one()
    assert row.trigger_id is None
    assert email_triggers.address_of(trigger) != before
    assert send(trigger).verdict is Verdict.ACCEPTED


def test_mail_that_was_on_its_way_when_the_address_changed_starts_nothing(
    make, sourced, frozen_clock
):
    trigger = make()
    [email_id] = take_in(inbound.letter(email_triggers.address_of(trigger)))
    frozen_clock.advance(1)
    email_triggers.rotate(sourced.alice, trigger.id)

    emails.process(email_id)

    row = db.session.get_one(Email, email_id)
    assert (row.verdict, row.run_id) == (Verdict.REFUSED, None)
    assert row.reason == "The trigger's address was changed meanwhile."


def test_who_may_do_what_with_a_trigger(make, sourced):
    trigger = make()

    assert email_triggers.get(sourced.vera, trigger.id).address is None
    assert email_triggers.get(sourced.dave, trigger.id).address
    with pytest.raises(NotFound):
        email_triggers.get(sourced.sam, trigger.id)
    for verb in (email_triggers.rotate, email_triggers.delete):
        with pytest.raises(Forbidden):
            verb(sourced.dave, trigger.id)
    with pytest.raises(Forbidden):
        email_triggers.edit(sourced.vera, trigger.id, {"name": "x"})


def test_who_saves_a_trigger_is_its_owner_from_then_on(make, sourced):
    trigger = make()

    edited = email_triggers.edit(sourced.dave, trigger.id, {"name": "Orders"})

    assert (edited.name, edited.owner_name) == ("Orders", "Dave")


def test_mail_of_anyone_never_applies_by_itself(make):
    with pytest.raises(Invalid, match="always waits for a person"):
        make(type="apply", senders="anyone", auto_apply=True)


def test_a_deleted_trigger_leaves_no_message_behind(make, send, sourced):
    trigger = make()
    row = send(trigger)
    blob_id, run = row.blob_id, run_of(row)

    email_triggers.delete(sourced.alice, trigger.id)

    with pytest.raises(NotFound):
        blobs.read(blob_id)
    assert db.session.query(Email).count() == 0
    assert db.session.get(Run, run.id) is not None


def test_messages_are_kept_for_the_days_that_are_set(make, send, frozen_clock):
    row = send(make())
    frozen_clock.advance(31 * 86_400)

    emails.forget()

    db.session.rollback()
    kept = db.session.get(Email, row.id)
    assert kept.blob_id is None
    assert kept.verdict is Verdict.ACCEPTED


def test_raw_headers_are_for_owners(make, send, sourced):
    row = send(make(), X_Secret="yes")

    assert ("X-Secret", "yes") in emails.headers_of(sourced.alice, row.id).lines
    with pytest.raises(Forbidden):
        emails.headers_of(sourced.dave, row.id)


def test_a_pasted_message_says_what_would_happen_and_makes_nothing(make, sourced):
    trigger = make(mapping={"size": "body:size"})
    raw = "From: eve@example.com\nSubject: Hi\n\nsize: 3\n"

    trial = emails.try_out(sourced.dave, trigger.id, raw)

    assert (trial.verdict, trial.reason) == (Verdict.ACCEPTED, "")
    assert trial.variables == [("size", "3")]
    assert db.session.query(Run).count() == 0
    assert db.session.query(Email).count() == 0


def test_trying_asks_what_making_asks(make, sourced):
    trigger = make(stack="sketch")

    trial = emails.try_out(sourced.dave, trigger.id, "From: a@b.c\n\nx")

    assert trial.verdict is Verdict.REFUSED
    assert "is a draft" in trial.reason


def test_a_pasted_message_runs_once_with_the_rights_of_who_pastes_it(make, sourced):
    trigger = make(by="ada")
    raw = "From: eve@example.com\nSubject: Hi\n\nx\n"

    run, reason = emails.run_pasted(sourced.dave, trigger.id, raw, once="1")
    again, _ = emails.run_pasted(sourced.dave, trigger.id, raw, once="1")

    assert reason == ""
    assert run.id == again.id
    assert run.created_by_name == "Dave"
    assert run.trigger_kind == "email"


def test_a_pasted_message_that_does_not_fit_says_why(make, sourced):
    trigger = make(mapping={"size": "body:size"})

    trial = emails.try_out(sourced.dave, trigger.id, "From: a@b.c\n\nother: 1\n")

    assert trial.verdict is Verdict.REFUSED
    assert "“other:” is not among" in trial.reason
    with pytest.raises(Invalid):
        emails.try_out(sourced.dave, trigger.id, "   ")
    with pytest.raises(Forbidden):
        emails.try_out(sourced.vera, trigger.id, "From: a@b.c\n\nx")
