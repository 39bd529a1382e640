"""Who executes, and who leads."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified

EMBEDDED = "embedded"
"""The name of the pool that the portals' own threads make up together."""


class WorkerPool(Identified, Base):
    """What is set about a pool of workers. `concurrency` is the most runs at once; None: no limit.

    A pool nobody has set anything about has no row.
    """

    __tablename__ = "worker_pool"

    name: Mapped[str] = mapped_column(String(63), unique=True)
    concurrency: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)


class Worker(Identified, Base):
    """A process that executes runs: the threads of one portal, for now."""

    __tablename__ = "worker"

    pool: Mapped[str] = mapped_column(String(63), default=EMBEDDED)
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
