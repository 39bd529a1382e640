"""The rows of a list of runs, drawn once: the same words are the same bytes, whoever asks.

A list of fifty is painted in about a millisecond: a row is made of strings, its markup is kept by
exactly those strings, and only its age is written in each time.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from statistics import median
from typing import Any, NamedTuple

from flask import current_app
from markupsafe import Markup, escape

from blueprints._shared.filters import ago, duration, zone
from models.run_state import RunState, RunStatus, RunType
from services.access import Actor
from services.runs import listing
from services.runs.listing import RunLine, RunPage
from services.runs.waiting import WaitingOn

NOTE_LIMIT = 200
TITLES: Mapping[RunType, str] = {
    RunType.GENERATE: "Generate",
    RunType.PREVIEW: "Preview",
    RunType.APPLY: "Apply",
    RunType.DESTROY: "Destroy",
    RunType.TASK: "Task",
    RunType.TEST: "Test",
}
_ENOUGH = 3
"""Runs of one kind on a page from which “usual” can be said."""

_AGE = "\x00age\x00"
"""Stands in a kept row where its age is written each time."""

_BAR = 44.0
_SIGNS = (
    ("add", "+", "create", "to create"),
    ("change", "~", "update", "to change"),
    ("destroy", "−", "delete", "to destroy"),
    ("replace", "±", "replace", "to replace"),
    ("import", "⇣", "import", "to import"),
    ("move", "→", "move", "to move"),
    ("forget", "⌀", "forget", "to forget"),
)


class Row(NamedTuple):
    """A run as its row writes it."""

    id: str
    number: int
    title: str
    state: Markup
    tags: str
    note: str
    note_url: str
    type: str
    place: str
    place_url: str
    workspace: str
    workspace_url: str
    source: str
    delta: Markup
    person: Markup
    trigger: str
    at: str
    at_exact: str
    ago: str
    time: Markup
    can: str
    why: str


class _Reader:
    """Who reads a page of rows: what they may do, worked out once for like rows; their zone."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._able: dict[tuple[Any, ...], str] = {}
        self._zone = zone()

    def able(self, line: RunLine) -> str:
        """The bulk actions the reader may do to a run now."""
        key = (
            listing.role_on(self._actor, line),
            line.state,
            line.worker_id is None,
            line.cancel_requested_at,
            line.archived_at is None,
        )
        if key not in self._able:
            self._able[key] = " ".join(listing.bulk_actions(self._actor, line))
        return self._able[key]

    def exact(self, at: dt.datetime) -> str:
        """The instant in the reader's zone."""
        return f"{at.astimezone(self._zone):%-d %b %Y, %H:%M:%S %Z}"


def rows(actor: Actor, found: RunPage) -> list[Row]:
    """The rows of a page of runs."""
    usual, reader = _usual(found.lines), _Reader(actor)
    return [
        _row(reader, line, found.waiting.get(line.id), usual.get((line.deployment_id, line.type)))
        for line in found.lines
    ]


def drawn(shown: Sequence[Row], *, columns: tuple[bool, bool, bool]) -> list[Markup]:
    """The rows as the table holds them; `columns`: whether boxes, stack, workspace are shown."""
    return [
        Markup(_drawn(row._replace(ago=_AGE), columns).replace(_AGE, escape(row.ago)))  # noqa: S704 - markup of our own template
        for row in shown
    ]


@lru_cache(maxsize=4096)
def _drawn(row: Row, columns: tuple[bool, bool, bool]) -> str:
    may_act, shows_stack, shows_workspace = columns
    return str(_draw("run_row", row, may_act, shows_stack, shows_workspace))


def rows_of(actor: Actor, lines: Sequence[RunLine]) -> list[Row]:
    """Rows of just these runs, for pages that name them."""
    reader = _Reader(actor)
    return [_row(reader, line, None, None) for line in lines]


def _row(reader: _Reader, line: RunLine, waiting: WaitingOn | None, usual_s: float | None) -> Row:
    project, stack, place = line.project_name, line.stack_name, line.workspace_name
    stack_url = f"/projects/{project}/stacks/{stack}"
    cancelling = line.cancel_requested_at is not None and line.is_working
    note, note_url = _note(line, waiting)
    return Row(
        id=line.id,
        number=line.number,
        title=line.message.split("\n", 1)[0] or _untitled(line),
        state=_part("state", "cancelling" if cancelling else line.state.value),
        tags=_tags(line),
        note=note,
        note_url=note_url,
        type=_type(line),
        place=f"{project} / {stack}",
        place_url=stack_url,
        workspace=place,
        workspace_url=f"{stack_url}/workspaces/{place}",
        source=_source(line),
        delta=_delta(tuple((line.changes or {}).get(key) or 0 for key, *_ in _SIGNS))
        if line.changes is not None
        else Markup(),
        person=_part("person", line.created_by_name, _kind_of_maker(line)),
        trigger="" if line.trigger_kind == "manual" else line.trigger_name or line.trigger_kind,
        at=line.created_at.isoformat(),
        at_exact=reader.exact(line.created_at),
        ago=ago(line.created_at),
        time=_time(line, usual_s),
        can=reader.able(line),
        why="already ended" if line.is_over else "at work" if line.is_working else "waiting",
    )


def _untitled(line: RunLine) -> str:
    return f"{_type(line)} of {line.stack_name} in {line.workspace_name}"


def _type(line: RunLine) -> str:
    if line.drift:
        return "Drift check" if line.type is RunType.PREVIEW else "Reconcile"
    if line.destroy and line.type is RunType.PREVIEW:
        return "Destroy preview"
    return TITLES[line.type]


def _tags(line: RunLine) -> str:
    tags = ["archived"] if line.archived_at else []
    if line.priority and not line.is_over:
        tags.append(f"priority {line.priority}")
    return " · ".join(tags)


def _note(line: RunLine, waiting: WaitingOn | None) -> tuple[str, str]:
    """One line that says why the run waits, or what went wrong with it."""
    if waiting is not None:
        return waiting.text, waiting.url or ""
    if line.status in {RunStatus.FAILED, RunStatus.TIMED_OUT} and line.error_text:
        return line.error_text.split("\n", 1)[0][:NOTE_LIMIT], ""
    return "", ""


def _source(line: RunLine) -> str:
    pin = line.pin or {}
    commit = str(pin.get("commit") or "")[:7]
    if commit:
        return f"{line.branch}@{commit}" if line.branch else commit
    return line.branch or ""


def _usual(lines: Sequence[RunLine]) -> dict[tuple[str, RunType], float]:
    """What is usual, told from the page itself: it costs no query, and it is about just these."""
    taken: dict[tuple[str, RunType], list[float]] = {}
    for line in lines:
        if line.state is RunState.FINISHED and line.worked_s:
            taken.setdefault((line.deployment_id, line.type), []).append(line.worked_s)
    return {key: median(each) for key, each in taken.items() if len(each) >= _ENOUGH}


def _time(line: RunLine, usual_s: float | None) -> Markup:
    """The time at work, as a bar against the usual; only numbers and our own words are in it."""
    seconds = line.seconds
    if not seconds:
        return Markup()
    text = duration(seconds)
    if line.is_working:
        since = (line.state_since - dt.timedelta(seconds=line.worked_s)).isoformat()
        text = f'<span data-ticking data-started="{since}">{text}</span>'
    tip = f' title="usually {duration(usual_s)}"' if usual_s else ""
    bar = _bar(seconds, usual_s) if usual_s else ""
    # Its parts are escaped.
    return Markup(f'<span class="usual"{tip}>{bar}<span class="tabular">{text}</span></span>')  # noqa: S704


def _bar(seconds: float, usual_s: float) -> str:
    kind = "bar-late" if seconds > 1.5 * usual_s else "bar"
    width = min(_BAR, max(1.5, _BAR / 2 * seconds / usual_s))
    return (
        '<svg viewBox="0 0 44 6" aria-hidden="true">'
        f'<rect class="{kind}" width="{width:.1f}" height="6"/>'
        '<rect class="mark" x="21.5" width="1" height="6"/></svg>'
    )


# Parts that many rows share are drawn once per process: the same words are the same bytes.


@lru_cache(maxsize=2048)
def _delta(counts: tuple[int, ...]) -> Markup:
    return _draw("delta", dict(zip((key for key, *_ in _SIGNS), counts, strict=True)))


@lru_cache(maxsize=4096)
def _part(name: str, *arguments: Any) -> Markup:
    return _draw(name, *arguments)


_FILES = {
    "state": "components/state.html",
    "person": "components/person.html",
    "delta": "components/delta.html",
    "run_row": "runs/_row.html",
}


def _draw(name: str, *arguments: Any) -> Markup:
    module = current_app.jinja_env.get_template(_FILES[name]).module
    macro: Callable[..., Markup] = getattr(module, name)
    return macro(*arguments)


def _kind_of_maker(line: RunLine) -> str:
    return line.created_by_kind if line.created_by_id else "system"
