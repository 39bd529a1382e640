"""Times that come again: cron lines, intervals and single dates, on the clocks of a time zone."""

from lib.recurrence.cron import Cron
from lib.recurrence.interval import UNITS, Every
from lib.recurrence.rule import Once, Rule
from lib.recurrence.wall import local, settle, zone_named, zone_or_utc
from lib.recurrence.window import DAYS, Window

__all__ = [
    "DAYS",
    "UNITS",
    "Cron",
    "Every",
    "Once",
    "Rule",
    "Window",
    "local",
    "settle",
    "zone_named",
    "zone_or_utc",
]
