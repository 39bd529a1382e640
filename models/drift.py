"""What the drift checks found: one verdict per deployment, and what is not to be minded."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Json, shared_alias
from models.run import Run
from models.schedule import Purpose, Schedule

_DRIFTED_SQLITE = text("drifted IS 1")
_DRIFTED = text("drifted IS true")
Rows = Select[*tuple[Any, ...]]


class DriftVerdict(Base):
    """Whether what exists is still what the state says, as of the newest check.

    `since` is when the verdict became what it is. `items` are the first few things that differ:
    address, action, attributes. `ignore` are rules of address and attribute, both with `*` and `?`.
    """

    __tablename__ = "drift_verdict"
    __table_args__ = (
        Index(
            "ix_drift_verdict_drifted",
            "since",
            sqlite_where=_DRIFTED_SQLITE,
            postgresql_where=_DRIFTED,
        ),
        Index(None, "project_id", "deployment_id"),
        Index(None, "workspace_id", "deployment_id"),
    )

    deployment_id: Mapped[str] = mapped_column(
        ForeignKey("deployment.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    stack_id: Mapped[str] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    project_name: Mapped[str] = mapped_column(String(63))
    stack_name: Mapped[str] = mapped_column(String(63))
    workspace_name: Mapped[str] = mapped_column(String(63))
    drifted: Mapped[bool] = mapped_column(default=False)
    since: Mapped[dt.datetime | None]
    checked_at: Mapped[dt.datetime | None]
    run_id: Mapped[str | None] = mapped_column(String(24))
    count: Mapped[int] = mapped_column(default=0)
    ignored_count: Mapped[int] = mapped_column(default=0)
    items: Mapped[Json] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    ignore: Mapped[Json] = mapped_column(default=list)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)


CheckRun = shared_alias(Run, "check_run")
Check = shared_alias(Schedule, "check")


def fleet(condition: ColumnElement[bool]) -> Rows:
    """(verdict, the run that found it, the schedule of its checks), by deployment."""
    return (
        select(DriftVerdict, CheckRun, Check)
        .select_from(DriftVerdict)
        .outerjoin(CheckRun, CheckRun.id == DriftVerdict.run_id)
        .outerjoin(
            Check,
            (Check.deployment_id == DriftVerdict.deployment_id) & (Check.purpose == Purpose.DRIFT),
        )
        .where(condition)
        .order_by(DriftVerdict.deployment_id)
    )


def drifted(seen: ColumnElement[bool], most: int) -> Select[DriftVerdict]:
    """Deployments that have drifted, the longest first."""
    return (
        select(DriftVerdict)
        .where(DriftVerdict.drifted.is_(True), seen)
        .order_by(DriftVerdict.since)
        .limit(most)
    )


def ending(seen: ColumnElement[bool], until: dt.datetime, most: int) -> Select[Schedule]:
    """Times to live that end by then, the soonest first."""
    return (
        select(Schedule)
        .where(
            Schedule.purpose == Purpose.TTL,
            Schedule.next_fire_at <= until,
            Schedule.paused_at.is_(None),
            seen,
        )
        .order_by(Schedule.next_fire_at)
        .limit(most)
    )


def started_by(trigger: str, trigger_id: str) -> Select[Run]:
    """The runs that one thing started."""
    return select(Run).where(Run.trigger_kind == trigger, Run.trigger_id == trigger_id)


def reconciling(deployment_id: str) -> Select[Run]:
    """The newest few runs of a deployment that drift started, newest first."""
    return (
        select(Run)
        .where(Run.deployment_id == deployment_id, Run.trigger_kind == "drift")
        .order_by(Run.id.desc())
        .limit(20)
    )
