"""Names for files that came by mail: what a sender calls them is never used as a path."""

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 100
_KEPT = re.compile(r"[^\w.+-]+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def safe(name: str) -> str:
    """A plain file name: no folder, no leading dot or hyphen, letters, digits, `._+-`."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))[-1]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    plain = _KEPT.sub("_", plain).lstrip(".-_ ").rstrip(". ")
    stem, dot, suffix = plain.rpartition(".")
    if len(plain) > LONGEST:
        suffix = suffix[:20] if dot else ""
        plain = f"{(stem or plain)[: LONGEST - 21]}{dot}{suffix}"
    if not plain or _DEVICES.fullmatch(plain):
        return f"file_{plain}".rstrip("_")
    return plain


def distinct(names: Sequence[str]) -> list[str]:
    """Safe names of which no two are the same, not even without case."""
    taken: set[str] = set()
    given = []
    for name in names:
        candidate, number = safe(name), 1
        while candidate.lower() in taken:
            number += 1
            candidate = f"{number}_{safe(name)}"
        taken.add(candidate.lower())
        given.append(candidate)
    return given
