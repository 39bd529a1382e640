"""The pages of e-mail triggers and of received mail, without JavaScript."""

import re

import pytest

from models.base import db
from models.email import Email, EmailTrigger
from models.run import Run
from services import emails
from tests import inbound, mail_room, mailbox
from tests.rules.matrix.emails import FORM
from tests.services.mail.conftest import take_in
from tests.services.runs.workshop import SOURCE

PLACE = "/projects/shop/stacks/web/workspaces/staging/email-triggers"
ROWS = {
    "mapping-0-name": "size",
    "mapping-0-kind": "body-key",
    "mapping-0-detail": "size:",
    "mapping-1-name": "order",
    "mapping-1-kind": "attachment",
    "mapping-1-detail": "*.yaml",
    "mapping-2-name": "",
    "mapping-2-kind": "subject",
    "mapping-2-detail": "",
}


@pytest.fixture(autouse=True)
def room(world):
    world.stack.source = SOURCE
    db.session.commit()
    with mail_room.furnished(keys=inbound.keys()):
        yield


@pytest.fixture
def url(browse):
    answer = browse("dave").submit("/email-triggers/new", FORM | ROWS | {"name": "Orders"})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def trigger():
    db.session.rollback()
    return db.session.query(EmailTrigger).one()


def test_a_trigger_is_made_by_the_form(browse, url):
    shown = browse("dave").get(url).text

    assert trigger().mapping == {"size": "body:size", "order": "attachment:*.yaml"}
    assert "Orders" in shown
    assert f"web-{trigger().token}@in.example.com" in shown


def test_what_is_wrong_stands_beside_what_was_typed(browse):
    typed = FORM | ROWS | {"mapping-0-detail": "a b", "senders": "list", "listed": "nobody"}

    answer = browse("dave").submit("/email-triggers/new", typed)

    assert answer.status_code == 422
    assert "A key has letters" in answer.text
    assert "“nobody” is neither an address nor an @domain." in answer.text
    assert 'value="a b"' in answer.text
    assert db.session.query(EmailTrigger).count() == 0


def test_a_variable_in_two_rows_is_refused(browse):
    typed = FORM | ROWS | {"mapping-2-name": "size"}

    answer = browse("dave").submit("/email-triggers/new", typed)

    assert "The variable size stands in two rows." in answer.text


def test_a_viewer_sees_the_trigger_and_not_its_address(browse, url):
    shown = browse("vera").get(url).text

    assert "Hidden from viewers" in shown
    assert trigger().token not in shown
    assert "Try a message" not in shown
    assert "New address" not in browse("dave").get(url).text
    assert "New address" in browse("alice").get(url).text


def test_an_edit_shows_what_is_and_a_stale_one_is_not_saved(browse, url):
    visitor = browse("alice")
    form = visitor.get(f"{url}/edit").text
    assert 'value="*.yaml"' in form
    version = re.search(r'name="version" value="(\d+)"', form).group(1)

    saved = visitor.submit(f"{url}/edit", FORM | ROWS | {"name": "New", "version": version})
    stale = visitor.submit(f"{url}/edit", FORM | ROWS | {"name": "Old", "version": version})

    assert saved.status_code == 303
    assert stale.status_code == 409
    assert (trigger().name, trigger().owner_name) == ("New", "Alice")


def test_a_new_address_is_asked_for_and_made(browse, url):
    visitor, before = browse("alice"), trigger().token

    assert "told nothing" in visitor.get(f"{url}/rotate").text
    visitor.submit(f"{url}/rotate")

    assert trigger().token != before


def test_received_mail_is_listed_with_its_verdict(browse, url):
    to = f"web-{trigger().token}@in.example.com"
    for text in ("size: 3\n", "siez: 3\n"):
        message = inbound.letter(to, text=text, subject=text[:4], attachments=[("o.yaml", b"1")])
        for email_id in take_in(message):
            emails.process(email_id)

    shown = browse("vera").get(url).text
    refused = browse("vera").get(f"{url}?verdict=refused").text

    assert "“siez:” is not among" in shown
    assert 'href="/runs/' in shown
    assert 'href="/runs/' not in refused


def test_a_message_s_page_shows_its_headers_to_owners_only(browse, url):
    to = f"web-{trigger().token}@in.example.com"
    [email_id] = take_in(inbound.letter(to, subject="<b>Größe</b>", X_Trace="here"))

    owners, deployers = (browse(name).get(f"/emails/{email_id}").text for name in ("alice", "dave"))

    assert "X-Trace" in owners
    assert "&lt;b&gt;Größe&lt;/b&gt;" in owners
    assert "X-Trace" not in deployers
    assert "The headers are for owners" in deployers


def test_a_pasted_message_is_tried_and_then_run_once(browse, url):
    visitor = browse("dave")
    pasted = {"message": "From: x@y.example\nSubject: Hi\n\nsize: 3\n", "once": "1"}
    visitor.submit(f"{url}/edit", FORM | {k: v for k, v in ROWS.items() if "-0-" in k})

    tried = visitor.submit(f"{url}/try", pasted)
    assert "It would start a preview" in tried.text
    assert db.session.query(Run).count() == 0

    for _ in range(2):
        ran = visitor.submit(f"{url}/try", pasted | {"run": "1"})
        assert ran.status_code == 303
        assert "/runs/" in ran.headers["Location"]
    assert db.session.query(Run).count() == 1


def test_a_pasted_message_that_does_not_fit_says_so(browse, url):
    visitor = browse("dave")

    tried = visitor.submit(f"{url}/try", {"message": "From: x@y.example\n\nother: 3\n"})
    ran = visitor.submit(f"{url}/try", {"message": "From: x@y.example\n\nx\n", "run": "1"})

    assert "It would be refused" in tried.text
    assert "“other:” is not among" in tried.text
    assert ran.headers["Location"].endswith("#received")
    assert db.session.query(Email).count() == 1


def test_without_a_domain_the_list_says_what_is_missing(browse):
    with mail_room.furnished(domain=""):
        shown = browse("dave").get(PLACE).text

    assert "GANTRY_EMAIL_DOMAIN" in shown
    assert "New e-mail trigger" not in shown


def test_deleting_says_what_goes(browse, url):
    visitor = browse("alice")

    assert "0 messages it received go with it" in visitor.get(f"{url}/delete").text
    answer = visitor.submit(f"{url}/delete")

    assert answer.headers["Location"] == PLACE
    assert db.session.query(EmailTrigger).count() == 0


def test_administrators_see_what_is_open_and_send_a_test(browse):
    with mailbox.listening() as box, mail_room.furnished(keys=inbound.keys(), url=box.url):
        visitor = browse("ada")
        shown = visitor.get("/administration/mail").text
        assert shown.count(">open<") == 5
        assert "/hooks/email/mailgun/mime" in shown

        visitor.submit("/administration/mail/test")

        assert box.to("ada@example.com")[0][0] == "A test from Gantry"


def test_a_test_that_fails_says_why(browse):
    with mailbox.listening() as box, mail_room.furnished(url=box.url):
        box.answers.append("554 not here")
        visitor = browse("ada")
        visitor.submit("/administration/mail/test")

        assert "The letter was not taken: the server answered 554." in visitor.get("/account").text


def test_notices_are_chosen_in_the_account(browse, world):
    visitor = browse("dave")

    visitor.submit("/account/notices", {"fails": "1"})
    shown = visitor.get("/account/notices").text

    assert shown.count("checked") == 1
    assert "GANTRY_SMTP_URL" in shown
