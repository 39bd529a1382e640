"""People, their sessions and their tokens."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, Select, String, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified, Json


class User(Identified, Base):
    """Someone who may sign in."""

    __tablename__ = "user"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    last_sign_in_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(default=1)


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
    """A token for programs. The text is shown once; only its hash is kept."""

    __tablename__ = "api_token"

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[Json] = mapped_column(default=lambda: ["read", "run", "administer"])
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_id: Mapped[str | None] = mapped_column(String(24))
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


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


def by_address(words: str, *, after: str | None) -> Select[User]:
    """Users by e-mail address; `words` filters by a part of address or name."""
    query = select(User).order_by(User.email)
    if words:
        in_name = User.name.icontains(words, autoescape=True)
        query = query.where(User.email.icontains(words, autoescape=True) | in_name)
    return query if after is None else query.where(User.email > after)


def other_administrators(user_id: str) -> Select[int]:
    """How many others may administer."""
    return select(func.count()).where(User.is_admin, User.is_active, User.id != user_id)


def open_sessions(user_id: str, now: dt.datetime) -> Select[UserSession]:
    """A user's sessions that are not over, latest used first."""
    query = select(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at > now)
    return query.order_by(UserSession.last_seen_at.desc())


def usable_tokens(user_id: str, *, before_id: str | None) -> Select[ApiToken]:
    """A user's tokens that are not revoked, newest first."""
    query = select(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    query = query.order_by(ApiToken.id.desc())
    return query if before_id is None else query.where(ApiToken.id < before_id)
