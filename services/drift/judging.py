"""What a drift check found, without what is not to be minded. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MOST_ITEMS = 50
MOST_ATTRIBUTES = 20
DEEPEST = 12
Path = tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """How many things have drifted, the first of them, and how many were left out by rules."""

    count: int
    items: Sequence[Mapping[str, Any]]
    ignored: int


def judge(records: Iterable[Mapping[str, Any]], rules: Sequence[Mapping[str, str]]) -> Finding:
    """What is left of a change document's drift, once the rules are applied.

    A rule with an attribute leaves out that attribute; a thing of which nothing is left is left
    out. A rule without one leaves out the thing, also when it was deleted.
    """
    items: list[Mapping[str, Any]] = []
    count = ignored = 0
    for record in records:
        left = _left(record, rules)
        if left is None:
            ignored += 1
            continue
        count += 1
        if len(items) < MOST_ITEMS:
            items.append({
                "address": str(record.get("address", "")),
                "action": str(record.get("action", "")),
                "attributes": left[:MOST_ATTRIBUTES],
            })  # fmt: skip
    return Finding(count, items, ignored)


def changed(before: Any, after: Any) -> list[str]:
    """The attributes that differ, as dotted paths such as `tags.Owner` or `rule.0.port`."""
    return [".".join(path) for path in _differing(before, after, ())]


def matches(pattern: str, text: str) -> bool:
    """Whether the text is of the pattern, in which `*` is anything and `?` one character."""
    return _compiled(pattern).fullmatch(text) is not None


def _left(record: Mapping[str, Any], rules: Sequence[Mapping[str, str]]) -> list[str] | None:
    """The attributes that count, or None when the thing does not."""
    address = str(record.get("address", ""))
    mine = [rule for rule in rules if matches(rule["address"], address)]
    if any(not rule.get("attribute") for rule in mine):
        return None
    if record.get("action") != "update":
        return []
    found = changed(record.get("before"), record.get("after"))
    found += [".".join(map(str, path)) for path in record.get("sensitive_changed", ())]
    left = [path for path in found if not any(_covers(rule["attribute"], path) for rule in mine)]
    return left if left or not found else None


def _covers(pattern: str, path: str) -> bool:
    """Whether the pattern names this attribute or one that it is a part of."""
    parts = path.split(".")
    return any(matches(pattern, ".".join(parts[: n + 1])) for n in range(len(parts)))


def _differing(before: Any, after: Any, path: Path) -> Iterator[Path]:
    if before == after:
        return
    if len(path) < DEEPEST and isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}, key=str):
            yield from _differing(before.get(name), after.get(name), (*path, str(name)))
    elif len(path) < DEEPEST and _are_alike(before, after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from _differing(*pair, (*path, str(number)))
    else:
        yield path


def _are_alike(before: Any, after: Any) -> bool:
    """Whether these are lists of one length, to be compared place by place."""
    return isinstance(before, list) and isinstance(after, list) and len(before) == len(after)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL)
