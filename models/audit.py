"""The audit log: who did what, on what, from where, when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Index, Select, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified, Json


class AuditEvent(Identified, Base):
    """One mutation. `before` and `after` never hold a secret."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "action", "id"),
        Index(None, "actor_id", "id"),
        Index(None, "target_id", "id"),
        Index(None, "project_id", "id"),
        Index(None, "workspace_id", "id"),
    )

    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(24))
    actor_name: Mapped[str] = mapped_column(String(160))
    action: Mapped[str] = mapped_column(String(48))
    target_kind: Mapped[str] = mapped_column(String(32))
    target_id: Mapped[str] = mapped_column(String(255))
    target_name: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str | None] = mapped_column(String(24))
    workspace_id: Mapped[str | None] = mapped_column(String(24))
    address: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    token_id: Mapped[str | None] = mapped_column(String(24))
    before: Mapped[Json | None]
    after: Mapped[Json | None]


def seen_by(
    user_id: str | None, project_ids: Iterable[str], workspace_ids: Iterable[str]
) -> ColumnElement[bool]:
    """The events of places someone sees, and those someone did: the condition.

    An event of two places, as a run's is, takes both; one of no place is its maker's only.
    """
    of_project, of_workspace = AuditEvent.project_id, AuditEvent.workspace_id
    in_projects = of_project.is_(None) | of_project.in_(list(project_ids))
    in_workspaces = of_workspace.is_(None) | of_workspace.in_(list(workspace_ids))
    has_place = of_project.is_not(None) | of_workspace.is_not(None)
    return (has_place & in_projects & in_workspaces) | (AuditEvent.actor_id == user_id)


def events(condition: ColumnElement[bool], *, before_id: str | None) -> Select[AuditEvent]:
    """Events under a condition, newest first, from one on."""
    query = select(AuditEvent).where(condition).order_by(AuditEvent.id.desc())
    return query if before_id is None else query.where(AuditEvent.id < before_id)
