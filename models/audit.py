"""The audit log: who did what, on what, from where, when."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Index, String, Text
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
    before: Mapped[Json | None]
    after: Mapped[Json | None]
