"""Drift checks give verdicts, verdicts are told once, and what has drifted is put right."""

import pytest
from sqlalchemy import select

from lib import clock
from models.audit import AuditEvent
from models.base import db
from models.drift import DriftVerdict
from models.outbox import OutboxMessage
from models.run import Run
from models.run_state import RunState, RunType
from services import changes, drift, publishing, schedules
from services.access import Actor
from services.errors import Conflict, Forbidden, Invalid
from services.runs import work
from tests.mail_room import furnished
from tests.services.runs.workshop import SOURCE, SUMMARY, claim, hire
from tests.services.schedules.calendar import come, hours, ledger
from tests.services.states.shelf import applied

pytestmark = pytest.mark.usefixtures("frozen_clock")
TAGS = {
    "address": "aws_instance.web",
    "action": "update",
    "before": {"tags": {"Owner": "core"}},
    "after": {"tags": {}},
}


@pytest.fixture
def deployed(world):
    """The world, with `web` applied in staging."""
    applied(world, 1)
    db.session.commit()
    return world


def look(run, *records):
    """Carry a drift check out, which finds these records."""
    claimed = claim(hire(f"w{clock.now().timestamp()}"))
    assert claimed.run_id == run.id
    work.enter(claimed, RunState.INITIALIZING)
    work.enter(claimed, RunState.PLANNING)
    changes.keep(claimed, {"summary": SUMMARY, "drift": list(records)}, [])
    summary = dict.fromkeys(SUMMARY, 0)
    work.finish_plan(
        claimed,
        work.Planned(
            sha256="ab" * 32,
            has_changes=bool(records),
            summary=summary,
            bundle=None,
            engine_version="1",
            engine_path="bundled",
        ),
    )
    db.session.commit()


def verdict(world):
    db.session.rollback()
    return db.session.get(DriftVerdict, world.deployment().id, populate_existing=True)


def checked(world, *records):
    """The verdict after a check by hand that finds these records."""
    run = drift.check_now(world.dave, world.deployment())
    look(run, *records)
    return verdict(world)


def messages(kind):
    db.session.rollback()
    return db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).all()


def test_a_check_is_a_preview_that_only_refreshes_with_what_was_applied(deployed):
    run = drift.check_now(deployed.dave, deployed.deployment())

    assert (run.type, run.drift, run.refresh_only) == (RunType.PREVIEW, True, True)
    assert run.source == SOURCE


def test_what_differs_is_the_verdict_with_its_run(deployed):
    found = checked(deployed, TAGS)

    assert (found.drifted, found.count) == (True, 1)
    assert found.items == [
        {"address": "aws_instance.web", "action": "update", "attributes": ["tags.Owner"]}
    ]
    assert found.since == clock.now()


def test_the_check_itself_says_what_it_found(deployed):
    found = db.session.get_one(Run, checked(deployed, TAGS).run_id)
    assert (found.changes["drift"], found.result) == (1, "1 thing has drifted.")

    nothing = db.session.get_one(Run, checked(deployed).run_id)

    assert nothing.changes["drift"] == 0
    assert nothing.result == "Nothing has drifted: what exists is what was applied."


def test_the_verdict_keeps_since_when_until_it_turns(deployed, frozen_clock):
    first = checked(deployed, TAGS).since
    frozen_clock.advance(hours(1))
    again = checked(deployed, TAGS).since
    frozen_clock.advance(hours(1))
    well = checked(deployed)

    assert first == again
    assert (well.drifted, well.since, well.items) == (False, clock.now(), [])


def test_what_is_not_to_be_minded_is_no_drift(deployed):
    drift.set_rules(deployed.dave, deployed.deployment(), [{"address": "*", "attribute": "tags"}])

    found = checked(deployed, TAGS)

    assert (found.drifted, found.ignored_count) == (False, 1)


@pytest.mark.parametrize("rules", [[{}], ["a"], [{"address": " "}], [{"adress": "a"}]])
def test_a_rule_that_is_none_is_refused(deployed, rules):
    with pytest.raises(Invalid, match="address"):
        drift.set_rules(deployed.dave, deployed.deployment(), rules)


def test_rules_carry_a_version_and_are_audited(deployed):
    place = deployed.deployment()
    drift.set_rules(deployed.dave, place, [{"address": "a"}], version=1)

    with pytest.raises(Conflict):
        drift.set_rules(deployed.dave, place, [{"address": "b"}], version=1)
    said = db.session.scalars(select(AuditEvent.action)).all()
    assert said.count("drift.ignore") == 1


def test_viewers_look_on(deployed):
    place = deployed.deployment()

    assert drift.of(deployed.vera, place).verdict.checked_at is None
    for refused in (
        lambda: drift.check_now(deployed.vera, place),
        lambda: drift.set_rules(deployed.vera, place, []),
        lambda: drift.watch(deployed.vera, place, every="1 day"),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_a_deployment_has_one_schedule_of_checks(deployed):
    drift.watch(deployed.dave, deployed.deployment(), every="1 day")

    with pytest.raises(Conflict, match="drift check already"):
        drift.watch(deployed.dave, deployed.deployment(), every="1 hour")


def test_where_nothing_was_applied_a_check_is_skipped(world, frozen_clock):
    world.stack.source = SOURCE
    db.session.commit()
    row = drift.watch(world.dave, world.deployment(), every="1 day")
    frozen_clock.advance(hours(24))

    come()

    assert ledger(row) == [("22 12:00", "skipped")]


def test_a_scheduled_check_has_the_lowest_class(deployed, frozen_clock):
    row = drift.watch(deployed.dave, deployed.deployment(), every="1 day")
    frozen_clock.advance(hours(24))

    come()

    run = db.session.scalars(select(Run).where(Run.trigger_id == row.id)).one()
    assert (run.drift, run.trigger_kind) == (True, "schedule")


def letters():
    return [(each.payload["to"], each.payload["subject"]) for each in messages("mail")]


def test_a_verdict_that_turns_is_told_once_to_the_owner_of_the_checks(deployed, frozen_clock):
    with furnished(url="smtp://127.0.0.1:25"):
        scheduled(deployed, frozen_clock, TAGS)
        checked(deployed, TAGS)
        assert letters() == [("dave@example.com", "web in staging has drifted")]

        checked(deployed)

    assert letters()[1:] == [("dave@example.com", "web in staging is as it should be again")]
    assert "update aws_instance.web" in messages("mail")[0].payload["text"]


# --- putting it right ---------------------------------------------------------------------------


def scheduled(world, frozen_clock, *records, reconcile=True):
    """A scheduled check that has found these records; its run."""
    row = drift.watch(world.dave, world.deployment(), every="1 day", reconcile=reconcile)
    frozen_clock.advance(hours(24))
    come()
    run = db.session.scalars(select(Run).where(Run.trigger_id == row.id)).one()
    look(run, *records)
    return run


def test_what_has_drifted_is_put_right_by_an_ordinary_apply(deployed, frozen_clock):
    check = scheduled(deployed, frozen_clock, TAGS)
    [message] = messages(drift.RECONCILE)

    first = drift.reconcile(message.payload["run"])
    again = drift.reconcile(message.payload["run"])

    assert first.id == again.id
    assert (first.type, first.trigger_kind, first.trigger_id) == ("apply", "drift", check.id)
    assert (first.created_by_name, first.auto_apply) == ("Dave", False)
    assert verdict(deployed).note == f"Run #{first.number} is to put it right."


def test_only_when_that_is_wanted_and_something_has_drifted(deployed, frozen_clock):
    scheduled(deployed, frozen_clock, TAGS, reconcile=False)
    assert messages(drift.RECONCILE) == []


def test_nothing_is_put_right_where_nothing_has_drifted(deployed, frozen_clock):
    scheduled(deployed, frozen_clock)
    assert messages(drift.RECONCILE) == []


def test_a_refusal_stands_beside_the_verdict(deployed, frozen_clock):
    check = scheduled(deployed, frozen_clock, TAGS)
    publishing.unpublish(deployed.alice, deployed.stack)

    assert drift.reconcile(check.id) is None

    assert "a drift check starts no run of a draft" in verdict(deployed).note


def test_one_that_waits_is_not_joined_by_another(deployed, frozen_clock):
    first = drift.reconcile(scheduled(deployed, frozen_clock, TAGS).id)
    frozen_clock.advance(hours(24))
    come()
    row = drift.check_of(deployed.deployment())
    newest = select(Run).where(Run.trigger_id == row.id).order_by(Run.id.desc())
    check = db.session.scalars(newest).first()
    verdict(deployed).run_id = check.id  # As if it had found the same again.
    db.session.commit()

    assert drift.reconcile(check.id) is None

    assert f"Run #{first.number}" in verdict(deployed).note


def test_an_apply_of_all_ends_the_drift(deployed):
    checked(deployed, TAGS)

    applied(deployed, 2)

    found = verdict(deployed)
    assert not found.drifted
    assert "Put right by run" in found.note


def test_the_fleet_shows_who_has_drifted_to_who_sees_it(deployed):
    checked(deployed, TAGS)

    def names(actor: Actor, drifted=None):
        page = drift.fleet(actor, drift.scope_of(actor), drifted=drifted)
        return [line.verdict.stack_name for line in page.items]

    assert names(deployed.vera) == names(deployed.vera, drifted=True) == ["web"]
    assert names(deployed.vera, drifted=False) == []
    assert names(deployed.sam) == []


def test_the_schedule_of_checks_cannot_become_something_else(deployed):
    row = drift.watch(deployed.dave, deployed.deployment(), every="1 day")

    with pytest.raises(Invalid, match="preview"):
        schedules.edit(deployed.dave, row, {"type": RunType.APPLY})
    schedules.edit(deployed.dave, row, {"refresh_only": False})

    assert (row.type, row.inputs["drift"], row.inputs["refresh_only"]) == ("preview", True, True)
