"""When: what somebody asks for, made into the columns of a schedule, and those into a rule."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lib import clock
from lib.recurrence import DAYS, Cron, Every, Once, Rule, Window, settle, zone_named, zone_or_utc
from models.schedule import Schedule
from services.fields import Fields

WAYS = ("cron", "every", "at")
SHOWN = 10
MOST_RUNS = 1_000_000
_DAY_IS_OVER = dt.timedelta(days=1) - dt.timedelta(microseconds=1)


def read(fields: Fields, given: Mapping[str, Any], first_at: dt.datetime | None) -> dict[str, Any]:
    """The columns that say when. `first_at` is where an interval has been counted from so far.

    Times without a zone are of the schedule's own; a date is its beginning, as an end its end.
    """
    zone = _zone(fields, given.get("timezone") or "UTC")
    chosen = [way for way in WAYS if given.get(way) not in (None, "")]
    columns: dict[str, Any] = dict.fromkeys(WAYS)
    if len(chosen) != 1:
        wrong = chosen[-1] if chosen else "cron"
        fields.add(wrong, "Say when: either cron, every or at, and only one of them.")
    else:
        way = chosen[0]
        columns[way] = _WAYS[way](fields, given[way], zone)
    start = _instant(fields, "start", given.get("start"), zone)
    end_at, end_after = _end(fields, given.get("end"), zone)
    if start and end_at and end_at < start:
        fields.add("end", "The end comes before the start.")
    return {
        **columns,
        "timezone": str(given.get("timezone") or "UTC"),
        "first_at": start or first_at or clock.now().replace(second=0, microsecond=0),
        "start_at": start,
        "end_at": end_at,
        "end_after": end_after,
        "active": _active(fields, given.get("active")),
    }


def rule_of(row: Schedule | Mapping[str, Any]) -> Rule:
    """The rule that a schedule (or its columns) follows."""
    got = row if isinstance(row, Mapping) else {name: getattr(row, name) for name in COLUMNS}
    what: Cron | Every | Once
    if got["cron"]:
        what = Cron(got["cron"])
    elif got["every"]:
        what = Every.parse(got["every"])
    else:
        what = Once(got["at"])
    return Rule(
        what=what,
        zone=zone_or_utc(got["timezone"]),
        first=got["first_at"],
        start=got["start_at"],
        end=got["end_at"],
        window=_window(got["active"]),
    )


def lost_zone(row: Schedule) -> str:
    """The sentence about a zone that was known when it was chosen and is no more, or ''.

    Names leave the tables now and then, and another machine has other tables. Until another is
    chosen its times are reckoned in UTC, so that they can be shown, and start nothing.
    """
    try:
        zone_named(row.timezone)
    except ValueError:
        return f"The time zone “{row.timezone}” is not known here any more; choose another."
    return ""


COLUMNS = (*WAYS, "timezone", "first_at", "start_at", "end_at", "end_after", "active")
"""The columns of a schedule that say when."""


def first_time(columns: Mapping[str, Any], fired: int, now: dt.datetime) -> dt.datetime | None:
    """The next planned time of a schedule that has made `fired` runs, or None."""
    left = columns["end_after"]
    if left is not None and fired >= left:
        return None
    return rule_of(columns).next(now)


def upcoming(row: Schedule, count: int = SHOWN) -> list[dt.datetime]:
    """The next planned times of a schedule, none while it is paused or over."""
    if row.next_fire_at is None or row.paused_at is not None:
        return []
    return [row.next_fire_at, *_some(rule_of(row), row.next_fire_at, _left(row, count) - 1)]


def preview(columns: Mapping[str, Any], count: int = SHOWN) -> list[dt.datetime]:
    """The first planned times of a schedule that is still being thought up."""
    most = count if columns["end_after"] is None else min(count, columns["end_after"])
    return _some(rule_of(columns), clock.now(), most)


@dataclass(frozen=True)
class Look:
    """What comes of times that are being typed; `problems` has a sentence per field instead."""

    times: list[dt.datetime]
    words: str
    hint: str
    problems: Mapping[str, str]


def look(when: Mapping[str, Any], row: Schedule | None = None) -> Look:
    """The times that somebody is typing, and what they might not expect of them."""
    fields = Fields()
    columns = read(fields, when, row.first_at if row and row.every == when.get("every") else None)
    if fields.problems:
        return Look([], "", "", fields.problems)
    return Look(preview(columns), words_of(columns), hint(columns), {})


def words_of(row: Schedule | Mapping[str, Any]) -> str:
    """When it happens, in English: “At 01:30 every day”."""
    return rule_of(row).explain()


def hint(columns: Mapping[str, Any]) -> str:
    """What somebody might not expect of these times, or ''."""
    if columns["cron"] and Cron(columns["cron"]).skips_months:
        return (
            "Months without that day are left out. Write L for the last day of every month, or "
            "choose an interval of months: it takes the last day where a month is too short."
        )
    return ""


def _left(row: Schedule, count: int) -> int:
    return count if row.end_after is None else min(count, row.end_after - row.fired_count)


def _some(rule: Rule, after: dt.datetime, count: int) -> list[dt.datetime]:
    return list(islice(rule.after(after), max(count, 0)))


def _zone(fields: Fields, name: Any) -> dt.tzinfo:
    try:
        return zone_named(str(name))
    except ValueError as error:
        fields.add("timezone", str(error))
        return dt.UTC


def _cron(fields: Fields, value: Any, _zone: dt.tzinfo) -> str | None:
    try:
        text = Cron.parse(str(value)).text
    except ValueError as error:
        fields.add("cron", str(error))
        return None
    if len(text) > 255:
        fields.add("cron", "At most 255 characters, please.")
    return text


def _every(fields: Fields, value: Any, _zone: dt.tzinfo) -> str | None:
    if isinstance(value, Mapping) and len(value) == 1:
        unit, number = next(iter(value.items()))
        value = f"{number} {unit}"
    try:
        return Every.parse(str(value)).text
    except ValueError as error:
        fields.add("every", str(error))
        return None


def _at(fields: Fields, value: Any, zone: dt.tzinfo) -> dt.datetime | None:
    return _instant(fields, "at", value, zone)


_WAYS = {"cron": _cron, "every": _every, "at": _at}


def _instant(
    fields: Fields, name: str, value: Any, zone: dt.tzinfo, *, ends: bool = False
) -> dt.datetime | None:
    """An instant from a text; a date alone means its beginning, or its end."""
    if value in (None, ""):
        return None
    if isinstance(value, dt.datetime):
        return value
    try:
        read_ = dt.datetime.fromisoformat(str(value).strip())
        if read_.tzinfo is not None:
            return read_.astimezone(dt.UTC)
        is_date = len(str(value).strip()) == 10
        found = settle(read_, zone)
        return found + _DAY_IS_OVER if is_date and ends else found
    except (ValueError, OverflowError):
        fields.add(name, "Give a date, or a date and a time such as 2026-12-24T18:00.")
        return None


def _end(fields: Fields, value: Any, zone: dt.tzinfo) -> tuple[dt.datetime | None, int | None]:
    """(instant, number of runs): one of them, or neither."""
    if isinstance(value, int) or (isinstance(value, str) and value.strip().isdigit()):
        text = str(value).strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
        return None, fields.whole("end", number, 1, MOST_RUNS)
    return _instant(fields, "end", value, zone, ends=True), None


def _active(fields: Fields, value: Any) -> dict[str, Any] | None:
    """Active hours as they are kept: from, until, days."""
    if not value:
        return None
    if not isinstance(value, Mapping) or not value.keys() <= {"from", "until", "days"}:
        fields.add("active", "Say from, until and days, such as 08:00, 18:00 and mon to fri.")
        return None
    days = _weekdays(fields, value.get("days"))
    kept = {
        "from": _clock(fields, value.get("from")),
        "until": _clock(fields, value.get("until")),
        "days": days,
    }
    is_always = kept["from"] == kept["until"] and len(days) == len(DAYS)
    return None if is_always else kept


def _weekdays(fields: Fields, value: Any) -> list[str]:
    if not value:
        return list(DAYS)
    names = [str(day).lower()[:3] for day in value] if isinstance(value, Sequence) else []
    if isinstance(value, str) or not names or not set(names) <= set(DAYS):
        fields.add("active", f"Of days there are {', '.join(DAYS)}.")
        return list(DAYS)
    return [day for day in DAYS if day in names]


def _clock(fields: Fields, value: Any) -> str:
    try:
        text = str(value or "00:00").strip()
        return f"{dt.time.fromisoformat('00:00' if text == '24:00' else text):%H:%M}"
    except ValueError:
        fields.add("active", "Give the hours as 08:00.")
        return "00:00"


def _window(active: Mapping[str, Any] | None) -> Window | None:
    if active is None:
        return None
    return Window(
        opens=dt.time.fromisoformat(active["from"]),
        closes=dt.time.fromisoformat(active["until"]),
        days=frozenset(DAYS.index(day) for day in active["days"]),
    )
