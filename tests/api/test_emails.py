"""E-mail triggers and received mail by the API."""

import pytest

from models.base import db
from models.run import Run
from services import emails
from tests import inbound, mail_room
from tests.rules.matrix.emails import BODY
from tests.services.mail.conftest import take_in
from tests.services.runs.workshop import SOURCE


@pytest.fixture(autouse=True)
def room(world):
    world.stack.source = SOURCE
    db.session.commit()
    with mail_room.furnished(keys=inbound.keys()):
        yield


@pytest.fixture
def made(api):
    answer = api("dave").post("/api/v1/email-triggers", json=BODY | {"mapping": {"a": "body:a"}})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_trigger_is_made_with_its_address(api, made):
    assert made["address"].endswith("@in.example.com")
    assert made["address"].startswith("web-")
    assert (made["type"], made["senders"], made["attachments"]) == ("preview", "members", "files")
    assert made["owner"]["name"] == "Dave"
    assert made["mapping"] == {"a": "body:a"}

    shown = api("dave").get(f"/api/v1/email-triggers/{made['id']}").json
    assert shown == made
    assert api("vera").get(f"/api/v1/email-triggers/{made['id']}").json["address"] is None


def test_a_key_makes_one_trigger(api):
    caller, headers = api("dave"), {"Idempotency-Key": "k"}

    first = caller.post("/api/v1/email-triggers", json=BODY, headers=headers)
    again = caller.post("/api/v1/email-triggers", json=BODY, headers=headers)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]


def test_what_is_wrong_is_said_by_field(api):
    asked = BODY | {"type": "task", "senders": ["nobody"], "mapping": {"x": "y"}}

    answer = api("dave").post("/api/v1/email-triggers", json=asked)

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"type", "senders", "mapping.x"}


def test_without_a_domain_there_are_no_triggers(api):
    with mail_room.furnished(domain=""):
        answer = api("dave").post("/api/v1/email-triggers", json=BODY)

    assert answer.status_code == 409
    assert "GANTRY_EMAIL_DOMAIN" in answer.json["detail"]


def test_only_what_is_sent_changes_and_a_stale_version_is_refused(api, made):
    caller, url = api("alice"), f"/api/v1/email-triggers/{made['id']}"

    edited = caller.patch(url, json={"senders": ["@example.com"], "paused": True, "version": 1})
    stale = caller.patch(url, json={"name": "x", "version": 1})

    assert edited.json["senders"] == ["@example.com"]
    assert edited.json["paused"] is True
    assert edited.json["mapping"] == made["mapping"]
    assert edited.json["owner"]["name"] == "Alice"
    assert stale.status_code == 409


def test_rotating_changes_the_address(api, made):
    answer = api("alice").post(f"/api/v1/email-triggers/{made['id']}/rotate")

    assert answer.json["address"] != made["address"]
    assert answer.json["rotated_at"]


def test_received_mail_is_listed_with_its_verdict_and_its_run(api, made):
    for text in ("a: 1\n", "b: 2\n"):
        for email_id in take_in(inbound.letter(made["address"], text=text)):
            emails.process(email_id)

    items = api("vera").get("/api/v1/emails").json["items"]
    refused = api("vera").get("/api/v1/emails?verdict=refused").json["items"]

    assert [item["verdict"] for item in items] == ["refused", "accepted"]
    assert items[1]["run"]["number"] == 1
    assert "“b:”" in items[0]["reason"]
    assert [item["id"] for item in refused] == [items[0]["id"]]
    assert items[0]["authentication"].startswith("SPF pass")
    assert items[0]["recipient"] is None
    assert api("dave").get("/api/v1/emails").json["items"][0]["recipient"] == made["address"]
    assert api("vera").get("/api/v1/emails?verdict=odd").status_code == 422


def test_the_list_is_read_in_pages(api, made):
    for _ in range(3):
        take_in(inbound.letter(made["address"]))

    first = api("dave").get("/api/v1/emails?limit=2").json
    rest = api("dave").get(f"/api/v1/emails?limit=2&cursor={first['next']}").json

    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


def test_a_message_is_tried_and_run(api, made):
    caller, url = api("dave"), f"/api/v1/email-triggers/{made['id']}/try"
    pasted = {"message": "From: x@y.example\nSubject: Hi\n\na: 1\n"}

    tried = caller.post(url, json=pasted)
    assert tried.json["verdict"] == "accepted"
    assert tried.json["variables"] == [{"name": "a", "value": "1"}]
    assert tried.json["run"] is None
    assert db.session.query(Run).count() == 0

    headers = {"Idempotency-Key": "once"}
    ran = caller.post(url, json=pasted | {"run": True}, headers=headers)
    again = caller.post(url, json=pasted | {"run": True}, headers=headers)
    other = caller.post(url, json=pasted | {"message": "Subject: No", "run": True}, headers=headers)
    assert ran.json["run"]["id"] == again.json["run"]["id"]
    assert other.json["type"] == "/docs/problems/idempotency-key-reused"


def test_lists_are_narrowed_to_a_place(api, made):
    caller = api("dave")

    assert len(caller.get("/api/v1/email-triggers?project=shop&stack=web").json["items"]) == 1
    there = "/api/v1/email-triggers?project=shop&stack=web&workspace=prod"
    assert caller.get(there).json["items"] == []
    assert caller.get("/api/v1/email-triggers?project=shop").status_code == 422
