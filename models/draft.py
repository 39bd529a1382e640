"""Runs that are being thought up, and keys that make a request count once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified, Json


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
