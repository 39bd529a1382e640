"""Bytes too large or too secret for a column of their own noun."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified


class Blob(Identified, Base):
    """Bytes kept encrypted: configurations, plan bundles, states."""

    __tablename__ = "blob"

    kind: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
