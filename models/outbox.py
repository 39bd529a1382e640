"""What is to be told to others, written in the transaction of what it tells."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    ColumnElement,
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
from models.base import Base, Identified, Json

_OPEN = text("delivered_at IS NULL AND given_up_at IS NULL")


class OutboxMessage(Identified, Base):
    """One thing to tell. `id` goes with it, so that whoever gets it twice can know."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index("ix_outbox_message_open", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "delivered_at"),
    )

    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(255))
    payload: Mapped[Json] = mapped_column(default=dict)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    due_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    delivered_at: Mapped[dt.datetime | None]
    given_up_at: Mapped[dt.datetime | None]


def is_open() -> ColumnElement[bool]:
    """The condition under which a message still waits."""
    return OutboxMessage.delivered_at.is_(None) & OutboxMessage.given_up_at.is_(None)


def due(now: dt.datetime) -> Select[OutboxMessage]:
    """Messages whose time has come, longest due first."""
    return (
        select(OutboxMessage)
        .where(is_open(), OutboxMessage.due_at <= now)
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
    )


def depths() -> Select[str, int]:
    """How many messages wait, by kind."""
    return select(OutboxMessage.kind, func.count()).where(is_open()).group_by(OutboxMessage.kind)
