"""Projects, stacks, workspaces and deployments: where runs belong."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified, Json


class Project(Identified, Base):
    """A team's home: it owns stacks and numbers its runs."""

    __tablename__ = "project"

    name: Mapped[str] = mapped_column(String(63), unique=True)
    title: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    last_run_number: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    version: Mapped[int] = mapped_column(default=1)


class Workspace(Identified, Base):
    """A place to deploy to: variables, protections, members."""

    __tablename__ = "workspace"

    name: Mapped[str] = mapped_column(String(63), unique=True)
    title: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    protected: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    version: Mapped[int] = mapped_column(default=1)


class Stack(Identified, Base):
    """Code that describes resources, and how its runs behave."""

    __tablename__ = "stack"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    project_name: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    title: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    engine: Mapped[str] = mapped_column(String(32), default="terraform")
    source: Mapped[Json | None]
    published: Mapped[bool] = mapped_column(default=True)
    protected: Mapped[bool] = mapped_column(default=False)
    auto_apply: Mapped[bool] = mapped_column(default=False)
    cancel_grace_s: Mapped[int] = mapped_column(default=1800)
    max_duration_s: Mapped[int] = mapped_column(default=12 * 3600)
    silence_notice_s: Mapped[int] = mapped_column(default=600)
    plan_expires_s: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    version: Mapped[int] = mapped_column(default=1)


class Deployment(Identified, Base):
    """One stack in one workspace: the owner of state, lock, resources and queue."""

    __tablename__ = "deployment"
    __table_args__ = (
        UniqueConstraint("stack_id", "workspace_id"),
        Index(None, "workspace_id"),
        Index(None, "project_id"),
    )

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    stack_id: Mapped[str] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    project_name: Mapped[str] = mapped_column(String(63))
    stack_name: Mapped[str] = mapped_column(String(63))
    workspace_name: Mapped[str] = mapped_column(String(63))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    current_state_id: Mapped[str | None] = mapped_column(String(24))
    outputs_run_id: Mapped[str | None] = mapped_column(String(24))
    applied_run_id: Mapped[str | None] = mapped_column(String(24))
    resource_count: Mapped[int] = mapped_column(default=0)
    blocked_reason: Mapped[str | None] = mapped_column(String(255))
    blocked_run_id: Mapped[str | None] = mapped_column(String(24))
    blocked_at: Mapped[dt.datetime | None]
    backend: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(default=1)


class DeploymentLock(Base):
    """Who may change a deployment now: one run, enforced by the primary key."""

    __tablename__ = "deployment_lock"

    deployment_id: Mapped[str] = mapped_column(
        ForeignKey("deployment.id", ondelete="CASCADE"), primary_key=True
    )
    run_id: Mapped[str | None] = mapped_column(
        ForeignKey("run.id", ondelete="CASCADE"), unique=True
    )
    client: Mapped[Json | None]
    acquired_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class ManualLock(Base):
    """A person's hand on a deployment, with a note."""

    __tablename__ = "manual_lock"

    deployment_id: Mapped[str] = mapped_column(
        ForeignKey("deployment.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(String(24))
    user_name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text, default="")
    locked_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
