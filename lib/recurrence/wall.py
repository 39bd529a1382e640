"""What the clock on the wall shows, and when that is.

Twice a year a wall clock jumps in most zones. A time in the gap never comes; a time in the fold
comes twice. Both are answered here, and nowhere else.
"""

import datetime as dt
import zoneinfo


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """The zone with this IANA name.

    Raises:
        ValueError: with a sentence, when there is none.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            "There is no such time zone. Use a name such as Europe/Berlin or UTC."
        ) from None


def zone_or_utc(name: str) -> dt.tzinfo:
    """The zone with this name, or UTC when this machine does not know it (any more)."""
    try:
        return zone_named(name)
    except ValueError:
        return dt.UTC


def local(instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """What the wall clock shows at an instant, without its zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def instants(wall: dt.datetime, zone: dt.tzinfo) -> list[dt.datetime]:
    """The instants at which the clock shows this, in order: none in a gap, two in a fold."""
    both = sorted({_utc(wall, zone, fold) for fold in (0, 1)})
    return [instant for instant in both if local(instant, zone) == wall]


def settle(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The one instant meant by a time of day: the first of two, or right after the gap."""
    found = instants(wall, zone)
    return found[0] if found else _end_of_gap(wall, zone)


def _utc(wall: dt.datetime, zone: dt.tzinfo, fold: int) -> dt.datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC)


def _end_of_gap(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The first instant after the jump: in a gap, the two readings stand on either side of it."""
    before, after = (_utc(wall, zone, fold) for fold in (1, 0))
    offset = after.astimezone(zone).utcoffset()
    while after - before > dt.timedelta(seconds=1):
        middle = before + dt.timedelta(seconds=(after - before).total_seconds() // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
