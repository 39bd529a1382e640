"""Runs that are being thought up, and keys that make a request count once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Select, String, select
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified, Json
from models.configuration_version import ConfigurationVersion
from models.project import Stack, Workspace
from models.run import Run


class Draft(Identified, Base):
    """A run in the wizard: its maker's only, kept for a day."""

    __tablename__ = "draft"

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    data: Mapped[Json] = mapped_column(default=dict)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]


class IdempotencyKey(Base):
    """A key a client sent, and what its request made."""

    __tablename__ = "idempotency_key"

    actor_id: Mapped[str] = mapped_column(String(48), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    made_id: Mapped[str] = mapped_column(String(48))
    at: Mapped[dt.datetime] = mapped_column(default=clock.now, index=True)


def made_from(draft_id: str) -> Select[Run]:
    """The run that a draft became."""
    return select(Run).where(Run.draft_id == draft_id)


def stacks_among(project_ids: list[str] | None, limit: int) -> Select[str, str]:
    """(project, stack) by name, of these projects (None: of all)."""
    found = select(Stack.project_name, Stack.name).order_by(Stack.project_name, Stack.name)
    return (found if project_ids is None else found.where(Stack.project_id.in_(project_ids))).limit(
        limit
    )


def workspaces_among(workspace_ids: list[str] | None, limit: int) -> Select[str]:
    """The names of these workspaces (None: of all)."""
    found = select(Workspace.name).order_by(Workspace.name)
    return (found if workspace_ids is None else found.where(Workspace.id.in_(workspace_ids))).limit(
        limit
    )


def uploads_to(project_id: str, limit: int) -> Select[ConfigurationVersion]:
    """A project's uploaded code, newest first."""
    return (
        select(ConfigurationVersion)
        .where(ConfigurationVersion.project_id == project_id)
        .order_by(ConfigurationVersion.id.desc())
        .limit(limit)
    )
