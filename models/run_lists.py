"""Selects for lists of runs: quick at any number of runs, because each walks one index.

A list reads backwards along an index that ends in the run's id. Where a filter allows several
values (five states are *pending*), each value has its own walk, an arm, and the arms are merged:
a single walk along another index would pass over all the runs that do not match.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all

from lib import ids
from models.project import Project, Stack, Workspace
from models.run import Run
from models.run_content import RunOutput
from models.run_state import RunState
from models.user import User

_CLOCKS_APART = dt.timedelta(minutes=5)


def lines(
    names: Sequence[str],
    where: Sequence[ColumnElement[bool]],
    arms: Sequence[ColumnElement[bool]],
    *,
    newest_first: bool,
    limit: int,
    by_end: bool = False,
) -> Select[Any]:
    """The named columns of the runs that match `where`, and one of `arms` if there are any.

    They are ordered by when they were made, or (`by_end`) by when they ended.
    """
    chosen = _columns(tuple(names))
    keys: list[Any] = [Run.finished_at, Run.id] if by_end else [Run.id]
    order = [key.desc() if newest_first else key.asc() for key in keys]
    if not arms:
        return chosen.where(*where).order_by(*order).limit(limit)
    walks = [
        select(Run.id).where(arm, *where).order_by(*order).limit(limit).subquery() for arm in arms
    ]
    if len(walks) == 1:
        return chosen.where(arms[0], *where).order_by(*order).limit(limit)
    found = union_all(*(select(walk.c.id) for walk in walks)).subquery()
    return chosen.where(Run.id.in_(select(found.c.id))).order_by(*order).limit(limit)


def ended() -> ColumnElement[bool]:
    """The runs that have ended."""
    return Run.finished_at.is_not(None)


def ended_beyond(at: dt.datetime, run_id: str, *, earlier: bool) -> ColumnElement[bool]:
    """The runs that ended before (or after) this one did; its id decides between equals."""
    ends = Run.finished_at
    if earlier:
        return and_(ends <= at, or_(ends < at, Run.id < run_id))
    return and_(ends >= at, or_(ends > at, Run.id > run_id))


@lru_cache
def _columns(names: tuple[str, ...]) -> Select[Any]:
    return select(*(getattr(Run, name) for name in names))


def whole(run_ids: Sequence[str]) -> Select[Run]:
    """Just these runs, whole."""
    return select(Run).where(Run.id.in_(run_ids))


def outputs(run_ids: Sequence[str]) -> Select[RunOutput]:
    """The outputs of these runs, by name."""
    return select(RunOutput).where(RunOutput.run_id.in_(run_ids)).order_by(RunOutput.name)


def nth(where: Sequence[ColumnElement[bool]], n: int) -> Select[str]:
    """The id of the n-th newest run that matches: how far back a search by text looks at once."""
    return select(Run.id).where(*where).order_by(Run.id.desc()).offset(n).limit(1)


def older_than(run_id: str) -> ColumnElement[bool]:
    """The runs made before this one."""
    return Run.id < run_id


def newer_than(run_id: str) -> ColumnElement[bool]:
    """The runs made after this one."""
    return Run.id > run_id


def not_older_than(run_id: str) -> ColumnElement[bool]:
    """This run, and those made after it."""
    return Run.id >= run_id


def among(run_ids: Iterable[str]) -> ColumnElement[bool]:
    """Just these runs."""
    return Run.id.in_(list(run_ids))


def in_state(state: RunState) -> ColumnElement[bool]:
    """The runs in a state."""
    return Run.state == state


def of(column: str, value: str) -> ColumnElement[bool]:
    """The runs of one project, stack, workspace, deployment or person: by the name of a column."""
    condition: ColumnElement[bool] = getattr(Run, column) == value
    return condition


def of_any(column: str, values: Sequence[str]) -> ColumnElement[bool]:
    """The runs of any of several places or people."""
    return _one_of(getattr(Run, column), values)


def one_of_states(states: Sequence[RunState]) -> ColumnElement[bool]:
    """The runs in one of these states."""
    return _one_of(Run.state, states)


def with_words(text: str) -> list[ColumnElement[bool]]:
    """The runs in which every word is found; `#12` is the run of that number and no other."""
    return [_with_word(word) for word in text.lower().split()]


def _with_word(word: str) -> ColumnElement[bool]:
    if word.startswith("#") and word[1:].isdecimal() and len(word) < 10:
        # Through the index of numbers, project by project; there are few of those.
        return Run.number.__eq__(int(word[1:])) & Run.project_id.in_(select(Project.id))
    return Run.search.contains(word, autoescape=True)


def is_number(text: str) -> bool:
    """Whether a search names runs by number alone, which an index finds at once."""
    return all(word.startswith("#") and word[1:].isdecimal() for word in text.split())


def _since(at: dt.datetime) -> ColumnElement[bool]:
    return (Run.created_at >= at) & (Run.id >= ids.floor(at - _CLOCKS_APART))


def _until(at: dt.datetime) -> ColumnElement[bool]:
    return (Run.created_at < at) & (Run.id < ids.floor(at + _CLOCKS_APART))


def _one_of(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (
        column == values[0] if len(values) == 1 else column.in_(list(values))
    )
    return condition


CONDITIONS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "type": partial(_one_of, Run.type),
    "trigger": lambda values: _one_of(Run.trigger_kind, [value.value for value in values]),
    "branch": lambda value: Run.branch == value,
    "drift": Run.drift.is_,
    "since": _since,
    "until": _until,
}
"""What a field of a filter means, for those fields that need no look elsewhere."""


def archived(*, yes: bool) -> ColumnElement[bool]:
    """The runs that are archived, or those that are not."""
    return Run.archived_at.is_not(None) if yes else Run.archived_at.is_(None)


def project_ids(name: str) -> Select[str]:
    """The id of the project of this name."""
    return select(Project.id).where(Project.name == name)


def workspace_ids(name: str) -> Select[str]:
    """The id of the workspace of this name."""
    return select(Workspace.id).where(Workspace.name == name)


def stack_ids(name: str, project: str | None) -> Select[str]:
    """The ids of the stacks of this name, of one project or of all."""
    named = select(Stack.id).where(Stack.name == name)
    return named.where(Stack.project_name == project) if project else named


def user_ids(words: str) -> Select[str]:
    """The ids of the people with this id, e-mail address or name."""
    return select(User.id).where(
        or_(
            User.id == words,
            User.email == words.lower(),
            func.lower(User.name) == words.lower(),
        )
    )
