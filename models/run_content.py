"""What a run carries and yields: variables, plan, changes, outputs, state."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified, Json
from models.variable import Category

_OPEN = text("kind IN ('progress', 'candidate')")
_SERIAL = BigInteger().with_variant(Integer, "sqlite")


class RunVariable(Base):
    """An effective variable of a run: a snapshot with its source and what it shadows."""

    __tablename__ = "run_variable"
    __table_args__ = (UniqueConstraint("run_id", "name"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    category: Mapped[Category] = mapped_column(EnumValue(Category))
    secret: Mapped[bool] = mapped_column(default=False)
    value: Mapped[Json | None]
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprint: Mapped[str | None] = mapped_column(String(32))
    value_id: Mapped[str | None] = mapped_column(String(24))
    source: Mapped[str] = mapped_column(String(16))
    shadows: Mapped[Json] = mapped_column(default=list)


class RunFile(Base):
    """A file that is laid into a run's working directory: an attachment of the mail behind it."""

    __tablename__ = "run_file"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    blob_id: Mapped[str] = mapped_column(ForeignKey("blob.id"), index=True)
    size_bytes: Mapped[int]


class Plan(Identified, Base):
    """A saved plan with all that applying it exactly needs, encrypted."""

    __tablename__ = "plan"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    blob_id: Mapped[str | None] = mapped_column(ForeignKey("blob.id"))
    engine: Mapped[str] = mapped_column(String(32))
    engine_version: Mapped[str] = mapped_column(String(64))
    engine_path: Mapped[str] = mapped_column(String(255))
    base_state_id: Mapped[str | None] = mapped_column(String(24))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class PlanUse(Base):
    """A plan that was burned: at most one apply of it ever starts."""

    __tablename__ = "plan_use"

    plan_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    epoch: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class RunDocument(Base):
    """The change document of a run, all but its list of changes."""

    __tablename__ = "run_document"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[Json]


class RunChange(Base):
    """One masked change of a run's plan; `data` is the record as zstd-packed JSON.

    `position` is the order of reading: destroy and replace first.
    """

    __tablename__ = "run_change"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(128))
    module: Mapped[str] = mapped_column(Text, default="")
    action: Mapped[str] = mapped_column(String(16))
    head: Mapped[Json]
    size_bytes: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class RunOutput(Base):
    """An output of a run. A sensitive one keeps ciphertext only."""

    __tablename__ = "run_output"
    __table_args__ = (UniqueConstraint("run_id", "name"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[Json | None]
    sensitive: Mapped[bool] = mapped_column(default=False)
    value: Mapped[Json | None]
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)


class StateVersion(Identified, Base):
    """A state of a deployment, encrypted. A candidate is never current by itself."""

    __tablename__ = "state_version"
    __table_args__ = (
        Index(None, "deployment_id", "id"),
        # Those few whose standing is open; looked for on each page of a deployment.
        Index("ix_state_version_open", "deployment_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    run_id: Mapped[str | None] = mapped_column(String(24))
    blob_id: Mapped[str] = mapped_column(ForeignKey("blob.id"))
    serial: Mapped[int] = mapped_column(BigInteger)
    lineage: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    resource_count: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16), default="run")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(160), default="")
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    from_id: Mapped[str | None] = mapped_column(String(24))


class Resource(Base):
    """A resource that exists in a deployment, and which runs made and last changed it."""

    __tablename__ = "resource"
    __table_args__ = (UniqueConstraint("deployment_id", "address"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(Text)
    module: Mapped[str] = mapped_column(Text, default="")
    type: Mapped[str] = mapped_column(String(128))
    provider: Mapped[str] = mapped_column(String(255), default="")
    instance_id: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str] = mapped_column(String(32), default="")
    made_run_id: Mapped[str | None] = mapped_column(String(24))
    changed_run_id: Mapped[str | None] = mapped_column(String(24))
    changed_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
