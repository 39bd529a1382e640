"""Which runs a list shows: one reading of the query for pages, the API and the command line."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from lib import clock, ids
from models.run_state import RunState, RunStatus, RunType, states_of
from services.errors import Invalid
from services.fields import storable

LONGEST_VALUE = 255
_AGES = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,4})([mhdw])")
E = TypeVar("E", bound=StrEnum)


class TriggerKind(StrEnum):
    """What starts runs."""

    MANUAL = "manual"
    API = "api"
    SCHEDULE = "schedule"
    EMAIL = "email"
    VCS = "vcs"
    DEPENDENCY = "dependency"
    DRIFT = "drift"
    TTL = "ttl"


class Archived(StrEnum):
    """Whether archived runs are left out, shown alone, or shown among the others."""

    NO = "false"
    YES = "true"
    ANY = "any"


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """What a list is narrowed to; an empty field narrows nothing.

    `stack` is a name, or `project/stack`. `created_by` is a user's id, e-mail address or name.
    `since` and `until` bound the time at which runs were made.
    """

    project: str | None = None
    stack: str | None = None
    workspace: str | None = None
    type: tuple[RunType, ...] = ()
    status: tuple[RunStatus, ...] = ()
    state: tuple[RunState, ...] = ()
    trigger: tuple[TriggerKind, ...] = ()
    created_by: str | None = None
    branch: str | None = None
    drift: bool | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    archived: Archived = Archived.NO
    q: str | None = None

    @property
    def states(self) -> frozenset[RunState] | None:
        """The states that `status` and `state` leave, or None when neither is given."""
        chosen = [frozenset(self.state)] if self.state else []
        if self.status:
            chosen.append(frozenset().union(*map(states_of, self.status)))
        return frozenset.intersection(*chosen) if chosen else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is narrowed."""
        return self == RunFilter()


NAMES = tuple(field.name for field in fields(RunFilter))
"""The names that stand in a query."""


def parse(query: Mapping[str, Iterable[str]]) -> RunFilter:
    """The filter that a query asks for; names of other things, such as `cursor`, are passed over.

    Several values of a name are given by repeating it or by commas. Empty ones count as not given.

    Raises:
        Invalid: with a sentence per field.
    """
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, read in _READERS.items():
        given = [text.strip() for text in query.get(name, ()) if text.strip()]
        try:
            if given:
                found[name] = read(given)
        except ValueError as problem:
            problems[name] = str(problem)
    if problems:
        raise Invalid(problems)
    return RunFilter(**found)


def _text(given: Sequence[str]) -> str:
    if len(given) > 1:
        raise ValueError("Say this only once.")
    if len(given[0]) > LONGEST_VALUE or not storable(given[0]):
        raise ValueError(f"Say at most {LONGEST_VALUE} ordinary characters.")
    return given[0]


def _place(given: Sequence[str]) -> str:
    text = _text(given)
    if not all(ids.SLUG_PATTERN.fullmatch(part) for part in text.split("/", 1)):
        raise ValueError("Say a name, such as “web” (of a stack also “payments/web”).")
    return text


def _choices(enumeration: type[E]) -> Callable[[Sequence[str]], tuple[E, ...]]:
    # Both spellings of one word are about, and mean the same here.
    spelling = {"cancelled": "canceled", "canceled": "cancelled"}
    values = {member.value: member for member in enumeration}

    def read(given: Sequence[str]) -> tuple[E, ...]:
        words = [word for text in given for word in text.lower().split(",") if word]
        chosen = [values.get(word) or values.get(spelling.get(word, "")) for word in words]
        if not all(chosen):
            raise ValueError(f"Say one or more of: {', '.join(values)}.")
        return tuple(dict.fromkeys(member for member in chosen if member))

    return read


def _flag(given: Sequence[str]) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[_text(given).lower()]
    except KeyError:
        raise ValueError("Say true or false.") from None


def _archived(given: Sequence[str]) -> Archived:
    words = {"1": "true", "0": "false", "all": "any", "only": "true"}
    text = _text(given).lower()
    try:
        return Archived(words.get(text, text))
    except ValueError:
        raise ValueError("Say false, true (only archived ones) or any.") from None


def _instant(given: Sequence[str]) -> dt.datetime:
    text = _text(given)
    age = _AGE.fullmatch(text)
    try:
        if age:
            return clock.now() - dt.timedelta(**{_AGES[age[2]]: int(age[1])})
        at = dt.datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            "Say a time such as 2026-11-21T14:00:00Z, a date, or an age such as 24h or 7d."
        ) from None


_READERS: Mapping[str, Callable[[Sequence[str]], Any]] = {
    "project": _place,
    "stack": _place,
    "workspace": _place,
    "type": _choices(RunType),
    "status": _choices(RunStatus),
    "state": _choices(RunState),
    "trigger": _choices(TriggerKind),
    "created_by": _text,
    "branch": _text,
    "drift": _flag,
    "since": _instant,
    "until": _instant,
    "archived": _archived,
    "q": _text,
}
