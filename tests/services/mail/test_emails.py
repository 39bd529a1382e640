"""What becomes of a message: who may start what by mail, and with whose rights."""

import pytest

from models.base import db
from models.email import Email, Verdict
from models.member import Role
from models.run import Run
from models.run_state import RunType
from services import email_triggers, emails
from tests import factories, inbound, mail_room
from tests.services.at_once import at_once
from tests.services.mail.conftest import MAPPING, run_of, take_in, values


def test_a_member_s_message_starts_a_preview_that_says_where_it_comes_from(make, send, sourced):
    row = send(make(mapping=MAPPING), text="Hello,\n\nsize: 3\n\n-- \nDave\nTel: 12\n")

    run = run_of(row)
    assert (row.verdict, row.reason) == (Verdict.ACCEPTED, "")
    assert run.type is RunType.PREVIEW
    assert values(run) == {"size": "3", "title": "Please", "by": "dave@example.com"}
    assert (run.trigger_kind, run.trigger_name) == (
        "email",
        "preview of web in staging",
    )
    assert run.created_by_id == sourced.people["dave"].id
    assert run.message == "Please"


def test_looking_at_a_message_twice_makes_one_run(make, send):
    row = send(make())

    emails.process(row.id)

    assert db.session.query(Run).count() == 1


def test_one_message_id_starts_one_run_however_it_comes(make):
    to = email_triggers.address_of(make())
    first = take_in(inbound.letter(to, message_id="<same@example.com>"))
    second = take_in(inbound.letter(to, message_id="<same@example.com>", text="other"))

    assert len(first) == 1
    assert second == []
    assert db.session.query(Email).one().repeats == 1


@pytest.mark.both_databases
def test_one_message_that_comes_twice_at_once_starts_one_run(app, make):
    to = email_triggers.address_of(make())
    copies = [inbound.letter(to, message_id="<same@example.com>", text=text) for text in "ab"]

    kept = at_once(app, lambda: take_in(copies.pop()))
    [email_id] = [one for each in kept for one in each]
    at_once(app, lambda: emails.process(email_id))

    row = db.session.query(Email).one()
    assert (row.verdict, row.repeats) == (Verdict.ACCEPTED, 1)
    assert db.session.query(Run).count() == 1


def test_a_message_to_two_triggers_is_one_of_each(make, sourced):
    one, other = make(), make(workspace="prod")
    to = f"{email_triggers.address_of(one)}, {email_triggers.address_of(other)}"

    kept = take_in(inbound.letter(to))

    assert len(kept) == 2


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ("", "has written no Authentication-Results"),
        (f"{inbound.AUTHSERV}; spf=fail smtp.mailfrom=example.com; dkim=none", "SPF fail"),
        (f"{inbound.AUTHSERV}; dkim=pass header.d=evil.example", "DKIM pass (evil.example)"),
        (f"{inbound.AUTHSERV}; spf=pass smtp.mailfrom=evil.example", "SPF pass (evil.example)"),
        ("forged.example; dkim=pass header.d=example.com", "has written no"),
        (
            f'{inbound.AUTHSERV}; spf=fail smtp.mailfrom="x; dkim=pass header.d=example.com"@evil',
            "DKIM none",
        ),
        (f"{inbound.AUTHSERV}; dmarc=pass header.from=evil.example", "DMARC pass (evil.example)"),
    ],
)
def test_a_forged_sender_starts_nothing(make, send, results, said):
    row = send(make(), results=results, envelope="x@evil.example")

    assert row.verdict is Verdict.REFUSED
    assert "Nothing proves that dave@example.com wrote this" in row.reason
    assert said in row.reason


@pytest.mark.parametrize(
    "results",
    [
        f"{inbound.AUTHSERV}; dmarc=pass header.from=example.com",
        f"{inbound.AUTHSERV}; dkim=pass header.i=@example.com",
        f"{inbound.AUTHSERV}; (a comment) dkim=pass (good) header.d=example.com",
        f"{inbound.AUTHSERV} 1; spf=pass smtp.mailfrom=dave@example.com",
    ],
)
def test_each_proof_counts(make, send, results):
    assert send(make(), results=results).verdict is Verdict.ACCEPTED


def test_only_the_topmost_results_of_our_own_server_count(make, send):
    above = f"{inbound.AUTHSERV}; spf=fail smtp.mailfrom=example.com"

    row = send(make(), results=above, Authentication_Results=inbound.passed())

    assert row.verdict is Verdict.REFUSED


@pytest.mark.parametrize(
    "sender",
    [
        "sam@example.com, dave@example.com",
        "dave@example.com <x@evil.example>",
        '"Dave, dave@example.com" <x@evil.example>',
    ],
)
def test_a_from_that_names_another_is_not_that_other(make, send, sender):
    raw = inbound.letter("x@x")
    del raw["From"]

    row = send(make(), sender=sender)

    assert row.verdict is Verdict.REFUSED


def test_the_sender_s_rights_count_when_they_are_weaker(make, send, sourced):
    row = send(make(), sender="vera@example.com")

    assert row.verdict is Verdict.REFUSED
    assert "Vera may not create runs of web in staging" in row.reason


def test_the_owner_s_rights_count_when_they_are_weaker(make, send, sourced):
    trigger = make(by="dave")
    held = db.session.query(factories.Member).filter_by(user_id=sourced.people["dave"].id)
    held.update({"role": Role.VIEWER})
    db.session.commit()

    row = send(trigger, sender="alice@example.com")

    assert row.verdict is Verdict.REFUSED


def test_nothing_starts_for_an_owner_who_is_gone(make, send, sourced):
    trigger = make()
    sourced.people["alice"].is_active = False
    db.session.commit()

    assert "not here any more" in send(trigger).reason


def test_a_stranger_is_nobody_here(make, send):
    row = send(make(), sender="eve@example.com")

    assert row.reason == "eve@example.com is not the address of anybody here."


@pytest.mark.parametrize(
    ("senders", "sender", "verdict"),
    [
        (["eve@example.com"], "EVE@example.com", Verdict.ACCEPTED),
        (["@example.com"], "eve@example.com", Verdict.ACCEPTED),
        (["@example.com"], "eve@sub.example.com", Verdict.REFUSED),
        (["bob@example.com"], "eve@example.com", Verdict.REFUSED),
        ("anyone", "eve@elsewhere.example", Verdict.ACCEPTED),
    ],
)
def test_a_list_or_anyone_acts_with_the_owner_s_rights(make, send, senders, sender, verdict):
    row = send(make(senders=senders), sender=sender)

    assert row.verdict is verdict, row.reason
    if verdict is Verdict.ACCEPTED:
        assert run_of(row).created_by_name == "Alice"


def test_a_list_needs_a_proof_too(make, send):
    assert send(make(senders=["@example.com"]), results="").verdict is Verdict.REFUSED


def test_an_apply_waits_for_a_person_unless_the_owner_says_otherwise(make, send, sourced):
    sourced.stack.auto_apply = True
    db.session.commit()

    waits = run_of(send(make(type="apply")))
    goes_on = run_of(send(make(type="apply", auto_apply=True)))

    assert (waits.auto_apply, goes_on.auto_apply) == (False, True)


AUTOMATIC = {
    "auto-reply": {"Auto_Submitted": "auto-replied"},
    "vacation": {"Auto_Submitted": "auto-generated (vacation)"},
    "bulk": {"Precedence": "bulk"},
    "list": {"List_Id": "<all.example.com>"},
    "newsletter": {"List_Unsubscribe": "<mailto:x@example.com>"},
    "autoresponder": {"X_Autoreply": "yes"},
    "our own": {"X_Gantry_Mail": "1"},
    "our own id": {"message_id": f"<gantry.x@{mail_room.DOMAIN}>"},
    "our own address": {"sender": f"gantry@{mail_room.DOMAIN}"},
    "a mailer": {"sender": "mailer-daemon@example.com"},
    "a bounce": {"envelope": ""},
}


@pytest.mark.parametrize("fields", AUTOMATIC.values(), ids=AUTOMATIC.keys())
def test_what_nobody_wrote_is_ignored(make, send, fields):
    row = send(make(senders="anyone"), **fields)

    assert row.verdict is Verdict.IGNORED
    assert row.reason.endswith(".")
    assert db.session.query(Run).count() == 0


def test_auto_submitted_no_is_a_person(make, send):
    assert send(make(), Auto_Submitted="no").verdict is Verdict.ACCEPTED


def test_a_paused_trigger_refuses(make, send, sourced):
    trigger = make()
    email_triggers.pause(sourced.alice, trigger.id)

    assert send(trigger).reason == "The trigger is paused."


def test_a_draft_is_not_started_by_mail(make, send, sourced):
    trigger = make(stack="sketch")

    assert "is a draft" in send(trigger).reason


def test_a_protected_workspace_is_not_destroyed_by_mail(make, send):
    row = send(make(workspace="prod", type="destroy"))

    assert "is protected from being destroyed" in row.reason


def test_too_many_messages_of_one_sender_are_refused(make, send):
    trigger = make()
    with mail_room.furnished(keys=inbound.keys(), sender_rate_per_hour=2):
        verdicts = [send(trigger).verdict for _ in range(3)]

    assert verdicts == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.REFUSED]


def test_a_trigger_starts_so_many_runs_an_hour(make, send):
    trigger = make()
    with mail_room.furnished(keys=inbound.keys(), rate_per_hour=1):
        first, second = send(trigger), send(trigger)

    assert first.verdict is Verdict.ACCEPTED
    assert "has started 1 runs within an hour" in second.reason


def test_a_user_who_is_a_service_account_is_no_member_by_mail(make, send, sourced):
    dave = sourced.people["dave"]
    dave.kind = type(dave.kind).SERVICE
    db.session.commit()

    assert "not the address of anybody here" in send(make()).reason
