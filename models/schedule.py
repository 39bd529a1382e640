"""Schedules: what starts runs at planned times, and the ledger of what came of each time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified, Json, shared_alias
from models.run import Run
from models.run_state import RunState, RunType


class Purpose(StrEnum):
    """What a schedule is for."""

    RUN = "run"
    DRIFT = "drift"
    TTL = "ttl"


class Overlap(StrEnum):
    """What happens at a planned time while a run of the schedule has not ended."""

    SKIP = "skip"
    QUEUE = "queue"


class Missed(StrEnum):
    """What is made up for after planned times went by."""

    NONE = "none"
    ONE = "one"
    ALL = "all"


class Outcome(StrEnum):
    """What came of a planned time."""

    FIRED = "fired"
    MISSED = "missed"
    SKIPPED = "skipped"
    REFUSED = "refused"


class Aftermath(StrEnum):
    """What a time to live leaves behind, once all is destroyed."""

    KEEP = "keep"
    DEPLOYMENT = "deployment"
    STACK = "stack"


Rows = Select[*tuple[Any, ...]]

_WAITS = text("next_fire_at IS NOT NULL AND paused_at IS NULL")
_OF_ONE = text("purpose <> 'run'")


class Schedule(Identified, Base):
    """When runs of one deployment start by themselves, and which.

    The row is the truth: `next_fire_at` is the next planned time (None when there is none any
    more), moved on in the transaction that decides what comes of it. Exactly one of `cron`,
    `every` and `at` is set. Its runs act with the rights of `owner_id` at the time they are made.
    `inputs` are those of a run; secret variables in them are sealed.
    """

    __tablename__ = "schedule"
    __table_args__ = (
        UniqueConstraint("deployment_id", "name"),
        # A deployment has one drift check and one time to live at most.
        Index(
            "uq_schedule_of_one",
            "deployment_id",
            "purpose",
            unique=True,
            sqlite_where=_OF_ONE,
            postgresql_where=_OF_ONE,
        ),
        Index(
            "ix_schedule_due", "next_fire_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS
        ),
        Index(None, "project_id", "id"),
        Index(None, "workspace_id", "id"),
        Index(None, "stack_id", "id"),
    )

    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    stack_id: Mapped[str] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    project_name: Mapped[str] = mapped_column(String(63))
    stack_name: Mapped[str] = mapped_column(String(63))
    workspace_name: Mapped[str] = mapped_column(String(63))

    name: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[Purpose] = mapped_column(EnumValue(Purpose), default=Purpose.RUN)
    type: Mapped[RunType] = mapped_column(EnumValue(RunType))
    inputs: Mapped[Json] = mapped_column(default=dict)
    reconcile: Mapped[bool] = mapped_column(default=False)
    aftermath: Mapped[Aftermath] = mapped_column(EnumValue(Aftermath), default=Aftermath.KEEP)

    # When.
    cron: Mapped[str | None] = mapped_column(String(255))
    every: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[dt.datetime | None]
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    first_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    start_at: Mapped[dt.datetime | None]
    end_at: Mapped[dt.datetime | None]
    end_after: Mapped[int | None]
    active: Mapped[Json | None]

    # What if.
    overlap: Mapped[Overlap] = mapped_column(EnumValue(Overlap), default=Overlap.SKIP)
    missed: Mapped[Missed] = mapped_column(EnumValue(Missed), default=Missed.NONE)
    max_delay_s: Mapped[int | None]

    # Where it stands.
    next_fire_at: Mapped[dt.datetime | None]
    paused_at: Mapped[dt.datetime | None]
    paused_by_name: Mapped[str] = mapped_column(String(120), default="")
    fired_count: Mapped[int] = mapped_column(default=0)
    warned_for: Mapped[dt.datetime | None]

    # Whose.
    owner_id: Mapped[str | None] = mapped_column(String(24), index=True)
    owner_name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(default=1)


class ScheduleTime(Identified, Base):
    """One planned time of a schedule and what came of it: the ledger.

    Unique by schedule and time, so that no two processes ever decide about one time. A run by
    hand has a row too, at the instant it was asked for.
    """

    __tablename__ = "schedule_time"
    __table_args__ = (UniqueConstraint("schedule_id", "scheduled_for"), Index(None, "decided_at"))

    schedule_id: Mapped[str] = mapped_column(ForeignKey("schedule.id", ondelete="CASCADE"))
    scheduled_for: Mapped[dt.datetime]
    outcome: Mapped[Outcome] = mapped_column(EnumValue(Outcome))
    run_id: Mapped[str | None] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(Text, default="")
    by_hand: Mapped[bool] = mapped_column(default=False)
    actor_name: Mapped[str] = mapped_column(String(160), default="")
    decided_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


def due(now: dt.datetime, after: tuple[dt.datetime, str] | None, limit: int) -> Rows:
    """(next time, id) of schedules whose time has come, longest due first, after a key."""
    rows = select(Schedule.next_fire_at, Schedule.id).where(
        Schedule.next_fire_at.is_not(None),
        Schedule.paused_at.is_(None),
        Schedule.next_fire_at <= now,
    )
    if after is not None:
        at, schedule_id = after
        is_later = (Schedule.next_fire_at == at) & (Schedule.id > schedule_id)
        rows = rows.where((Schedule.next_fire_at > at) | is_later)
    return rows.order_by(Schedule.next_fire_at, Schedule.id).limit(limit)


def to_settle(schedule_ids: Collection[str], now: dt.datetime) -> Select[Schedule]:
    """Those of some schedules whose time has come, held; not what another process holds."""
    return (
        select(Schedule)
        .where(Schedule.id.in_(schedule_ids), Schedule.next_fire_at <= now)
        .where(Schedule.paused_at.is_(None))
        .order_by(Schedule.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


Last = shared_alias(ScheduleTime, "last_time")
LastRun = shared_alias(Run, "last_run")


def listed(condition: ColumnElement[bool], now: dt.datetime, words: str = "") -> Rows:
    """(schedule, the ledger's row of its last time, the run of that row), oldest schedule first.

    `words` narrows them to names with these.
    """
    newest = (
        select(ScheduleTime.id)
        .where(ScheduleTime.schedule_id == Schedule.id, ScheduleTime.scheduled_for <= now)
        .order_by(ScheduleTime.scheduled_for.desc())
        .limit(1)
        .correlate(Schedule)
        .scalar_subquery()
    )
    rows = (
        select(Schedule, Last, LastRun)
        .select_from(Schedule)
        .outerjoin(Last, Last.id == newest)
        .outerjoin(LastRun, LastRun.id == Last.run_id)
        .where(condition)
        .order_by(Schedule.id)
    )
    return rows.where(_has_words(words)) if words else rows


def ledger(
    schedule_id: str, before: dt.datetime | None, outcomes: Sequence[Outcome], limit: int
) -> Rows:
    """(row of the ledger, its run), the newest planned time first, before a time."""
    rows = (
        select(ScheduleTime, Run)
        .outerjoin(Run, Run.id == ScheduleTime.run_id)
        .where(ScheduleTime.schedule_id == schedule_id)
    )
    if before is not None:
        rows = rows.where(ScheduleTime.scheduled_for < before)
    if outcomes:
        rows = rows.where(ScheduleTime.outcome.in_(outcomes))
    return rows.order_by(ScheduleTime.scheduled_for.desc()).limit(limit)


def time_of(schedule_id: str, scheduled_for: dt.datetime) -> Select[ScheduleTime]:
    """The ledger's row of a planned time."""
    return select(ScheduleTime).where(
        ScheduleTime.schedule_id == schedule_id, ScheduleTime.scheduled_for == scheduled_for
    )


def times_of_run(schedule_id: str, run_id: str) -> Select[ScheduleTime]:
    """The ledger's row that made a run."""
    return select(ScheduleTime).where(
        ScheduleTime.schedule_id == schedule_id, ScheduleTime.run_id == run_id
    )


def decided_before(at: dt.datetime, limit: int) -> Select[str]:
    """The ids of rows of ledgers that were decided before an instant and are not to come."""
    return (
        select(ScheduleTime.id)
        .where(ScheduleTime.decided_at < at, ScheduleTime.scheduled_for < at)
        .limit(limit)
    )


def times_from(schedule_id: str, start: dt.datetime) -> Select[ScheduleTime]:
    """The ledger's rows of a time and after it: what was decided beforehand."""
    return (
        select(ScheduleTime)
        .where(ScheduleTime.schedule_id == schedule_id, ScheduleTime.scheduled_for >= start)
        .order_by(ScheduleTime.scheduled_for)
    )


def decided_from_next(schedule_ids: Collection[str]) -> Select[str, dt.datetime]:
    """(schedule, time) of what was decided beforehand of each one's next time and later ones."""
    return (
        select(ScheduleTime.schedule_id, ScheduleTime.scheduled_for)
        .join(Schedule, Schedule.id == ScheduleTime.schedule_id)
        .where(Schedule.id.in_(schedule_ids), ScheduleTime.scheduled_for >= Schedule.next_fire_at)
    )


# Word for word the condition of the index of runs that have not ended.
_ACTIVE = text(
    "run.state NOT IN ('finished','failed','discarded','stopped','canceled','timed_out','skipped')"
)


def unfinished_runs(
    schedule_ids: Collection[str], deployment_ids: Collection[str]
) -> Select[str | None, int, RunState]:
    """(schedule, number, state) of the runs of schedules that have not ended, oldest first.

    `deployment_ids` are those of the schedules: the index of what has not ended goes by them.
    """
    return (
        select(Run.trigger_id, Run.number, Run.state)
        .where(Run.deployment_id.in_(deployment_ids), Run.trigger_id.in_(schedule_ids), _ACTIVE)
        .order_by(Run.id)
    )


def of_deployment(deployment_id: str, purpose: Purpose) -> Select[Schedule]:
    """The one schedule of a deployment for this purpose, drift check or time to live."""
    return select(Schedule).where(
        Schedule.deployment_id == deployment_id, Schedule.purpose == purpose
    )


def ahead_of(deployment_id: str) -> Select[Schedule]:
    """The schedules of a deployment with a time to come: the next first, paused ones last."""
    return (
        select(Schedule)
        .where(Schedule.deployment_id == deployment_id, Schedule.next_fire_at.is_not(None))
        .order_by(Schedule.paused_at.is_not(None), Schedule.next_fire_at, Schedule.id)
    )


def _has_words(words: str) -> ColumnElement[bool]:
    return Schedule.name.icontains(words, autoescape=True)


def count_of(deployment_id: str) -> Select[int]:
    """How many schedules a deployment has."""
    return select(func.count()).where(Schedule.deployment_id == deployment_id)
