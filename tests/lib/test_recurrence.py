"""Times that come again, through both clock changes of three zones, short months and leap years."""

import datetime as dt
import itertools
import zoneinfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from lib.recurrence import Cron, Every, Once, Rule, Window, local, settle, zone_named

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
LORD_HOWE = zoneinfo.ZoneInfo("Australia/Lord_Howe")
UTC = dt.UTC


def at(text, zone=UTC):
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def wall(text):
    return dt.datetime.fromisoformat(text)


def walls(times, zone, count):
    """What the wall clock shows at the first few, with the offset in hours."""
    found = [each.astimezone(zone) for each in itertools.islice(times, count)]
    return [f"{each:%m-%d %H:%M} {each.utcoffset() / dt.timedelta(hours=1):+g}" for each in found]


def cron(line, start, zone, count):
    return walls(Cron.parse(line).times(at(start, zone), zone), zone, count)


def test_monday_is_one():
    first = next(Cron.parse("0 0 * * 1").times(at("2026-11-21"), UTC))

    assert first == at("2026-11-23")
    assert first.strftime("%A") == "Monday"


# --- when the clocks go back ------------------------------------------------------------------


def test_a_time_of_day_comes_once_when_new_york_has_the_hour_twice():
    found = cron("30 1 * * *", "2026-10-31T00:00", NEW_YORK, 3)

    assert found == ["10-31 01:30 -4", "11-01 01:30 -4", "11-02 01:30 -5"]


def test_a_time_of_day_comes_once_when_berlin_has_the_hour_twice():
    found = cron("30 2 * * *", "2026-10-24T00:00", BERLIN, 3)

    assert found == ["10-24 02:30 +2", "10-25 02:30 +2", "10-26 02:30 +1"]


def test_a_time_of_day_comes_once_when_lord_howe_has_half_an_hour_twice():
    found = cron("45 1 * * *", "2026-04-04T00:00", LORD_HOWE, 3)

    assert found == ["04-04 01:45 +11", "04-05 01:45 +11", "04-06 01:45 +10.5"]


def test_asked_within_the_second_hour_a_time_that_has_come_does_not_come_again():
    second = at("2026-11-01T06:10")  # 01:10 in New York, for the second time

    found = walls(Cron.parse("50 1 * * *").times(second, NEW_YORK), NEW_YORK, 1)

    assert found == ["11-02 01:50 -5"]


def test_a_rhythm_goes_on_through_both_hours():
    found = cron("*/30 * * * *", "2026-11-01T00:30", NEW_YORK, 5)

    assert found == [
        "11-01 01:00 -4", "11-01 01:30 -4", "11-01 01:00 -5", "11-01 01:30 -5", "11-01 02:00 -5",
    ]  # fmt: skip


# --- when the clocks go forward ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "start", "line", "expected"),
    [
        (NEW_YORK, "2026-03-07T12:00", "30 2 * * *", ["03-08 03:00 -4", "03-09 02:30 -4"]),
        (BERLIN, "2026-03-28T12:00", "30 2 * * *", ["03-29 03:00 +2", "03-30 02:30 +2"]),
        (LORD_HOWE, "2026-10-03T12:00", "15 2 * * *", ["10-04 02:30 +11", "10-05 02:15 +11"]),
    ],
)
def test_a_time_in_the_gap_comes_once_right_after_it(zone, start, line, expected):
    assert cron(line, start, zone, 2) == expected


def test_several_times_in_the_gap_come_together_once():
    found = cron("0,15,30 2 * * *", "2026-03-28T12:00", BERLIN, 2)

    assert found == ["03-29 03:00 +2", "03-30 02:00 +2"]


def test_a_rhythm_leaves_the_gap_out():
    found = cron("*/30 * * * *", "2026-03-29T01:00", BERLIN, 3)

    assert found == ["03-29 01:30 +1", "03-29 03:00 +2", "03-29 03:30 +2"]


def test_half_hours_are_not_lost_where_a_zone_shifts_by_one():
    found = cron("*/30 3 * * *", "2026-10-03T12:00", LORD_HOWE, 3)

    assert found == ["10-04 03:00 +11", "10-04 03:30 +11", "10-05 03:00 +11"]


def test_a_day_that_a_zone_left_out_ends_right_after_it():
    apia = zoneinfo.ZoneInfo("Pacific/Apia")

    found = settle(wall("2011-12-30T09:00"), apia)

    assert local(found, apia) == wall("2011-12-31T00:00")


@given(st.integers(0, 2 * 366 * 24 * 60), st.sampled_from([NEW_YORK, BERLIN, LORD_HOWE]))
def test_every_local_day_has_its_time_once(minutes, zone):
    start = at("2026-01-01") + dt.timedelta(minutes=minutes)
    times = Cron.parse("10 2 * * *").times(start, zone)

    days = [each.astimezone(zone).date() for each in itertools.islice(times, 4)]

    assert [(b - a).days for a, b in itertools.pairwise(days)] == [1, 1, 1]


_FIELDS = st.tuples(
    st.sampled_from(["*", "*/7", "0", "5,50", "10-20", "30/10"]),
    st.sampled_from(["*", "*/5", "3", "1-4", "22,23"]),
    st.sampled_from(["*", "1", "31", "L", "*/10", "28-31", "LW"]),
    st.sampled_from(["*", "2", "FEB-APR", "*/5", "12"]),
    st.sampled_from(["*", "MON", "0", "7", "1-5", "5#2", "FRI", "5L"]),
)


@given(_FIELDS, st.integers(0, 4 * 366 * 24 * 60))
def test_in_utc_the_times_are_those_of_cronsim(fields, minutes):
    line, start = " ".join(fields), at("2025-06-01") + dt.timedelta(minutes=minutes)
    try:
        parsed = Cron.parse(line)
    except ValueError:
        return

    found = list(itertools.islice(parsed.times(start, UTC), 4))

    assert found == list(itertools.islice(CronSim(line, start), 4))


# --- what the calendar has ---------------------------------------------------------------------


def test_the_31st_comes_only_in_months_that_have_one():
    assert cron("0 9 31 * *", "2026-01-01T00:00", UTC, 4) == [
        "01-31 09:00 +0", "03-31 09:00 +0", "05-31 09:00 +0", "07-31 09:00 +0",
    ]  # fmt: skip
    assert Cron.parse("0 9 31 * *").skips_months
    assert not Cron.parse("0 9 L * *").skips_months
    assert not Cron.parse("0 9 * * *").skips_months


def test_the_last_day_comes_every_month():
    found = cron("0 9 L * *", "2026-01-01T00:00", UTC, 3)

    assert found == ["01-31 09:00 +0", "02-28 09:00 +0", "03-31 09:00 +0"]


def test_29_february_comes_every_four_years_and_on_a_monday_every_28():
    leap = Cron.parse("0 0 29 2 *").times(at("2026-01-01"), UTC)
    monday = Cron.parse("0 0 29 2 */7").times(at("2026-01-01"), UTC)

    assert [each.year for each in itertools.islice(leap, 3)] == [2028, 2032, 2036]
    assert next(monday).year == 2032  # a Sunday


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("61 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of the month"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "weekday"),
        ("0 0 31 2 *", "day of the month"),
        ("@never", "@daily"),
        ("*/0 * * * *", "minute"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_field(line, word):
    with pytest.raises(ValueError, match=word):
        Cron.parse(line)


def test_words_stand_for_lines_and_spaces_are_put_in_order():
    assert Cron.parse("  0   3 * *  1 ").text == "0 3 * * 1"
    assert cron("@daily", "2026-01-01T00:00", UTC, 1) == ["01-02 00:00 +0"]
    assert "03:00" in Cron.parse("0 3 * * 1").explain()
    assert "31st day" in Cron.parse("0 9 31 * *").explain()
    assert "12th day" in Cron.parse("0 9 12 * *").explain()


# --- intervals ---------------------------------------------------------------------------------


def every(text, first, count, *, zone=UTC, after=None, window=None):
    start = at(first, zone)
    since = at(after, zone) if after else start - dt.timedelta(seconds=1)
    return walls(Every.parse(text).times(start, since, zone, window), zone, count)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("15 minutes", "15 minutes"), ("every 2 hours", "2 hours"), ("day", "1 day"),
        ("1w", "1 week"), ("6mo", "6 months"), ("Every 30 min", "30 minutes"), ("1 day", "1 day"),
    ],
)  # fmt: skip
def test_an_interval_is_read_as_people_write_it(text, kept):
    assert Every.parse(text).text == kept


@pytest.mark.parametrize("text", ["", "0 days", "-1 day", "5 fortnights", "99999999 days", "1.5 h"])
def test_an_interval_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="Say"):
        Every.parse(text)


def test_months_keep_the_31st_and_a_short_one_lends_its_last_day():
    assert every("1 month", "2026-01-31T08:00", 5) == [
        "01-31 08:00 +0", "02-28 08:00 +0", "03-31 08:00 +0", "04-30 08:00 +0", "05-31 08:00 +0",
    ]  # fmt: skip


def test_a_year_from_29_february_is_the_28th_until_the_next_leap_year():
    times = Every(12, "months").times(at("2024-02-29"), at("2024-02-28"), UTC)

    found = [f"{each:%Y-%m-%d}" for each in itertools.islice(times, 5)]

    assert found == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_hours_are_time_that_passes_and_days_keep_the_time_of_day():
    hours = every("6 hours", "2026-10-24T20:00", 3, zone=BERLIN)
    days = every("1 day", "2026-10-24T02:30", 3, zone=BERLIN)

    assert hours == ["10-24 20:00 +2", "10-25 02:00 +2", "10-25 07:00 +1"]
    assert days == ["10-24 02:30 +2", "10-25 02:30 +2", "10-26 02:30 +1"]


def test_a_daily_time_in_the_gap_comes_right_after_it_and_goes_back():
    found = every("1 day", "2026-03-28T02:30", 3, zone=BERLIN)

    assert found == ["03-28 02:30 +1", "03-29 03:00 +2", "03-30 02:30 +2"]


def test_times_are_counted_from_the_first_however_late_one_asks():
    assert every("45 minutes", "2026-01-01T00:10", 2, after="2026-06-01T00:00") == [
        "06-01 00:10 +0", "06-01 00:55 +0",
    ]  # fmt: skip
    assert every("2 weeks", "2026-01-05T09:00", 2, after="2026-02-02T09:00") == [
        "02-16 09:00 +0", "03-02 09:00 +0",
    ]  # fmt: skip


# --- active hours, start and end ---------------------------------------------------------------

OFFICE = Window(dt.time(8), dt.time(18), frozenset(range(5)))
NIGHT = Window(dt.time(22), dt.time(2), frozenset({4}))


def test_outside_of_active_hours_nothing_is_planned():
    found = walls(
        Cron.parse("0 */5 * * *").times(at("2026-11-20T00:00"), UTC, OFFICE), UTC, 3
    )  # a Friday

    assert found == ["11-20 10:00 +0", "11-20 15:00 +0", "11-23 10:00 +0"]


def test_an_interval_keeps_its_count_through_the_night():
    assert every("7 hours", "2026-11-20T08:00", 4, window=OFFICE) == [
        "11-20 08:00 +0", "11-20 15:00 +0", "11-23 13:00 +0", "11-24 10:00 +0",
    ]  # fmt: skip


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin():
    assert NIGHT.has(wall("2026-11-20T23:00"))
    assert NIGHT.has(wall("2026-11-21T01:00"))
    assert not NIGHT.has(wall("2026-11-21T23:00"))
    assert not NIGHT.has(wall("2026-11-20T01:00"))


@pytest.mark.parametrize("what", [Cron.parse("* 3 * * *"), Every(1, "days")])
def test_a_time_that_active_hours_never_have_is_found_out_at_once(what):
    rule = Rule(what, UTC, first=at("2026-11-20T03:00"), window=OFFICE)

    assert rule.next(at("2026-11-20T00:00")) is None


def test_nothing_comes_before_the_start_or_after_the_end():
    rule = Rule(
        Cron.parse("0 12 * * *"),
        UTC,
        first=at("2026-11-20"),
        start=at("2026-11-22T12:00"),
        end=at("2026-11-23T12:00"),
    )

    assert list(rule.after(at("2026-11-01"))) == [at("2026-11-22T12:00"), at("2026-11-23T12:00")]


def test_a_date_comes_once():
    rule = Rule(Once(at("2026-11-22T12:00")), UTC, first=at("2026-11-20"))

    assert list(rule.after(at("2026-11-20"))) == [at("2026-11-22T12:00")]
    assert rule.next(at("2026-11-22T12:00")) is None


def test_a_zone_is_known_by_its_name():
    assert zone_named("Europe/Berlin") == BERLIN
    for name in ("Berlin", "", "../etc/passwd", "UTC+2"):
        with pytest.raises(ValueError, match="time zone"):
            zone_named(name)
