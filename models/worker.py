"""Who executes, who leads, and what is still to be told."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified, Json


class Worker(Identified, Base):
    """A process that executes runs: one portal's embedded pool, for now."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(120))
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    slots: Mapped[int]
    started_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    stopped_at: Mapped[dt.datetime | None]


class Lease(Base):
    """A role that one process at a time plays, until its lease runs out."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    until: Mapped[dt.datetime]


class Outbox(Identified, Base):
    """A message to the outside, written with what it tells of, delivered at least once."""

    __tablename__ = "outbox"

    topic: Mapped[str] = mapped_column(String(48))
    payload: Mapped[Json] = mapped_column(default=dict)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    delivered_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
