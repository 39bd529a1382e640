"""Times that came while a run went on, while nobody was there, or while a clock was changed."""

import datetime as dt

import pytest

from lib import clock
from tests.services.schedules.calendar import come, end, hours, ledger, made, make, now, rows

pytestmark = pytest.mark.usefixtures("frozen_clock")  # Saturday, 21 November 2026, noon


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
