"""Code that somebody uploaded."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified


class ConfigurationVersion(Identified, Base):
    """An uploaded .tar.gz of code, pinned by its digest."""

    __tablename__ = "configuration_version"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    blob_id: Mapped[str] = mapped_column(ForeignKey("blob.id"))
    digest: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(255))
    size_bytes: Mapped[int]
    file_count: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(120), default="")
