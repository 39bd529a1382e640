import pytest

from models.base import db
from models.vcs import VcsDelivery
from tests.integrations.vcs import payloads
from tests.services.vcs.hub import Hub


@pytest.fixture
def hub(world):
    made = Hub(world)
    made.link()
    db.session.commit()
    return made


def post(client, hub, sent, name="push", **how):
    headers, body = payloads.github(name, sent, **how)
    return client.post(f"/hooks/vcs/{hub.integration.id}", data=body, headers=headers)


def test_a_delivery_is_taken_without_session_or_token_and_answered_before_it_is_dealt_with(
    client, hub
):
    answer = post(client, hub, payloads.push(modified=["web/a.tf"]))

    assert (answer.status_code, answer.json["verdict"]) == (202, "pending")
    assert db.session.get(VcsDelivery, answer.json["delivery"]) is not None


def test_a_replay_is_answered_with_200_and_has_no_effect(client, hub):
    post(client, hub, payloads.push(), delivery="one")

    answer = post(client, hub, payloads.push(), delivery="one")

    assert (answer.status_code, answer.json["replay"]) == (200, True)


def test_a_ping_is_answered(client, hub):
    answer = post(client, hub, {"zen": "Anything added dilutes everything else."}, "ping")

    assert (answer.status_code, answer.json["reason"]) == (200, "A ping: the webhook works.")


def test_a_wrong_signature_is_403_and_an_unknown_address_404_as_problems(client, hub):
    wrong = post(client, hub, payloads.push(), secret="guessed at some length")
    headers, body = payloads.github("push", payloads.push())
    unknown = client.post(f"/hooks/vcs/{'0' * 20}", data=body, headers=headers)

    assert (wrong.status_code, unknown.status_code) == (403, 404)
    assert wrong.mimetype == unknown.mimetype == "application/problem+json"
    assert "signature" in wrong.json["detail"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff" * 100, b"null"])
def test_hostile_bodies_are_refused_in_words(client, hub, body):
    headers = {
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "one",
        "X-Hub-Signature-256": f"sha256={payloads.signature(body)}",
    }
    answer = client.post(f"/hooks/vcs/{hub.integration.id}", data=body, headers=headers)

    assert answer.status_code == 400


def test_other_methods_are_refused(client, hub):
    assert client.get(f"/hooks/vcs/{hub.integration.id}").status_code == 405
