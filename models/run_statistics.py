"""Selects for charts: how the last weeks went."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from lib import ids
from models.project import Deployment
from models.run import Run
from models.run_state import FINAL, RunState

UNFINISHED = tuple(state for state in RunState if state not in FINAL)


def made_since(
    since: dt.datetime, seen: ColumnElement[bool], most: int
) -> Select[*tuple[Any, ...]]:
    """(created, started, state, seconds at work) of the newest runs made since then."""
    columns = (Run.created_at, Run.started_at, Run.state, Run.worked_s)
    query = select(*columns).where(Run.id >= ids.floor(since), seen)
    return query.order_by(Run.id.desc()).limit(most)


def blocked(seen: ColumnElement[bool], most: int) -> Select[Deployment]:
    """Deployments in which nothing may change until somebody has settled them."""
    query = select(Deployment).where(Deployment.blocked_at.is_not(None), seen)
    return query.order_by(Deployment.blocked_at).limit(most)


def unfinished_by_state() -> Select[RunState, int]:
    """(state, how many runs are in it), of states that are no end."""
    query = select(Run.state, func.count()).where(Run.state.in_(UNFINISHED))
    return query.group_by(Run.state)
