"""Runs, and the one writer of their state."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models import run_order
from models.base import Base, EnumValue, Identified, Json
from models.run_state import FINAL, STATUS, RunState, RunStatus, RunType, can_move

if TYPE_CHECKING:
    from models.run_history import Mark


class IllegalMoveError(Exception):
    """A move that the table of states does not have."""

    def __init__(self, before: RunState, after: RunState) -> None:
        """Name the two states."""
        super().__init__(f"no road leads from {before} to {after}")
        self.before = before
        self.after = after


_ACTIVE = text(
    "state NOT IN ('finished','failed','discarded','stopped','canceled','timed_out','skipped')"
)


def _few(name: str, condition: str, *columns: str) -> Index:
    """An index of those few runs that meet a condition, which both databases write alike."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


def _at_home(context: Any) -> int:
    row = context.get_current_parameters()
    return run_order.at_home(row["type"], row["priority"], drift=row["drift"])


def _in_pool(context: Any) -> int:
    row = context.get_current_parameters()
    return run_order.in_pool(row["type"], row["priority"], drift=row["drift"])


class Run(Identified, Base):
    """One operation on one deployment.

    Names of project, stack and workspace are copied here: they never change, and
    a list of runs then reads one table. `version` grows with every write of
    state; two writers of the same version cannot both win.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        Index(None, "stack_id", "id"),
        Index(None, "workspace_id", "id"),
        Index(None, "deployment_id", "id"),
        Index(None, "project_id", "id"),
        Index(None, "created_by_id", "id"),
        Index(None, "state", "id"),
        _few("ix_run_end", "finished_at IS NOT NULL", "finished_at", "id"),
        _few("ix_run_project_end", "finished_at IS NOT NULL", "project_id", "finished_at", "id"),
        _few("ix_run_stack_end", "finished_at IS NOT NULL", "stack_id", "finished_at", "id"),
        _few(
            "ix_run_workspace_end", "finished_at IS NOT NULL", "workspace_id", "finished_at", "id"
        ),
        Index(None, "type", "id"),
        Index(None, "trigger_kind", "id"),
        _few("ix_run_branch", "branch IS NOT NULL", "branch", "id"),
        _few("ix_run_archived", "archived_at IS NOT NULL", "id"),
        # Without its condition a planner takes this one for “nobody works on it”: nearly all runs.
        _few("ix_run_held", "worker_id IS NOT NULL", "worker_id"),
        Index(
            "ix_run_drift",
            "id",
            sqlite_where=text("drift IS 1"),
            postgresql_where=text("drift IS true"),
        ),
        _few(
            "ix_run_line",
            # Written so that no index by state is tempting: a planner would walk it, and sort.
            "worker_id IS NULL AND (state || '') IN ('ready','confirmed')",
            "pool_order",
            "id",
        ),
        _few("ix_run_held_up", "(state || '') = 'queued'", "pool_order", "id"),
        _few("ix_run_lock_line", "(state || '') = 'queued'", "deployment_id", "home_order", "id"),
        Index(
            "ix_run_active",
            "deployment_id",
            "state",
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
    )

    number: Mapped[int]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    stack_id: Mapped[str] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    project_name: Mapped[str] = mapped_column(String(63))
    stack_name: Mapped[str] = mapped_column(String(63))
    workspace_name: Mapped[str] = mapped_column(String(63))

    type: Mapped[RunType] = mapped_column(EnumValue(RunType))
    state: Mapped[RunState] = mapped_column(EnumValue(RunState), default=RunState.QUEUED)
    version: Mapped[int] = mapped_column(default=1)

    # What was asked for.
    message: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[Json] = mapped_column(default=dict)
    destroy: Mapped[bool] = mapped_column(default=False)
    refresh_only: Mapped[bool] = mapped_column(default=False)
    auto_apply: Mapped[bool] = mapped_column(default=False)
    drift: Mapped[bool] = mapped_column(default=False)
    targets: Mapped[Json] = mapped_column(default=list)
    replace: Mapped[Json] = mapped_column(default=list)
    command: Mapped[str | None] = mapped_column(Text)
    with_init: Mapped[bool] = mapped_column(default=True)
    priority: Mapped[int] = mapped_column(default=0)
    home_order: Mapped[int] = mapped_column(default=_at_home)
    pool_order: Mapped[int] = mapped_column(default=_in_pool)
    rerun_of_id: Mapped[str | None] = mapped_column(String(24))
    promoted_from_id: Mapped[str | None] = mapped_column(String(24))
    draft_id: Mapped[str | None] = mapped_column(String(24), unique=True)

    # Who and when.
    trigger_kind: Mapped[str] = mapped_column(String(16))
    trigger_id: Mapped[str | None] = mapped_column(String(24))
    trigger_name: Mapped[str] = mapped_column(String(160), default="")
    created_by_kind: Mapped[str] = mapped_column(String(16), default="user", server_default="user")
    created_by_id: Mapped[str | None] = mapped_column(String(24))
    created_by_name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    state_since: Mapped[dt.datetime] = mapped_column(default=clock.now)
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    archived_at: Mapped[dt.datetime | None]

    # What it became.
    pin: Mapped[Json | None]
    branch: Mapped[str | None] = mapped_column(String(255))
    engine: Mapped[str] = mapped_column(String(32), default="terraform")
    engine_version: Mapped[str | None] = mapped_column(String(64))
    engine_path: Mapped[str | None] = mapped_column(String(255))
    isolation: Mapped[str] = mapped_column(String(32), default="none")
    changes: Mapped[Json | None]
    base_state_id: Mapped[str | None] = mapped_column(String(24))
    plan_sha256: Mapped[str | None] = mapped_column(String(64))
    result: Mapped[str | None] = mapped_column(Text)
    error_kind: Mapped[str | None] = mapped_column(String(16))
    error_text: Mapped[str | None] = mapped_column(Text)
    log_bytes: Mapped[int] = mapped_column(default=0)
    log_expired_at: Mapped[dt.datetime | None]

    # Stopping.
    cancel_grace_s: Mapped[int] = mapped_column(default=1800)
    max_duration_s: Mapped[int] = mapped_column(default=12 * 3600)
    worked_s: Mapped[float] = mapped_column(default=0.0)
    cancel_requested_at: Mapped[dt.datetime | None]
    cancel_requested_by: Mapped[str | None] = mapped_column(String(120))
    force_requested_at: Mapped[dt.datetime | None]
    plan_expires_at: Mapped[dt.datetime | None]
    confirmed_by_id: Mapped[str | None] = mapped_column(String(24))

    # Who works on it. The epoch fences: each claim raises it, late writers carry an
    # old one and are refused.
    claim_epoch: Mapped[int] = mapped_column(default=0)
    worker_id: Mapped[str | None] = mapped_column(String(24))
    lease_until: Mapped[dt.datetime | None]
    lost_count: Mapped[int] = mapped_column(default=0)

    # Lower-case words for the text filter: number, message, commit, branch, names.
    search: Mapped[str] = mapped_column(Text, default="")

    # SQLAlchemy reads it.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012

    @property
    def status(self) -> RunStatus:
        """The coarse form of the state."""
        return STATUS[self.state]

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self.state in FINAL

    def prioritize(self, priority: int) -> None:
        """Take another place in the queues."""
        self.priority = priority
        self.home_order = run_order.at_home(self.type, priority, drift=self.drift)
        self.pool_order = run_order.in_pool(self.type, priority, drift=self.drift)

    def move_to(self, state: RunState, mark: Mark) -> None:
        """Move to another state and append the history row: the only writer of state.

        Raises IllegalMoveError for a move the table lacks. The write itself is
        guarded by `version`: of two concurrent movers one fails at the flush.
        """
        if not can_move(self.state, state):
            raise IllegalMoveError(self.state, state)
        mark.record(self, state)
        self.state = state
        self.state_since = mark.at
        self.version += 1
        if state in FINAL:
            self.finished_at = mark.at
            self.worker_id = None
            self.lease_until = None
