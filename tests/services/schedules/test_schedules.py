"""Schedules are made, changed, paused, resumed, skipped and run by hand; each leaves its trace."""

import datetime as dt

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import db
from models.project import Deployment
from models.schedule import Schedule
from services import schedules, variables
from services.errors import Conflict, Forbidden, Invalid, NotFound
from tests.services.schedules.calendar import come, hours, ledger, made, make, rows

pytestmark = pytest.mark.usefixtures("frozen_clock")  # Saturday, 21 November 2026, noon


def now(row):
    db.session.rollback()
    return db.session.get_one(Schedule, row.id, populate_existing=True)


def audited():
    db.session.rollback()
    return db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()


def problems(**asked):
    def refused(world):
        with pytest.raises(Invalid) as caught:
            make(world.dave, **asked)
        return caught.value.fields

    return refused


# --- making -------------------------------------------------------------------------------------


def test_a_deployment_comes_to_be_with_its_schedule(world):
    row = make(world.dave)

    deployment = db.session.get_one(Deployment, row.deployment_id)
    assert (deployment.stack_name, deployment.workspace_name) == ("web", "staging")
    assert row.next_fire_at == dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)
    assert audited() == ["schedule.create"]


@pytest.mark.parametrize(
    ("asked", "field", "word"),
    [
        ({"name": " "}, "name", "name"),
        ({"cron": "61 * * * *"}, "cron", "minute"),
        ({"cron": "0 3 * * *", "every": "1 day"}, "every", "only one"),
        ({"timezone": "UTC"}, "cron", "either"),
        ({"every": "0 days"}, "every", "number"),
        ({"every": ["1 day"]}, "every", "unit"),
        ({"at": "yesterday"}, "at", "date"),
        ({"at": "2026-11-20T12:00"}, "at", "to come"),
        ({"cron": "0 3 * * *", "timezone": "Mars/Olympus"}, "timezone", "time zone"),
        ({"cron": "0 3 * * *", "end": "2026-11-21"}, "cron", "to come"),
        ({"cron": "0 3 * * *", "end": 0}, "end", "from 1"),
        ({"cron": "0 3 * * *", "end": -4}, "end", "from 1"),
        ({"cron": "0 3 * * *", "start": "2027-01-02", "end": "2027-01-01"}, "end", "before"),
        ({"cron": "0 3 * * *", "active": {"from": "8 o'clock"}}, "active", "08:00"),
        ({"cron": "0 3 * * *", "active": {"days": ["someday"]}}, "active", "mon"),
        ({"cron": "0 3 * * *", "active": {"hours": 3}}, "active", "from"),
        (
            {"cron": "0 3 * * *", "active": {"from": "08:00", "until": "18:00"}},
            "cron",
            "active hours",
        ),
        ({"cron": "0 3 * * *", "overlap": "jump"}, "overlap", "queue"),
        ({"cron": "0 3 * * *", "missed": "some"}, "missed", "none"),
        ({"cron": "0 3 * * *", "max_delay_s": 0}, "max_delay_s", "whole number"),
        ({"kind": "task"}, "command", "command"),
        ({"auto_apply": True}, "auto_apply", "apply"),
        ({"kind": "test"}, "type", "test case"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_refused_with_its_field(world, asked, field, word):
    found = problems(**asked)(world)

    assert word in found[field]


def test_two_of_one_deployment_have_not_the_same_name(world):
    make(world.dave)

    with pytest.raises(Conflict, match="already has"):
        make(world.dave)


def test_a_protected_workspace_gets_no_schedule_that_destroys_it(world):
    with pytest.raises(Conflict, match="protected"):
        make(world.dave, kind="destroy", workspace="prod")


def test_viewers_make_none_and_strangers_learn_nothing(world):
    with pytest.raises(Forbidden):
        make(world.vera)
    with pytest.raises(NotFound):
        make(world.sam)


def test_a_schedule_is_seen_by_who_sees_both_its_places(world):
    row = make(world.dave)

    assert schedules.get(world.vera, row.id).id == row.id
    with pytest.raises(NotFound):
        schedules.get(world.sam, row.id)
    scope = schedules.scope_of(world.ada)
    assert [line.schedule.id for line in schedules.page(world.vera, scope).items] == [row.id]
    assert schedules.page(world.sam, scope).items == []


def test_the_next_times_are_said_before_they_come(world):
    row = make(world.dave, cron="0 9 * * *", timezone="Europe/Berlin", end=3)

    times = [f"{at:%d %H:%M}" for at in schedules.upcoming(row)]

    assert times == ["22 08:00", "23 08:00", "24 08:00"]


def test_a_date_alone_is_the_whole_day_when_it_is_the_end(world):
    row = make(world.dave, cron="0 */12 * * *", timezone="Asia/Tokyo", end="2026-11-22")

    times = [f"{at:%d %H:%M}" for at in schedules.upcoming(row)]

    assert times == ["21 15:00", "22 03:00"]


# --- changing -----------------------------------------------------------------------------------


def test_a_new_time_counts_from_now_and_the_rest_stays(world):
    row = make(world.dave, every="1 day", missed="one", message="hello")

    schedules.edit(world.dave, row, {"cron": "30 4 * * *"})

    kept = now(row)
    assert (kept.cron, kept.every, kept.missed, kept.version) == ("30 4 * * *", None, "one", 2)
    assert kept.inputs["message"] == "hello"
    assert kept.next_fire_at == dt.datetime(2026, 11, 22, 4, 30, tzinfo=dt.UTC)


def test_an_edit_that_leaves_the_times_alone_leaves_the_next_time_alone(world, frozen_clock):
    row = make(world.dave, every="7 hours")
    frozen_clock.advance(hours(8))  # It is due, and nobody has settled it yet.

    schedules.edit(world.dave, row, {"name": "weekly"})
    come()

    assert ledger(row) == [("21 19:00", "missed")]
    assert now(row).next_fire_at == dt.datetime(2026, 11, 22, 2, tzinfo=dt.UTC)


def test_who_saves_it_is_its_owner(world):
    row = make(world.alice)

    schedules.edit(world.dave, row, {"message": "mine now"})

    assert now(row).owner_id == world.people["dave"].id


def test_an_edit_of_an_older_version_is_refused_and_says_what_changed(world):
    row = make(world.dave)
    schedules.edit(world.alice, row, {"cron": "0 4 * * *"}, version=1)

    with pytest.raises(Conflict, match="cron is now “0 4"):
        schedules.edit(world.dave, row, {"cron": "0 5 * * *"}, version=1)


def test_variables_that_are_not_sent_are_kept(world):
    given = variables.run_inputs({"size": "small"})
    row = make(world.dave, variables=given)

    schedules.edit(world.dave, row, {"name": "other"})

    assert [item.name for item in schedules.variables_of(now(row))] == ["size"]


def test_the_audit_log_knows_names_and_fingerprints_but_no_value(world):
    secret = {"value": "hush hush", "category": "terraform", "secret": True}
    make(world.dave, variables=variables.run_inputs({"size": "tiny-value", "password": secret}))

    kept = db.session.scalars(select(AuditEvent)).one()

    assert set(kept.after["variables"]) == {"size", "password"}
    assert "tiny-value" not in str(kept.after)
    assert "hush" not in str(kept.after)


def test_deleted_it_is_gone_with_its_ledger_and_its_runs_stay(world, frozen_clock):
    row = make(world.dave)
    frozen_clock.advance(hours(15))
    come()

    schedules.delete(world.dave, row)

    assert rows(row) == []
    assert len(made(row)) == 1


# --- pausing ------------------------------------------------------------------------------------


def test_paused_no_time_comes_and_resumed_those_that_passed_are_skipped(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", missed="all")
    schedules.pause(world.alice, row)
    frozen_clock.advance(hours(2.5))

    come()
    assert schedules.upcoming(now(row)) == []
    schedules.resume(world.dave, row)
    come()

    assert ledger(row) == [("21 13:00", "skipped"), ("21 14:00", "skipped")]
    assert rows(row)[0].reason == "Paused by Alice."
    assert now(row).next_fire_at == dt.datetime(2026, 11, 21, 15, tzinfo=dt.UTC)
    assert audited() == ["schedule.create", "schedule.pause", "schedule.resume"]


def test_resumed_in_time_nothing_is_lost(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *")
    schedules.pause(world.dave, row)
    schedules.resume(world.dave, row)
    frozen_clock.advance(hours(1))

    come()

    assert ledger(row) == [("21 13:00", "fired")]


def test_twice_the_same_is_a_conflict(world):
    row = make(world.dave)

    with pytest.raises(Conflict, match="not paused"):
        schedules.resume(world.dave, row)
    schedules.pause(world.dave, row)
    with pytest.raises(Conflict, match="paused already, by Dave"):
        schedules.pause(world.dave, row)
    with pytest.raises(Conflict, match="paused"):
        schedules.skip_next(world.dave, row)


# --- skipping -----------------------------------------------------------------------------------


def test_the_next_time_is_skipped_and_the_one_after_it_fires(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *")

    schedules.skip_next(world.alice, row)
    for _ in range(2):
        frozen_clock.advance(hours(1))
        come()

    assert ledger(row) == [("21 13:00", "skipped"), ("21 14:00", "fired")]
    assert rows(row)[0].reason == "Skipped beforehand by Alice."


def test_what_was_skipped_beforehand_can_be_taken_back(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *")
    schedules.skip_next(world.dave, row)
    schedules.skip_next(world.dave, row)

    schedules.take_back(world.dave, row)
    frozen_clock.advance(hours(1))
    come()

    assert ledger(row) == [("21 13:00", "fired")]
    with pytest.raises(Conflict, match="skipped"):
        schedules.take_back(world.dave, row)


def test_the_only_time_skipped_ends_it_and_taken_back_it_comes(world):
    row = make(world.dave, at="2026-11-22T12:00")
    schedules.skip_next(world.dave, row)
    assert now(row).next_fire_at is None

    schedules.take_back(world.dave, row)

    assert now(row).next_fire_at == dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def test_an_edit_does_not_bring_back_what_was_skipped(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *")
    schedules.skip_next(world.dave, row)
    schedules.edit(world.dave, row, {"cron": "0,30 * * * *"})

    for _ in range(2):
        frozen_clock.advance(hours(0.5))
        come()

    assert ledger(row) == [("21 12:30", "fired"), ("21 13:00", "skipped")]


# --- by hand ------------------------------------------------------------------------------------


def test_run_by_hand_it_is_the_persons_run_and_its_times_stay(world):
    row = make(world.dave, kind="apply")

    run = schedules.run_now(world.alice, row)

    assert (run.trigger_kind, run.trigger_id, run.created_by_name) == ("schedule", row.id, "Alice")
    [kept] = rows(row)
    assert (kept.outcome, kept.by_hand, kept.run_id) == ("fired", True, run.id)
    assert now(row).fired_count == 0
    assert now(row).next_fire_at == dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)


def test_run_by_hand_needs_the_role(world):
    row = make(world.dave)

    with pytest.raises(Forbidden):
        schedules.run_now(world.vera, row)


@pytest.mark.parametrize("verb", ["pause", "resume", "skip_next", "take_back", "delete", "run_now"])
def test_viewers_only_look_on(world, verb):
    row = make(world.dave)

    with pytest.raises(Forbidden):
        getattr(schedules, verb)(world.vera, row)
