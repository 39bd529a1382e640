"""What templates can do: times, sizes, ids. Macros draw with them."""

import datetime as dt
import zoneinfo
from functools import lru_cache
from typing import Any

import flask_login
from flask import Flask, request, url_for
from jinja2 import StrictUndefined

from blueprints._shared.current import Crumb, Current
from lib import clock

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (86_400 * 30, 86_400, "d"))
UNITS = ("B", "KB", "MB", "GB", "TB")


def install(app: Flask) -> None:
    """Give the filters and globals to the app's templates, which are strict about unknown names."""
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.filters |= {"ago": ago, "exact": exact, "duration": duration, "bytes": byte_size}
    env.globals |= {
        "current": Current(),
        "crumb": Crumb,
        "dom_id": dom_id,
        "url_with": url_with,
        "now": clock.now,
        "has_endpoint": lambda name: name in app.view_functions,
        "run_url": run_url,
    }


def ago(at: dt.datetime) -> str:
    """How long ago, or how soon: “3 min ago”, “in 2 h”; after a month the date."""
    seconds = (clock.now() - at).total_seconds()
    for below, unit, word in _STEPS:
        if abs(seconds) < below:
            number = int(abs(seconds) // unit)
            if word == "s" and number < 2:
                return "just now"
            return f"{number} {word} ago" if seconds > 0 else f"in {number} {word}"
    return f"{_local(at):%-d %b %Y}"


def exact(at: dt.datetime) -> str:
    """The instant in the visitor's zone, which is named: “21 Nov 2026, 14:02:11 CET”."""
    return f"{_local(at):%-d %b %Y, %H:%M:%S %Z}"


def duration(seconds: float) -> str:
    """A length of time: “0.4 s”, “41 s”, “1 m 12 s”, “3 h 5 m”, “2 d 4 h”."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if not minutes:
        return f"{whole} s"
    if not hours:
        return f"{minutes} m {whole % 60} s"
    return f"{days} d {hours % 24} h" if days else f"{hours} h {minutes % 60} m"


def byte_size(count: float) -> str:
    """A size: “812 B”, “1.4 MB”."""
    size, unit = float(count), 0
    while size >= 999.5 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    shown = f"{size:.0f}" if unit == 0 or size >= 99.5 else f"{size:.1f}"
    return f"{shown} {UNITS[unit]}"


def dom_id(thing: Any, part: str = "") -> str:
    """The stable id of a thing's fragment: `run-01j…-summary`."""
    noun = getattr(thing, "__tablename__", type(thing).__name__.lower())
    base = f"{noun}-{thing.id}"
    return f"{base}-{part}" if part else base


def run_url(run: Any) -> str:
    """The page of a run, or of what has its id."""
    return f"/runs/{run.id}"


def url_with(**changes: Any) -> str:
    """The present page's URL with some of its query changed; None takes a name out.

    A changed filter begins at the first page, so the cursor goes unless it is given.
    """
    query: dict[str, Any] = request.args.to_dict(flat=False)
    query.pop("cursor", None)
    query |= changes
    kept = {name: value for name, value in query.items() if value not in (None, "", [])}
    return url_for(request.endpoint or "", **((request.view_args or {}) | kept))


def zone() -> dt.tzinfo:
    """The visitor's zone."""
    visitor = flask_login.current_user
    return _zone(visitor.user.timezone if visitor and visitor.is_authenticated else "UTC")


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(zone())


@lru_cache(maxsize=64)
def _zone(name: str) -> dt.tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return dt.UTC
