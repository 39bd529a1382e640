"""Selects for charts: how the last weeks went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import aliased

from lib import ids
from models.project import Deployment
from models.run import Run
from models.run_history import RunHistory
from models.run_state import FINAL, RunState, RunType

UNFINISHED = tuple(state for state in RunState if state not in FINAL)


def made_since(
    since: dt.datetime, seen: ColumnElement[bool], most: int
) -> Select[*tuple[Any, ...]]:
    """When the newest runs since then were made and started, how they stand, how long they worked.

    `drift` says whether a run looked for drift; only then its changes are read, as `drifted`.
    """
    drifted = case((Run.drift, Run.changes)).label("drifted")
    columns = (Run.created_at, Run.started_at, Run.state, Run.worked_s, Run.drift, drifted)
    query = select(*columns).where(Run.id >= ids.floor(since), seen)
    return query.order_by(Run.id.desc()).limit(most)


def blocked(seen: ColumnElement[bool], most: int) -> Select[Deployment]:
    """Deployments in which nothing may change until somebody has settled them."""
    query = select(Deployment).where(Deployment.blocked_at.is_not(None), seen)
    return query.order_by(Deployment.blocked_at).limit(most)


def stays(run_ids: Sequence[str]) -> Select[str, RunState, dt.datetime, int]:
    """(run, state, since, ms in the state before) of these few runs, oldest first."""
    columns = (RunHistory.run_id, RunHistory.state, RunHistory.at, RunHistory.duration_ms)
    return select(*columns).where(RunHistory.run_id.in_(run_ids)).order_by(RunHistory.id)


def unfinished_by_state_and_type() -> Select[RunState, RunType, int]:
    """(state, type, how many runs), of states that are no end: over the index of states."""
    query = select(Run.state, Run.type, func.count()).where(Run.state.in_(UNFINISHED))
    return query.group_by(Run.state, Run.type)


def longest_waiting() -> Select[dt.datetime]:
    """Since when the run has waited for a worker that has waited longest."""
    waiting = Run.state.in_((RunState.READY, RunState.CONFIRMED))
    return select(func.min(Run.state_since)).where(waiting)


def newest_move() -> Select[int]:
    """The number of the last move of any run."""
    return select(func.max(RunHistory.id))


def moves_after(place: int, until: dt.datetime, limit: int) -> Select[*tuple[Any, ...]]:
    """(number, state entered, state left, ms in that, epoch, instant, type, when made, log bytes).

    Of moves after a number and up to an instant, in order; a few at a time.
    """
    before = aliased(RunHistory)
    left = (
        select(before.state)
        .where(before.run_id == RunHistory.run_id, before.id < RunHistory.id)
        .order_by(before.id.desc())
        .limit(1)
        .correlate(RunHistory)
        .scalar_subquery()
    )
    return (
        select(
            RunHistory.id,
            RunHistory.state,
            left.label("left"),
            RunHistory.duration_ms,
            RunHistory.epoch,
            RunHistory.at,
            Run.type,
            Run.created_at,
            Run.log_bytes,
        )
        .join(Run, Run.id == RunHistory.run_id)
        .where(RunHistory.id > place, RunHistory.at <= until)
        .order_by(RunHistory.id)
        .limit(limit)
    )
