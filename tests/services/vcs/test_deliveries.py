import datetime as dt

import pytest

from lib import clock
from models.base import db
from models.vcs import VcsDelivery, VcsIntegration
from services import hold
from services.access import SYSTEM
from services.errors import Conflict, Forbidden, NotFound, TooLarge, Unreadable
from services.vcs import deliveries, integrations, processing
from tests.integrations.vcs import payloads
from tests.services.at_once import at_once
from tests.services.vcs.hub import B, Hub


@pytest.fixture
def hub(world):
    made = Hub(world)
    made.link()
    return made


def stored():
    return db.session.scalar(db.select(db.func.count()).select_from(VcsDelivery))


def test_a_signed_delivery_is_kept_and_waits(hub):
    accepted = hub.send(payloads.push(modified=["web/a.tf"]))

    row = hub.delivery(accepted.delivery_id)
    assert (accepted.is_replay, row.verdict, row.kind, row.ref) == (
        False,
        "pending",
        "push",
        "main",
    )
    assert (row.repository, row.sha, row.sender) == ("team/infra", B, "grace")
    assert db.session.get(VcsIntegration, hub.integration.id).heard_at is not None


def test_a_wrong_signature_is_refused_and_nothing_is_kept(hub):
    with pytest.raises(Forbidden, match="signature"):
        hub.send(payloads.push(), secret="not the secret at all")

    assert stored() == 0


def test_without_a_secret_nothing_is_taken(hub, world):
    integrations.edit(world.alice, hub.integration, {"webhook_secret": ""})

    with pytest.raises(Forbidden, match="No webhook secret is set"):
        hub.send(payloads.push(), secret="")


def test_the_same_delivery_again_has_no_effect(hub):
    first = hub.send(payloads.push(modified=["web/a.tf"]), delivery="one")
    hub.work()

    again = hub.send(payloads.push(modified=["web/a.tf"]), delivery="one")

    assert (again.is_replay, again.delivery_id) == (True, first.delivery_id)
    assert len(hub.runs()) == 1


@pytest.mark.both_databases
def test_of_the_same_delivery_twice_at_once_one_starts_a_run(app, hub):
    headers, body = payloads.github("push", payloads.push(modified=["web/a.tf"]), delivery="one")
    lower = {key.lower(): value for key, value in headers.items()}
    integration_id = hub.integration.id

    answers = at_once(app, lambda: deliveries.accept(integration_id, lower, body))

    assert sorted(each.is_replay for each in answers) == [False, True]
    assert len({each.delivery_id for each in answers}) == 1
    hub.work()
    assert len(hub.runs()) == 1


@pytest.mark.both_databases
def test_a_delivery_that_two_deal_with_at_once_starts_one_run(app, hub):
    taken = hub.send(payloads.push(modified=["web/a.tf"])).delivery_id

    at_once(app, lambda: processing.process(taken, hub.git))

    assert len(hub.runs()) == 1
    assert hub.delivery(taken).verdict == "processed"


def test_a_signed_body_under_another_name_is_a_replay(hub):
    hub.send(payloads.push(), delivery="one")

    assert hub.send(payloads.push(), delivery="two").is_replay
    assert stored() == 1


def test_the_old_secret_is_good_for_a_day_after_rotation(hub, world, frozen_clock):
    made = integrations.rotate(world.alice, hub.integration)

    hub.send(payloads.push(after=B), secret=payloads.SECRET)
    hub.send(payloads.push(after="e" * 40), secret=made.webhook_secret)
    frozen_clock.advance(25 * 3600)

    with pytest.raises(Forbidden):
        hub.send(payloads.push(after="f" * 40), secret=payloads.SECRET)


@pytest.mark.parametrize(
    ("name", "sent", "reason"),
    [
        ("ping", {"zen": "Design for failure."}, "the webhook works"),
        ("star", {"action": "created"}, "does nothing about “star”"),
        ("push", payloads.push(after=payloads.NOUGHT), "is gone"),
        ("pull_request", payloads.pull_request("labeled"), "changes no code"),
    ],
)
def test_what_starts_nothing_is_answered_and_kept_with_its_reason(hub, name, sent, reason):
    accepted = hub.send(sent, name)

    assert accepted.verdict == "ignored"
    assert reason in accepted.reason
    assert processing.take() is None


def test_a_paused_integration_takes_and_ignores(hub, world):
    integrations.edit(world.alice, hub.integration, {"is_paused": True})

    assert hub.send(payloads.push()).reason == "The integration is paused."


def test_what_cannot_be_a_delivery_is_refused(hub):
    good = {"x-github-event": "push", "x-github-delivery": "one"}

    def send(body, headers=good):
        signed = {"x-hub-signature-256": f"sha256={payloads.signature(body)}"}
        return deliveries.accept(hub.integration.id, {**headers, **signed}, body)

    with pytest.raises(Unreadable, match="JSON"):
        send(b"{")
    with pytest.raises(Unreadable, match="header that names"):
        send(b"{}", {"x-github-event": "push"})
    with pytest.raises(TooLarge):
        deliveries.accept(hub.integration.id, good, b"x" * (deliveries.LARGEST_BODY_BYTES + 1))
    with pytest.raises(NotFound):
        deliveries.accept("0" * 20, good, b"{}")


def test_on_hold_deliveries_are_kept_and_not_dealt_with(hub, world):
    hold.begin(SYSTEM, "restored")

    hub.push(modified=["web/a.tf"])
    assert hub.runs() == []

    hold.release(world.ada)
    hub.work()
    assert len(hub.runs()) == 1


def test_deliveries_are_seen_by_those_whom_they_concern(hub, world):
    hub.push(modified=["web/a.tf"])

    for actor in (world.ada, world.alice, world.vera):
        [line] = deliveries.listed(actor).items
        assert [each.outcome.verdict for each in line.outcomes] == ["started"]
    assert deliveries.listed(world.sam).items == []
    with pytest.raises(NotFound):
        deliveries.get(world.sam, deliveries.listed(world.ada).items[0].delivery.id)


def test_a_delivery_is_dealt_with_again_only_for_what_it_did_not_start(hub, world):
    hub.link(world.prod, path="db")
    delivery = hub.push(modified=["web/a.tf"])
    assert [each.verdict for each in hub.outcomes()] == ["started", "skipped"]

    hub.link(world.prod, path="web")
    deliveries.redeliver(world.alice, delivery.id)
    hub.work()

    assert [run.workspace_name for run in hub.runs()] == ["staging", "prod"]
    with pytest.raises(Forbidden):
        deliveries.redeliver(world.dave, delivery.id)


def test_a_ping_cannot_be_dealt_with_again(hub, world):
    accepted = hub.send({"zen": "."}, "ping")

    with pytest.raises(Conflict):
        deliveries.redeliver(world.alice, accepted.delivery_id)


def test_deliveries_of_long_ago_are_forgotten_and_newer_ones_kept(hub):
    hub.push(modified=["web/a.tf"])
    old = hub.send(payloads.push(after="e" * 40))
    row = hub.delivery(old.delivery_id)
    row.received_at, row.verdict = clock.now() - dt.timedelta(days=91), "processed"
    db.session.commit()

    deliveries.forget()

    assert stored() == 1
