"""What becomes of a message: who may start what by mail, and with whose rights."""

import pytest
from sqlalchemy import select

from models.base import db
from models.email import Email, Verdict
from models.member import Role
from models.run import Run
from models.run_content import RunFile, RunVariable
from models.run_state import RunType
from services import blobs, email_triggers, emails, runs
from services.errors import Forbidden, Invalid, NotFound
from services.runs import files
from tests import factories, inbound, mail_room
from tests.services.at_once import at_once
from tests.services.mail.conftest import run_of, take_in

MAPPING = {"size": "body:size", "title": "subject", "by": "sender"}


def values(run):
    rows = db.session.scalars(select(RunVariable).where(RunVariable.run_id == run.id))
    return {row.name: row.value for row in rows}


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("siez: 3\n", "“siez:” is not among the lines that are taken here (region, size)."),
        ("size: 3\nsize: 4\n", "The line “size:” stands twice."),
    ],
)
def test_a_line_that_is_not_declared_is_refused(make, send, text, reason):
    row = send(make(mapping={"size": "body:size", "region": "body:region"}), text=text)

    assert reason in row.reason


def test_links_and_quoted_lines_are_no_lines_of_values(make, send):
    text = "size: 3\nhttps://example.com/x\n\nOn Mon, Dave wrote:\n> size: 9\n> other: 1\n"

    row = send(make(mapping={"size": "body:size"}), text=text)

    assert values(run_of(row)) == {"size": "3"}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["order.yaml", "x.exe"], "“x.exe” is not among those that are taken here (*.yaml)."),
        (["a.yaml", "b.yaml"], "Two attachments fit “*.yaml”. Send one."),
        ([], "No attachment fits “*.yaml”, which is needed here."),
    ],
)
def test_attachments_are_those_that_are_declared(make, send, names, reason):
    trigger = make(mapping={"order": "attachment:*.yaml"})

    row = send(trigger, attachments=[(name, b"x: 1") for name in names])

    assert reason in row.reason


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("order.yaml", "attachments/order.yaml"),
        ("../../etc/order.yaml", "attachments/order.yaml"),
        ("C:\\Users\\x\\order.yaml", "attachments/order.yaml"),
        ("-rf .yaml", "attachments/rf_.yaml"),
        ("bestellung für mai.yaml", "attachments/bestellung_fur_mai.yaml"),
    ],
)
def test_an_attachment_becomes_a_file_under_a_safe_name(make, send, name, path):
    row = send(make(mapping={"order": "attachment:*.yaml"}), attachments=[(name, b"count: 1")])

    run = run_of(row)
    assert values(run)["order"] == path
    assert list(files.of(run.id)) == [(path, b"count: 1")]


def test_an_attachment_becomes_a_variable_when_that_is_said(make, send):
    trigger = make(mapping={"order": "attachment:*.yaml"}, attachments="variables")

    good = send(trigger, attachments=[("o.yaml", "größe: 1".encode())])
    bad = send(trigger, attachments=[("o.yaml", b"\xff\xfe\x00")])

    assert values(run_of(good))["order"] == "größe: 1"
    assert "no text in UTF-8" in bad.reason


def test_a_run_again_has_the_files_again(make, send, sourced):
    row = send(make(mapping={"o": "attachment:*.yaml"}), attachments=[("o.yaml", b"count: 1")])
    run = run_of(row)
    runs.discard(sourced.alice, run.id)

    again = runs.rerun(sourced.alice, run.id)

    assert list(files.of(again.id)) == [("attachments/o.yaml", b"count: 1")]
    assert db.session.query(RunFile).count() == 2


def test_a_variable_the_engine_refuses_is_refused_when_the_trigger_is_made(make):
    with pytest.raises(Invalid) as refusal:
        make(mapping={"1st": "subject", "x": "header:X", "y": "body:", "z": "attachment:a/b"})

    assert set(refusal.value.fields) == {"mapping.x", "mapping.y", "mapping.z"}


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


def test_a_message_that_cannot_be_read_is_refused_with_its_reason(make, send):
    row = send(make(), head=b"X-Large: " + b"x " * 200_000 + b"\r\n")

    assert row.verdict is Verdict.REFUSED
    assert "head of the message is larger" in row.reason


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


def test_a_user_who_is_a_service_account_is_no_member_by_mail(make, send, sourced):
    dave = sourced.people["dave"]
    dave.kind = type(dave.kind).SERVICE
    db.session.commit()

    assert "not the address of anybody here" in send(make()).reason
