"""Lists of runs: a page by key, in either direction, never counted, of what the actor may see."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select

from lib import clock
from models import run_lists
from models.member import Role
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_state import FINAL, STATUS, WORKING, RunState, RunStatus, RunType
from services.access import ROLES, Actor, role_at, visible
from services.page import LONGEST_PAGE
from services.runs.actions import VERBS
from services.runs.filters import Archived, RunFilter
from services.runs.manage import BULK_ACTIONS, BULK_LIMIT
from services.runs.waiting import WaitingOn, explain
from services.transaction import session

Scope = Project | Stack | Workspace | Deployment | None
SEARCHED_AT_ONCE = 20_000
"""How many runs one page of a search by text looks at, so that none takes long."""

_MOST_ARMS = 32
_COLUMN_OF: Mapping[type, str] = {
    Project: "project_id",
    Stack: "stack_id",
    Workspace: "workspace_id",
    Deployment: "deployment_id",
}


class RunLine(NamedTuple):
    """A run as lists show it: read as columns, which costs a third of reading whole objects.

    The names are those of `Run`, so that what looks at a run's state can look at this, too.
    """

    id: str
    number: int
    project_id: str
    stack_id: str
    workspace_id: str
    deployment_id: str
    project_name: str
    stack_name: str
    workspace_name: str
    type: RunType
    state: RunState
    version: int
    message: str
    destroy: bool
    drift: bool
    priority: int
    trigger_kind: str
    trigger_name: str
    created_by_kind: str
    created_by_id: str | None
    created_by_name: str
    created_at: dt.datetime
    state_since: dt.datetime
    finished_at: dt.datetime | None
    archived_at: dt.datetime | None
    branch: str | None
    pin: Any
    changes: Any
    error_text: str | None
    cancel_requested_at: dt.datetime | None
    cancel_grace_s: int
    force_requested_at: dt.datetime | None
    worked_s: float
    worker_id: str | None
    base_state_id: str | None

    @property
    def status(self) -> RunStatus:
        """The coarse form of the state."""
        return STATUS[self.state]

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self.state in FINAL

    @property
    def is_working(self) -> bool:
        """Whether a worker is at it."""
        return self.state in WORKING

    @property
    def seconds(self) -> float:
        """Its time at work so far; waiting does not count."""
        if not self.is_working:
            return self.worked_s
        return self.worked_s + max(0.0, (clock.now() - self.state_since).total_seconds())


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after this run, towards older or newer ones."""

    run_id: str
    newer: bool = False


@dataclass(frozen=True)
class RunPage:
    """A page of a list, newest first. `older` and `newer` are where its neighbours begin, or None.

    `is_cut` says that a search by text did not look at all runs yet; `older` goes on with it.
    """

    lines: Sequence[RunLine]
    older: Cursor | None = None
    newer: Cursor | None = None
    is_cut: bool = False
    waiting: Mapping[str, WaitingOn] = field(default_factory=dict)


def page(
    actor: Actor,
    narrowed: RunFilter,
    *,
    scope: Scope = None,
    cursor: Cursor | None = None,
    limit: int = 50,
) -> RunPage:
    """One page of the runs that the actor sees, in `scope`, as the filter narrows them.

    Two queries, and a few more when a run on the page waits. `limit` is held between 1 and 200.
    """
    found = where(actor, narrowed, scope)
    if found is None:
        return RunPage(())
    limit = max(1, min(limit, LONGEST_PAGE))
    newer = cursor is not None and cursor.newer
    horizon = None if newer else _horizon(found, narrowed, cursor)
    rows = _read(found.from_here(cursor, horizon), newest_first=not newer, limit=limit + 1)
    if newer and len(rows) <= limit:  # The newest page is always full, whence ever one comes.
        return page(actor, narrowed, scope=scope, limit=limit)
    return _page(rows, limit, cursor, horizon)


def matching(actor: Actor, narrowed: RunFilter, *, scope: Scope = None) -> tuple[list[str], bool]:
    """The ids of all runs that match, and whether there are more than a bulk action takes."""
    found = where(actor, narrowed, scope)
    if found is None:
        return [], False
    horizon = _horizon(found, narrowed, None)
    here = found.from_here(None, horizon)
    rows = session().scalars(
        run_lists.lines(("id",), here.where, here.arms, newest_first=True, limit=BULK_LIMIT + 1)
    )
    run_ids = list(rows)
    return run_ids[:BULK_LIMIT], len(run_ids) > BULK_LIMIT or horizon is not None


def whole(lines: Sequence[RunLine]) -> list[Run]:
    """The whole runs of lines, in their order: for programs, which are told everything."""
    rows = session().scalars(run_lists.whole([line.id for line in lines]))
    by_id = {run.id: run for run in rows}
    return [by_id[line.id] for line in lines if line.id in by_id]


def lines_of(actor: Actor, run_ids: Sequence[str]) -> list[RunLine]:
    """The lines of just these runs, in this order; those the actor does not see are left out."""
    where = [visible(actor, Run), run_lists.among(run_ids)]
    rows = session().execute(
        run_lists.lines(RunLine._fields, where, (), newest_first=True, limit=len(run_ids))
    )
    found = {line.id: line for line in map(RunLine._make, rows)}
    return [found[run_id] for run_id in run_ids if run_id in found]


def role_on(actor: Actor, run: RunLine | Run) -> Role | None:
    """The actor's role on a run: the weaker of those on its project and its workspace."""
    return role_at(
        actor, project_id=run.project_id, stack_id=run.stack_id, workspace_id=run.workspace_id
    )


def bulk_actions(actor: Actor, line: RunLine) -> list[str]:
    """What of the bulk actions the actor may do to a run now."""
    return [name for name in BULK_ACTIONS if objection(actor, name, line) is None]


def objection(actor: Actor, name: str, line: RunLine) -> str | None:
    """Why the actor may not do one of the bulk actions to a run now, or None."""
    verb, role = VERBS[name], role_on(actor, line)
    if role is None or role.rank < ROLES[verb.action].rank:
        return f"Your role does not let you {verb.action.value} here."
    return verb.objection(cast("Run", line))


@dataclass(frozen=True)
class Where:
    """What to read: `scope` is the part of `where` that an index serves, `arms` see `run_lists`."""

    scope: list[ColumnElement[bool]]
    where: list[ColumnElement[bool]]
    arms: list[ColumnElement[bool]]

    def from_here(self, cursor: Cursor | None, horizon: str | None) -> "Where":
        """The same, from a place on and no further back than the horizon."""
        extra = []
        if cursor is not None:
            side = run_lists.newer_than if cursor.newer else run_lists.older_than
            extra.append(side(cursor.run_id))
        if horizon is not None:
            extra.append(run_lists.not_older_than(horizon))
        return Where(self.scope, [*self.where, *extra], self.arms)


def where(actor: Actor, narrowed: RunFilter, scope: Scope = None) -> Where | None:
    """What to read, or None when nothing can match."""
    scoped = _scope(narrowed, scope)
    states = narrowed.states
    if scoped is None or states == frozenset():
        return None
    conditions = [
        condition(value)
        for name, condition in run_lists.CONDITIONS.items()
        if (value := getattr(narrowed, name)) not in (None, ())
    ]
    conditions += run_lists.with_words(narrowed.q or "")
    if narrowed.archived is not Archived.ANY:
        conditions.append(run_lists.archived(yes=narrowed.archived is Archived.YES))
    if not actor.is_admin:
        conditions.append(visible(actor, Run))
    arms = _arms(actor, states, is_scoped=bool(scoped))
    if states is not None:
        conditions.append(run_lists.one_of_states(sorted(states)))
    return Where(scoped, [*scoped, *conditions], arms)


def _arms(
    actor: Actor, states: frozenset[RunState] | None, *, is_scoped: bool
) -> list[ColumnElement[bool]]:
    """The indexes to walk: of states where few runs are in them, of places where few are seen."""
    few = states is not None and not states & FINAL
    if states is not None and (few or (actor.is_admin and not is_scoped)):
        return [run_lists.in_state(state) for state in sorted(states)]
    if not is_scoped and not actor.is_admin and len(actor.project_roles) <= _MOST_ARMS:
        return [run_lists.of("project_id", place) for place in sorted(actor.project_roles)]
    return []


def _scope(narrowed: RunFilter, scope: Scope) -> list[ColumnElement[bool]] | None:
    """The conditions on places and people, or None when one names nothing that exists."""
    conditions = []
    if scope is not None:
        conditions.append(run_lists.of(_COLUMN_OF[type(scope)], scope.id))
    for column, wanted in _named(narrowed).items():
        found = list(session().scalars(wanted))
        if not found:
            return None
        conditions.append(run_lists.of_any(column, found))
    return conditions


def _named(narrowed: RunFilter) -> dict[str, Select[Any]]:
    wanted: dict[str, Select[Any]] = {}
    if narrowed.project:
        wanted["project_id"] = run_lists.project_ids(narrowed.project)
    if narrowed.stack:
        project, _, name = narrowed.stack.rpartition("/")
        wanted["stack_id"] = run_lists.stack_ids(name, project or narrowed.project)
    if narrowed.workspace:
        wanted["workspace_id"] = run_lists.workspace_ids(narrowed.workspace)
    if narrowed.created_by:
        wanted["created_by_id"] = run_lists.user_ids(narrowed.created_by)
    return wanted


def _horizon(found: Where, narrowed: RunFilter, cursor: Cursor | None) -> str | None:
    """The oldest run that a search by text looks at for this page, or None: at all of them."""
    if not narrowed.q or run_lists.is_number(narrowed.q):
        return None
    older = [run_lists.older_than(cursor.run_id)] if cursor else []
    return session().scalars(run_lists.nth([*found.scope, *older], SEARCHED_AT_ONCE)).first()


def _read(found: Where, *, newest_first: bool, limit: int) -> list[RunLine]:
    rows = session().execute(
        run_lists.lines(
            RunLine._fields, found.where, found.arms, newest_first=newest_first, limit=limit
        )
    )
    return [RunLine._make(row) for row in rows]


def _page(rows: list[RunLine], limit: int, cursor: Cursor | None, horizon: str | None) -> RunPage:
    towards_newer = cursor is not None and cursor.newer
    has_more, kept = len(rows) > limit, rows[:limit]
    if towards_newer:
        kept.reverse()
    has_older = towards_newer or has_more
    has_newer = has_more if towards_newer else cursor is not None
    older = Cursor(kept[-1].id) if kept and has_older else None
    if not has_more and horizon is not None:
        older = Cursor(horizon)
    return RunPage(
        lines=kept,
        older=older,
        newer=Cursor(kept[0].id, newer=True) if kept and has_newer else None,
        is_cut=horizon is not None and not has_more,
        waiting=explain(cast("list[Run]", kept)),
    )
