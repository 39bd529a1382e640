"""E-mail triggers, the messages they received, and what makes a delivery count once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified, Json
from models.project import Deployment, Stack
from models.run import Run
from models.run_state import RunType

Row = TypeVar("Row", Deployment, Stack)


class Verdict(StrEnum):
    """What became of a message."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IGNORED = "ignored"


class EmailTrigger(Identified, Base):
    """An address to which people write to start runs of a deployment.

    `owner_id` is who saved it last: its runs have that person's rights at the time they start.
    """

    __tablename__ = "email_trigger"
    __table_args__ = (Index(None, "stack_id"), Index(None, "workspace_id"), Index(None, "owner_id"))

    project_id: Mapped[str] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    stack_id: Mapped[str] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    deployment_id: Mapped[str] = mapped_column(
        ForeignKey("deployment.id", ondelete="CASCADE"), index=True
    )
    project_name: Mapped[str] = mapped_column(String(63))
    stack_name: Mapped[str] = mapped_column(String(63))
    workspace_name: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(120))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    type: Mapped[RunType] = mapped_column(EnumValue(RunType))
    auto_apply: Mapped[bool] = mapped_column(default=False)
    senders: Mapped[Json]
    mapping: Mapped[Json]
    attachments: Mapped[str] = mapped_column(String(16), default="files")
    paused: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    owner_name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    rotated_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Email(Identified, Base):
    """A received message: the line that lists show, and the sealed message for as long as kept.

    `trigger_id` is empty for an address that is none. Its places are those of the trigger when it
    came, so that who may see it can be asked of the row.
    """

    __tablename__ = "email"
    __table_args__ = (
        UniqueConstraint("trigger_id", "message_key"),
        Index(None, "trigger_id", "received_at"),
        Index(None, "sender", "received_at"),
        Index(None, "stack_id"),
        Index(None, "project_id"),
        Index(None, "workspace_id"),
        Index(None, "run_id"),
        Index(None, "received_at"),
    )

    trigger_id: Mapped[str | None] = mapped_column(
        ForeignKey("email_trigger.id", ondelete="CASCADE")
    )
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    stack_id: Mapped[str | None] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    workspace_id: Mapped[str | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    service: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[Verdict] = mapped_column(EnumValue(Verdict), default=Verdict.RECEIVED)
    reason: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    processed_at: Mapped[dt.datetime | None]
    replied_at: Mapped[dt.datetime | None]
    sender: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(String(998), default="")
    recipient: Mapped[str] = mapped_column(String(320), default="")
    envelope_from: Mapped[str | None] = mapped_column(String(320))
    message_id: Mapped[str] = mapped_column(String(998), default="")
    message_key: Mapped[str] = mapped_column(String(64))
    authentication: Mapped[Json] = mapped_column(default=dict)
    size_bytes: Mapped[int] = mapped_column(default=0)
    repeats: Mapped[int] = mapped_column(default=0)
    blob_id: Mapped[str | None] = mapped_column(String(24), index=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("run.id", ondelete="SET NULL"))


class EmailDelivery(Base):
    """A delivery that was taken, by what its service calls it: a second one is nothing."""

    __tablename__ = "email_delivery"

    service: Mapped[str] = mapped_column(String(16), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class NoticeChoice(Base):
    """What somebody wants to be told by mail of their own runs. Without a row: everything."""

    __tablename__ = "notice_choice"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    waits: Mapped[bool] = mapped_column(default=True)
    fails: Mapped[bool] = mapped_column(default=True)
    ends: Mapped[bool] = mapped_column(default=True)


def by_token(tokens: list[str]) -> Select[EmailTrigger]:
    """The triggers with these address tokens."""
    return select(EmailTrigger).where(EmailTrigger.token.in_(tokens))


def triggers(scope: ColumnElement[bool]) -> Select[EmailTrigger]:
    """The triggers in a scope, the newest first."""
    return select(EmailTrigger).where(scope).order_by(EmailTrigger.id.desc())


def of_key(trigger_id: str, key: str) -> Select[Email]:
    """The message of a trigger with this key."""
    return select(Email).where(Email.trigger_id == trigger_id, Email.message_key == key)


def strays_since(since: dt.datetime) -> Select[int]:
    """How many messages came since then for addresses that are none."""
    return select(func.count()).where(Email.trigger_id.is_(None), Email.received_at >= since)


def received_since(trigger_id: str, since: dt.datetime) -> Select[int]:
    """How many messages a trigger received since then."""
    return select(func.count()).where(Email.trigger_id == trigger_id, Email.received_at >= since)


def started_since(trigger_id: str, since: dt.datetime) -> Select[int]:
    """How many runs a trigger started since then."""
    return received_since(trigger_id, since).where(Email.verdict == Verdict.ACCEPTED)


def sent_since(sender: str, since: dt.datetime) -> Select[int]:
    """How many messages came from a sender since then, as From says."""
    return select(func.count()).where(Email.sender == sender, Email.received_at >= since)


def replied_since(sender: str, since: dt.datetime) -> Select[int]:
    """How many messages of a sender were replied to since then."""
    return select(func.count()).where(
        Email.sender == sender,
        Email.received_at >= since - dt.timedelta(days=7),
        Email.replied_at >= since,
    )


def emails(scope: ColumnElement[bool]) -> Select[Email, EmailTrigger | None, Run | None]:
    """(message, its trigger, its run) in a scope, the newest first."""
    return (
        select(Email, EmailTrigger, Run)
        .outerjoin(EmailTrigger, EmailTrigger.id == Email.trigger_id)
        .outerjoin(Run, Run.id == Email.run_id)
        .where(scope)
        .order_by(Email.id.desc())
    )


def last_of(trigger_ids: list[str]) -> Select[str | None, dt.datetime, int]:
    """(trigger, its last message, how many there are) for triggers that received any."""
    return (
        select(Email.trigger_id, func.max(Email.received_at), func.count())
        .where(Email.trigger_id.in_(trigger_ids))
        .group_by(Email.trigger_id)
    )


def by_ids(table: type[Row], ids: Sequence[str]) -> Select[Row]:
    """The rows of a table with these ids."""
    return select(table).where(table.id.in_(ids))


def old(before: dt.datetime) -> Select[Email]:
    """Messages that came before then and are still kept whole."""
    return select(Email).where(Email.received_at < before, Email.blob_id.is_not(None))


def blobs_of(scope: ColumnElement[bool]) -> Select[str | None]:
    """The ids of the blobs that a scope's messages are kept in."""
    return select(Email.blob_id).where(scope, Email.blob_id.is_not(None))
