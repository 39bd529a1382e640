"""Selects for charts: how the last weeks went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from lib import ids
from models.project import Deployment
from models.run import Run
from models.run_history import RunHistory
from models.run_state import FINAL, RunState

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


def unfinished_by_state() -> Select[RunState, int]:
    """(state, how many runs are in it), of states that are no end."""
    query = select(Run.state, func.count()).where(Run.state.in_(UNFINISHED))
    return query.group_by(Run.state)
