"""People and service accounts, their sessions and their tokens."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Select, String, Text, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified, Json
from models.role import Role

SERVICE_PREFIX = "service:"
"""Begins the address of a service account: no person's address has a colon."""


class UserKind(StrEnum):
    """Whether somebody or something acts."""

    PERSON = "person"
    SERVICE = "service"

    @property
    def actor_kind(self) -> str:
        """What history and the audit log call it."""
        return "service_account" if self is UserKind.SERVICE else "user"


class User(Identified, Base):
    """Someone who may sign in, or a service account, which may not: it acts by its tokens alone.

    A service account's address is `service:<name>`, so that one column keeps both apart and unique.
    `responsible_id` is the person to ask about it.
    """

    __tablename__ = "user"

    kind: Mapped[UserKind] = mapped_column(
        EnumValue(UserKind), default=UserKind.PERSON, server_default=UserKind.PERSON.value
    )
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    responsible_id: Mapped[str | None] = mapped_column(String(24))
    created_by_name: Mapped[str] = mapped_column(String(160), default="", server_default="")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    last_sign_in_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_service(self) -> bool:
        """Whether it is a service account."""
        return self.kind is UserKind.SERVICE

    @property
    def handle(self) -> str:
        """How it is named in lists and calls: a person's address, a service account's name."""
        return self.name if self.is_service else self.email


class UserSession(Base):
    """A signed-in browser. The cookie holds a secret; only its hash stands here."""

    __tablename__ = "user_session"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(255))


class SignInAttempt(Identified, Base):
    """A failed sign-in, counted per account and address."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index(None, "email", "at"),
        Index(None, "address", "at"),
    )

    email: Mapped[str] = mapped_column(String(254))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class ApiToken(Identified, Base):
    """A token for programs. The text is shown once; only its hash is kept.

    `role` is the most it may be anywhere. The three places are what it is bound to: with one of
    them it sees and touches nothing else. A stack's project stands beside it.
    """

    __tablename__ = "api_token"

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[Json] = mapped_column(default=lambda: ["read", "run", "administer"])
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_id: Mapped[str | None] = mapped_column(String(24))
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    last_used_from: Mapped[str] = mapped_column(String(64), default="", server_default="")
    revoked_at: Mapped[dt.datetime | None]
    created_by_name: Mapped[str] = mapped_column(String(160), default="", server_default="")
    role: Mapped[Role | None] = mapped_column(EnumValue(Role))
    project_id: Mapped[str | None] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    stack_id: Mapped[str | None] = mapped_column(
        ForeignKey("stack.id", ondelete="CASCADE"), index=True
    )
    workspace_id: Mapped[str | None] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )


def by_email(email: str) -> Select[User]:
    """The user with this address; addresses compare without case."""
    return select(User).where(User.email == email.strip().lower())


def session_with_user(session_id: str) -> Select[UserSession, User]:
    """A session and its user, by the hash of the cookie's secret."""
    return (
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.id == session_id)
    )


def token_with_user(token_hash: str) -> Select[ApiToken, User]:
    """A token and its user, by the hash of the token's whole text."""
    return (
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.token_hash == token_hash)
    )


def recent_attempts(since: dt.datetime, *, email: str, address: str) -> Select[int, int]:
    """How many sign-ins failed since then: (for the account, from the address)."""
    for_account = func.count().filter(SignInAttempt.email == email)
    from_address = func.count().filter(SignInAttempt.address == address)
    either = or_(SignInAttempt.email == email, SignInAttempt.address == address)
    return select(for_account, from_address).where(SignInAttempt.at >= since, either)


def service_named(name: str) -> Select[User]:
    """The service account with this name."""
    return select(User).where(User.email == SERVICE_PREFIX + name.strip().lower())


def by_address(words: str, *, kind: UserKind, after: str | None) -> Select[User]:
    """People or service accounts by address; `words` filters by a part of address or name."""
    query = select(User).where(User.kind == kind).order_by(User.email)
    if words:
        in_name = User.name.icontains(words, autoescape=True)
        query = query.where(User.email.icontains(words, autoescape=True) | in_name)
    return query if after is None else query.where(User.email > after)


def other_administrators(user_id: str) -> Select[int]:
    """How many other people may administer."""
    is_one = User.is_admin & User.is_active & (User.kind == UserKind.PERSON)
    return select(func.count()).where(is_one, User.id != user_id)


def open_sessions(user_id: str, now: dt.datetime) -> Select[UserSession]:
    """A user's sessions that are not over, latest used first."""
    query = select(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at > now)
    return query.order_by(UserSession.last_seen_at.desc())
