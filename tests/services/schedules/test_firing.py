"""Schedules fire: once per planned time, with their owner's rights of that moment."""

import datetime as dt

import pytest
from sqlalchemy import delete, select

from lib import clock
from models.base import db
from models.member import Member
from models.run_content import RunVariable
from models.schedule import Schedule
from services import hold, publishing, schedules, variables
from tests import factories
from tests.services import queries
from tests.services.schedules.calendar import come, end, hours, ledger, made, make, rows

pytestmark = pytest.mark.usefixtures("frozen_clock")  # Saturday, 21 November 2026, noon


def now(row):
    db.session.rollback()
    return db.session.get_one(Schedule, row.id, populate_existing=True)


def test_before_its_time_nothing_happens(world, frozen_clock):
    row = make(world.dave)
    frozen_clock.advance(hours(14))

    come()

    assert made(row) == []
    assert ledger(row) == []


def test_at_its_time_it_makes_a_run_and_says_what_made_it(world, frozen_clock):
    row = make(world.dave, kind="apply", auto_apply=True, message="")
    frozen_clock.advance(hours(15))

    come()

    [run] = made(row)
    assert (run.trigger_kind, run.trigger_id, run.trigger_name) == ("schedule", row.id, "nightly")
    assert (run.created_by_id, run.created_by_name) == (world.people["dave"].id, "Dave")
    assert (run.type.value, run.auto_apply, run.message) == ("apply", True, "nightly")
    assert ledger(row) == [("22 03:00", "fired")]
    assert rows(row)[0].run_id == run.id


def test_then_its_next_time_is_the_following_one(world, frozen_clock):
    row = make(world.dave)
    frozen_clock.advance(hours(15))

    come()

    assert now(row).next_fire_at == dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)
    assert now(row).fired_count == 1


def test_settled_twice_it_fires_once(world, frozen_clock):
    row = make(world.dave)
    frozen_clock.advance(hours(15))

    schedules.settle([row.id])
    schedules.settle([row.id])

    assert len(made(row)) == 1
    assert ledger(row) == [("22 03:00", "fired")]


def test_a_time_that_is_in_the_ledger_is_never_decided_again(world, frozen_clock):
    row = make(world.dave)
    planned = row.next_fire_at
    frozen_clock.advance(hours(15))
    come()
    now(row).next_fire_at = planned  # As if the row had been put back to an older state.
    db.session.commit()

    come()

    assert len(made(row)) == 1
    assert ledger(row) == [("22 03:00", "fired")]


def test_its_runs_get_their_variables_secret_ones_too(world, frozen_clock):
    given = variables.run_inputs({
        "size": "small",
        "password": {"value": "hush hush", "category": "terraform", "secret": True},
    })  # fmt: skip
    row = make(world.dave, variables=given)
    frozen_clock.advance(hours(15))

    come()

    [run] = made(row)
    kept = {v.name: v for v in db.session.scalars(select(RunVariable))}
    assert kept["size"].value == "small"
    assert kept["password"].value is None
    assert variables.unseal(kept["password"].value_id, kept["password"].ciphertext) == "hush hush"
    assert "hush" not in str(now(row).inputs)
    assert kept["size"].run_id == run.id


def test_the_runs_of_one_day_end_a_schedule_that_ends_after_them(world, frozen_clock):
    row = make(world.dave, every="1 hour", end=2)

    for _ in range(4):
        frozen_clock.advance(hours(1))
        come()
        for run in made(row):
            end(run)

    assert len(made(row)) == 2
    assert now(row).next_fire_at is None


def test_after_its_end_no_time_comes(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", end="2026-11-21T14:00:00Z", overlap="queue")

    for _ in range(5):
        frozen_clock.advance(hours(1))
        come()

    assert ledger(row) == [("21 13:00", "fired"), ("21 14:00", "fired")]
    assert now(row).next_fire_at is None


def test_a_date_fires_once(world, frozen_clock):
    row = make(world.dave, at="2026-11-21T18:30", timezone="Europe/Berlin")
    frozen_clock.advance(hours(5.5))

    come()

    assert ledger(row) == [("21 17:30", "fired")]
    assert now(row).next_fire_at is None


def test_while_the_portal_is_on_hold_nothing_fires_and_then_the_policy_holds(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *")
    hold.begin(world.ada, "restored")
    frozen_clock.advance(hours(3))

    come()
    assert ledger(row) == []
    hold.release(world.ada)
    come()

    assert ledger(row) == [("21 13:00", "missed"), ("21 14:00", "missed"), ("21 15:00", "fired")]


# --- rights -------------------------------------------------------------------------------------


def refusal(row):
    [kept] = rows(row)
    assert kept.outcome == "refused"
    assert made(row) == []
    return kept.reason


def test_an_owner_who_lost_the_role_starts_nothing(world, frozen_clock):
    row = make(world.dave)
    db.session.execute(delete(Member).where(Member.user_id == world.people["dave"].id))
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "Dave does not see this place any more" in refusal(row)


def test_an_owner_who_only_looks_on_by_now_starts_nothing(world, frozen_clock):
    row = make(world.dave)
    for member in db.session.scalars(
        select(Member).where(Member.user_id == world.people["dave"].id)
    ):
        member.role = "viewer"
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "Dave may not create runs here any more" in refusal(row)


def test_an_owner_who_is_gone_starts_nothing(world, frozen_clock):
    row = make(world.dave)
    world.people["dave"].is_active = False
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "not here any more" in refusal(row)


def test_a_zone_that_is_no_more_starts_nothing_and_its_page_says_what_to_do(
    world, frozen_clock, browse
):
    row = make(world.dave)
    row.timezone = "Mars/Olympus"
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    sentence = "The time zone “Mars/Olympus” is not known here any more; choose another."
    assert refusal(row) == sentence
    assert now(row).next_fire_at is not None
    dave = browse("dave")
    assert sentence in dave.get(f"/schedules/{row.id}").text
    assert dave.get("/schedules").status_code == 200
    assert "Mars/Olympus" in dave.get(f"/schedules/{row.id}/edit").text


def test_a_draft_is_not_started_and_the_ledger_says_why(world, frozen_clock):
    row = make(world.dave)
    publishing.unpublish(world.alice, world.stack)
    frozen_clock.advance(hours(15))

    come()

    assert "draft" in refusal(row)
    assert now(row).next_fire_at == dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)


def test_a_protected_workspace_is_not_destroyed_and_the_ledger_says_why(world, frozen_clock):
    row = make(world.dave, kind="destroy")
    world.staging.protected = True
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "protected" in refusal(row)


def test_a_refusal_leaves_no_gap_in_the_numbers_of_runs(world, frozen_clock):
    row = make(world.dave)
    publishing.unpublish(world.alice, world.stack)
    frozen_clock.advance(hours(15))
    come()
    publishing.publish(world.alice, world.stack)
    frozen_clock.advance(hours(24))

    come()

    assert [run.number for run in made(row)] == [1]


# --- several at once ----------------------------------------------------------------------------


def several(world, count, **asked):
    """Schedules of the same time, made and due one after the other."""
    return [make(world.dave, name=f"number {number}", **asked) for number in range(count)]


def test_many_schedules_are_settled_with_the_questions_of_a_few(world, frozen_clock):
    made_rows = several(world, 30)
    ids = [row.id for row in made_rows]
    frozen_clock.advance(hours(15))

    with queries.counted() as few:
        schedules.settle(ids[:3])
    with queries.counted() as many:
        schedules.settle(ids[3:])

    assert many.count == few.count
    assert many.every < 25 + 4 * 27
    assert [ledger(row) for row in made_rows] == [[("22 03:00", "fired")]] * 30


def test_one_that_is_refused_among_others_leaves_them_and_their_numbers_alone(world, frozen_clock):
    one, refused, other = (
        make(world.dave, name=name, kind=kind)
        for name, kind in (("one", "preview"), ("refused", "destroy"), ("other", "preview"))
    )
    world.staging.protected = True
    db.session.commit()
    frozen_clock.advance(hours(15))

    schedules.settle([one.id, refused.id, other.id])

    assert [ledger(row)[0][1] for row in (one, refused, other)] == ["fired", "refused", "fired"]
    assert [run.number for row in (one, other) for run in made(row)] == [1, 2]


def test_each_acts_with_the_rights_of_its_own_owner(world, frozen_clock):
    daves, alices = make(world.dave, name="daves"), make(world.alice, name="alices")
    world.people["dave"].is_active = False
    db.session.commit()
    frozen_clock.advance(hours(15))

    schedules.settle([daves.id, alices.id])

    assert [ledger(row)[0][1] for row in (daves, alices)] == ["refused", "fired"]
    assert made(alices)[0].created_by_name == "Alice"


def test_one_with_a_thousand_times_does_not_make_a_transaction_long_for_the_others(
    world, frozen_clock
):
    crowded = make(world.dave, name="crowded", cron="* * * * *", missed="all", overlap="queue")
    plain = make(world.dave, name="plain")
    frozen_clock.advance(hours(15))

    settled = schedules.settle([crowded.id, plain.id])

    assert settled.count == 1, "the other waits for the next transaction"
    assert len(rows(crowded)) == 400
    assert ledger(plain) == []


# --- overlap ------------------------------------------------------------------------------------


def test_while_its_run_goes_on_the_next_time_is_skipped(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", kind="apply")

    for _ in range(2):
        frozen_clock.advance(hours(1))
        come()

    assert ledger(row) == [("21 13:00", "fired"), ("21 14:00", "skipped")]
    assert rows(row)[1].reason == "Run #1 of this schedule was ready still."


def test_or_it_waits_in_the_queue(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", kind="apply", overlap="queue")

    for _ in range(2):
        frozen_clock.advance(hours(1))
        come()

    assert [run.state.value for run in made(row)] == ["ready", "queued"]


def test_the_queue_of_one_schedule_does_not_grow_without_end(world, frozen_clock):
    row = make(world.dave, cron="* * * * *", kind="apply", overlap="queue")

    for _ in range(12):
        frozen_clock.advance(60)
        come()

    assert len(made(row)) == 10
    assert "no more are queued" in rows(row)[-1].reason


def test_another_schedules_run_is_no_reason_to_skip(world, frozen_clock):
    one, other = make(world.dave), make(world.dave, name="other")
    frozen_clock.advance(hours(15))

    come()

    assert len(made(one)) == len(made(other)) == 1


# --- three hours of downtime --------------------------------------------------------------------

THREE = ["21 13:00", "21 14:00", "21 15:00"]


def after_downtime(world, frozen_clock, minutes=10, **policy):
    """An hourly schedule after three hours and some minutes in which nobody looked."""
    row = make(world.dave, cron="0 * * * *", kind="apply", **policy)
    frozen_clock.advance(hours(3) + minutes * 60)
    come()
    found = ledger(row)
    assert [at for at, _ in found] == THREE
    assert now(row).next_fire_at == dt.datetime(2026, 11, 21, 16, tzinfo=dt.UTC)
    return row, [outcome for _, outcome in found]


def test_of_missed_times_none_is_made_up_for(world, frozen_clock):
    row, outcomes = after_downtime(world, frozen_clock, missed="none")

    assert outcomes == ["missed"] * 3
    assert rows(row)[0].reason == "Gantry was not at work then; it came 2 h 10 min late."


def test_but_a_time_a_few_minutes_ago_is_on_time(world, frozen_clock):
    _, outcomes = after_downtime(world, frozen_clock, minutes=4, missed="none")

    assert outcomes == ["missed", "missed", "fired"]


def test_of_missed_times_one_is_made_up_for_the_newest(world, frozen_clock):
    row, outcomes = after_downtime(world, frozen_clock, missed="one")

    assert outcomes == ["missed", "missed", "fired"]
    assert len(made(row)) == 1


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_of_missed_times_all_are_made_up_for_in_order(world, frozen_clock, overlap):
    row, outcomes = after_downtime(world, frozen_clock, missed="all", overlap=overlap)

    assert outcomes == ["fired"] * 3
    assert [run.id for run in made(row)] == [each.run_id for each in rows(row)]


def test_what_is_later_than_the_longest_delay_stays_missed(world, frozen_clock):
    row, outcomes = after_downtime(world, frozen_clock, missed="all", max_delay_s=5400)

    assert outcomes == ["missed", "fired", "fired"]
    assert "longest delay, 1 h 30 min" in rows(row)[0].reason


def test_one_that_is_too_late_is_not_made_up_for_either(world, frozen_clock):
    _, outcomes = after_downtime(world, frozen_clock, missed="one", max_delay_s=300)

    assert outcomes == ["missed"] * 3


def test_all_are_made_up_for_behind_a_run_from_before_only_when_they_may_queue(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", kind="apply", missed="all")
    frozen_clock.advance(hours(1))
    come()
    frozen_clock.advance(hours(2))

    come()

    assert [outcome for _, outcome in ledger(row)] == ["fired", "skipped", "skipped"]


def test_a_month_of_every_minute_is_written_down_and_a_hundred_at_most_are_made(
    world, frozen_clock
):
    row = make(world.dave, cron="* * * * *", missed="all", overlap="queue")
    frozen_clock.advance(hours(24))

    come()

    found = rows(row)
    assert len(found) == 24 * 60
    assert [each.outcome for each in found[:1340]] == ["missed"] * 1340
    assert sum(each.outcome == "fired" for each in found) == 10
    assert sum(each.outcome == "skipped" for each in found) == 90


# --- both clock changes -------------------------------------------------------------------------

CHANGES = [
    ("America/New_York", "30 1 * * *", "2026-10-31T12:00", ["01 05:30", "02 06:30"]),
    ("America/New_York", "30 2 * * *", "2026-03-07T12:00", ["08 07:00", "09 06:30"]),
    ("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00", ["25 00:30", "26 01:30"]),
    ("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00", ["29 01:00", "30 00:30"]),
    ("Australia/Lord_Howe", "45 1 * * *", "2026-04-03T18:00", ["04 14:45", "05 15:15"]),
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00", ["03 15:30", "04 15:15"]),
]


@pytest.mark.parametrize(("zone", "line", "start", "expected"), CHANGES)
def test_through_a_clock_change_a_daily_time_fires_once_a_day(world, zone, line, start, expected):
    with clock.frozen(dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)) as moving:
        row = make(world.dave, cron=line, timezone=zone)
        for _ in range(192):  # two days
            moving.advance(900)
            if now(row).next_fire_at <= clock.now():
                come()
                end(made(row)[-1])

        assert ledger(row) == [(at, "fired") for at in expected]


def test_the_31st_and_29_february(world):
    with clock.frozen(dt.datetime(2028, 1, 31, 9, tzinfo=dt.UTC)) as moving:
        cron = make(world.dave, cron="0 9 31 * *", overlap="queue")
        months = make(world.dave, name="months", every="1 month", start="2028-01-31T09:00",
                      overlap="queue")  # fmt: skip
        leap = make(world.dave, name="leap", cron="0 9 29 2 *")
        for _ in range(61):
            moving.advance(hours(24))
            come()

        assert [f"{each.scheduled_for:%m-%d}" for each in rows(cron)] == ["03-31"]
        assert [f"{each.scheduled_for:%m-%d}" for each in rows(months)] == ["02-29", "03-31"]
        assert [f"{each.scheduled_for:%m-%d}" for each in rows(leap)] == ["02-29"]


def test_a_ledger_is_kept_for_half_a_year(world, frozen_clock):
    row = make(world.dave)
    factories.db.session.commit()
    frozen_clock.advance(hours(15))
    come()

    frozen_clock.advance(hours(24 * 179))
    schedules.forget()
    assert len(rows(row)) == 1
    frozen_clock.advance(hours(48))
    schedules.forget()

    assert rows(row) == []
