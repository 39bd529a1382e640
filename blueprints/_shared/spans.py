"""Lengths of time as people type them: “90 s”, “30 min”, “12 h”, “2 d”."""

import re

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d{1,9})\s*([a-z]*)")


def write(seconds: int | None) -> str:
    """The length in the largest unit that it is a whole number of; nothing for none."""
    if seconds is None:
        return ""
    for unit in ("d", "h", "min"):
        if seconds and seconds % UNITS[unit] == 0:
            return f"{seconds // UNITS[unit]} {unit}"
    return f"{seconds} s"


def read(text: str) -> int | None:
    """The length in seconds, or None for nothing.

    Raises:
        ValueError: with a sentence, when it cannot be read.
    """
    text = text.strip().lower()
    if not text:
        return None
    match = _SPAN.fullmatch(text)
    if match is None or (match[2] or "s") not in UNITS:
        raise ValueError("Write a length of time such as “90 s”, “30 min”, “12 h” or “2 d”.")
    return int(match[1]) * UNITS[match[2] or "s"]
