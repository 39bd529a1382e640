"""What a run went through: its states, its steps, what people said."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Text,
    UniqueConstraint,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified, Json
from models.run_state import RunState

if TYPE_CHECKING:
    from models.run import Run

_SERIAL = BigInteger().with_variant(Integer, "sqlite")


class RunHistory(Base):
    """One state of a run. `id` grows with every move of any run: a change feed."""

    __tablename__ = "run_history"
    __table_args__ = (Index(None, "run_id", "id"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    state: Mapped[RunState] = mapped_column(EnumValue(RunState))
    at: Mapped[dt.datetime]
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(24))
    actor_name: Mapped[str] = mapped_column(String(160))
    reason: Mapped[str] = mapped_column(Text, default="")
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    epoch: Mapped[int] = mapped_column(default=0)
    log_offset: Mapped[int] = mapped_column(BigInteger, default=0)


@dataclasses.dataclass(frozen=True)
class Mark:
    """Who moves a run, why, and when: what a history row says."""

    actor_kind: str
    actor_id: str | None
    actor_name: str
    reason: str = ""
    at: dt.datetime = dataclasses.field(default_factory=clock.now)
    log_offset: int = 0

    def record(self, run: Run, state: RunState) -> None:
        """Append the row for a run entering `state`; its duration is of the state before."""
        session = inspect(run).session
        row = RunHistory(
            run_id=run.id,
            state=state,
            at=self.at,
            actor_kind=self.actor_kind,
            actor_id=self.actor_id,
            actor_name=self.actor_name,
            reason=self.reason,
            duration_ms=max(0, round((self.at - run.state_since) / dt.timedelta(milliseconds=1))),
            epoch=run.claim_epoch,
            log_offset=self.log_offset,
        )
        if session is None:
            message = "a run moves only inside a session"
            raise RuntimeError(message)
        session.add(row)


class RunStep(Base):
    """One supervised process of a run: an offset range of its log, and how it ended."""

    __tablename__ = "run_step"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(32))
    state: Mapped[RunState] = mapped_column(EnumValue(RunState))
    epoch: Mapped[int]
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    exit_code: Mapped[int | None]
    log_start: Mapped[int] = mapped_column(BigInteger, default=0)
    log_end: Mapped[int | None] = mapped_column(BigInteger)


class RunDiagnostic(Base):
    """An error or warning of the engine, shown above the log."""

    __tablename__ = "run_diagnostic"
    __table_args__ = (Index(None, "run_id", "id"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    severity: Mapped[str] = mapped_column(String(16))
    summary: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    filename: Mapped[str] = mapped_column(Text, default="")
    line: Mapped[int | None]
    snippet: Mapped[Json | None]
    step: Mapped[str] = mapped_column(String(32), default="")


class RunComment(Identified, Base):
    """What a person said about a run."""

    __tablename__ = "run_comment"
    __table_args__ = (Index(None, "run_id", "id"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    author_id: Mapped[str | None] = mapped_column(String(24))
    author_name: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)


class RunMetadata(Identified, Base):
    """An opaque string that a person attached when creating, confirming or reviewing."""

    __tablename__ = "run_metadata"
    __table_args__ = (Index(None, "run_id", "id"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    author_name: Mapped[str] = mapped_column(String(160))
    verb: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)


def of_run(run_id: str) -> Select[RunHistory]:
    """A run's states, newest first."""
    return select(RunHistory).where(RunHistory.run_id == run_id).order_by(RunHistory.id.desc())
