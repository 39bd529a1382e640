"""Services that host repositories, what is linked to them, and what they have sent."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified, Json

_PENDING = text("verdict = 'pending'")
_CHECK_WANTED = text("check_wanted_at IS NOT NULL")


class VcsIntegration(Identified, Base):
    """A service (or plain git) with the credentials to use it; of a project, or of the instance.

    `place` is the project's id, or empty: names are unique in it. `sealed` holds all secrets;
    `holds` names those that are there.
    """

    __tablename__ = "vcs_integration"
    __table_args__ = (
        UniqueConstraint("place", "name"),
        Index(None, "project_id"),
        Index(
            "ix_vcs_integration_check",
            "check_wanted_at",
            sqlite_where=_CHECK_WANTED,
            postgresql_where=_CHECK_WANTED,
        ),
    )

    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(24), default="")
    name: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(16))
    base_url: Mapped[str] = mapped_column(String(2000))
    clone_url: Mapped[str] = mapped_column(String(2000), default="")
    username: Mapped[str] = mapped_column(String(255), default="")
    known_hosts: Mapped[str] = mapped_column(Text, default="")
    repositories: Mapped[Json] = mapped_column(default=list)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    holds: Mapped[Json] = mapped_column(default=list)
    old_secret_until: Mapped[dt.datetime | None]
    is_paused: Mapped[bool] = mapped_column(default=False)
    max_runs: Mapped[int] = mapped_column(default=50)
    poll_every_s: Mapped[int] = mapped_column(default=0)
    heard_at: Mapped[dt.datetime | None]
    check_wanted_at: Mapped[dt.datetime | None]
    check_repository: Mapped[str] = mapped_column(String(255), default="")
    checked_at: Mapped[dt.datetime | None]
    check_passed: Mapped[bool | None]
    check_text: Mapped[str] = mapped_column(Text, default="")
    report_problem: Mapped[str] = mapped_column(Text, default="")
    report_problem_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
    version: Mapped[int] = mapped_column(default=1)


class VcsRepository(Identified, Base):
    """A repository that something is linked to, and what polling it has shown.

    `tips` maps the full names of its branches and tags to commits, as they were at the last look.
    """

    __tablename__ = "vcs_repository"
    __table_args__ = (
        UniqueConstraint("integration_id", "name"),
        Index(None, "next_poll_at"),
    )

    integration_id: Mapped[str] = mapped_column(
        ForeignKey("vcs_integration.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(255))
    default_branch: Mapped[str] = mapped_column(String(255), default="")
    web_url: Mapped[str] = mapped_column(String(2000), default="")
    tips: Mapped[Json | None]
    polled_at: Mapped[dt.datetime | None]
    next_poll_at: Mapped[dt.datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(Text, default="")


class VcsLink(Identified, Base):
    """A deployment's repository, branch and path: what starts its runs, and with whose rights.

    `seen_sha` is the commit of its branch that was dealt with last.
    """

    __tablename__ = "vcs_link"
    __table_args__ = (
        Index(None, "repository_id"),
        Index(None, "stack_id"),
    )

    deployment_id: Mapped[str] = mapped_column(
        ForeignKey("deployment.id", ondelete="CASCADE"), unique=True
    )
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    stack_id: Mapped[str] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    repository_id: Mapped[str] = mapped_column(ForeignKey("vcs_repository.id", ondelete="CASCADE"))
    branch: Mapped[str] = mapped_column(String(255), default="")
    path: Mapped[str] = mapped_column(String(1024), default="")
    globs: Mapped[Json] = mapped_column(default=list)
    tags: Mapped[str] = mapped_column(String(255), default="")
    on_push: Mapped[str] = mapped_column(String(16), default="apply")
    on_pull_request: Mapped[bool] = mapped_column(default=True)
    allow_forks: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[str | None] = mapped_column(String(24))
    owner_name: Mapped[str] = mapped_column(String(120), default="")
    seen_sha: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    changed_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)


class VcsDelivery(Identified, Base):
    """What a service has sent, or polling has found: kept first, dealt with after.

    `delivery_id` makes it once. `event` is it in our own form (integrations.vcs.Event).
    """

    __tablename__ = "vcs_delivery"
    __table_args__ = (
        UniqueConstraint("integration_id", "delivery_id"),
        Index(None, "integration_id", "body_sha256"),
        Index(None, "integration_id", "id"),
        Index(
            "ix_vcs_delivery_pending",
            "due_at",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index(None, "received_at"),
    )

    integration_id: Mapped[str] = mapped_column(
        ForeignKey("vcs_integration.id", ondelete="CASCADE")
    )
    delivery_id: Mapped[str] = mapped_column(String(255))
    via: Mapped[str] = mapped_column(String(16), default="webhook")
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(80), default="")
    repository: Mapped[str] = mapped_column(String(255), default="")
    ref: Mapped[str] = mapped_column(String(255), default="")
    sha: Mapped[str] = mapped_column(String(64), default="")
    number: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(255), default="")
    sender: Mapped[str] = mapped_column(String(255), default="")
    event: Mapped[Json] = mapped_column(default=dict)
    body_sha256: Mapped[str] = mapped_column(String(64), default="")
    received_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    due_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    attempts: Mapped[int] = mapped_column(default=0)
    verdict: Mapped[str] = mapped_column(String(16), default="pending")
    reason: Mapped[str] = mapped_column(Text, default="")
    processed_at: Mapped[dt.datetime | None]


class VcsOutcome(Identified, Base):
    """What became of a delivery for one deployment: a run, or the reason why none."""

    __tablename__ = "vcs_outcome"
    __table_args__ = (
        UniqueConstraint("delivery_id", "deployment_id"),
        Index(None, "deployment_id", "id"),
        Index(None, "run_id"),
    )

    delivery_id: Mapped[str] = mapped_column(ForeignKey("vcs_delivery.id", ondelete="CASCADE"))
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    run_id: Mapped[str | None] = mapped_column(ForeignKey("run.id", ondelete="SET NULL"))
    by_name: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class VcsRun(Base):
    """Which commit a run is to be reported on, and what was reported last."""

    __tablename__ = "vcs_run"
    __table_args__ = (
        Index(None, "link_id", "pull"),
        Index(None, "repository_id", "pull"),
    )

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    repository_id: Mapped[str] = mapped_column(ForeignKey("vcs_repository.id", ondelete="CASCADE"))
    link_id: Mapped[str] = mapped_column(String(24))
    kind: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str] = mapped_column(String(255))
    sha: Mapped[str] = mapped_column(String(64))
    pull: Mapped[int | None]
    base: Mapped[str] = mapped_column(String(255), default="")
    told: Mapped[str] = mapped_column(String(255), default="")
    told_at: Mapped[dt.datetime | None]
    problem: Mapped[str] = mapped_column(Text, default="")


class VcsComment(Identified, Base):
    """The one comment of Gantry on a pull request. `digest` is of what it says now."""

    __tablename__ = "vcs_comment"
    __table_args__ = (UniqueConstraint("repository_id", "number"),)

    repository_id: Mapped[str] = mapped_column(ForeignKey("vcs_repository.id", ondelete="CASCADE"))
    number: Mapped[int]
    comment_id: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    told_at: Mapped[dt.datetime | None]
    problem: Mapped[str] = mapped_column(Text, default="")
