"""Signed-in browsers: kept on the server, revocable, counted when they fail."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from sqlalchemy import delete

from lib import clock, ids
from models import user as users
from models.user import SignInAttempt, User, UserSession
from services import audit
from services.access import Actor, person
from services.errors import Invalid, NotFound, TooMany
from services.house import house
from services.transaction import session, transaction

LIMIT_PER_MINUTE = 10
WINDOW = dt.timedelta(minutes=1)
SEEN_EVERY = dt.timedelta(minutes=1)
WRONG = "Address and password do not match an account that may sign in."


@dataclass(frozen=True)
class Origin:
    """Where a request comes from."""

    address: str
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class SignedIn:
    """A browser's session and whose it is."""

    session: UserSession
    user: User


def sign_in(email: str, password: str, origin: Origin) -> tuple[str, User]:
    """Open a session. Returns its secret, which the cookie holds and nothing here keeps.

    Raises:
        TooMany: after ten failures within a minute, for this account or from this address.
        Invalid: when the two do not match; the answer, and the time it takes, are the same
            for an account that does not exist.
    """
    email = email.strip().lower()[:254]
    attempt_id = _count_attempt(email, origin.address)
    found = session().scalar(users.by_email(email))
    kept = found.password_hash if found and found.is_active else None
    session().commit()  # No transaction stands open while the password is hashed.
    if not house().passwords.verify(kept, password) or found is None:
        raise Invalid({"password": WRONG})
    return _open(found.id, password, attempt_id, origin), found


def _open(user_id: str, password: str, attempt_id: str, origin: Origin) -> str:
    secret, now = ids.new_secret(), clock.now()
    with transaction() as write:
        user = write.get_one(User, user_id)
        user.last_sign_in_at = now
        if user.password_hash and house().passwords.is_outdated(user.password_hash):
            user.password_hash = house().passwords.hash(password)
        write.execute(delete(SignInAttempt).where(SignInAttempt.id == attempt_id))
        opened = UserSession(
            id=_hash(secret),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + dt.timedelta(days=house().session_days),
            address=origin.address,
            user_agent=origin.user_agent[:255],
        )
        write.add(opened)
        actor = Actor("user", user.id, user.name, address=origin.address)
        audit.record(actor, "session.open", user)
    return secret


def _count_attempt(email: str, address: str) -> str:
    """Write the attempt down before it is made, so that many at once are counted too."""
    now = clock.now()
    with transaction() as write:
        counted = users.recent_attempts(now - WINDOW, email=email, address=address)
        of_account, from_address = write.execute(counted).one()
        if max(of_account, from_address) >= LIMIT_PER_MINUTE:
            raise TooMany("Too many sign-ins failed. Try again in a minute.", retry_after_s=60)
        write.execute(delete(SignInAttempt).where(SignInAttempt.at < now - 60 * WINDOW))
        attempt = SignInAttempt(email=email, address=address, at=now)
        write.add(attempt)
        write.flush()
        return attempt.id


def find(secret: str) -> SignedIn | None:
    """The session this secret opens, or None when it has ended or its user may no longer sign in.

    Its end slides on with use; that is written at most once a minute.
    """
    row = session().execute(users.session_with_user(_hash(secret))).one_or_none()
    if row is None or row[0].expires_at <= clock.now() or not row[1].is_active:
        return None
    found = SignedIn(row[0], row[1])
    if clock.now() - found.session.last_seen_at >= SEEN_EVERY:
        _touch(found.session.id)
    return found


def _touch(session_id: str) -> None:
    now = clock.now()
    with transaction() as write:
        kept = write.get(UserSession, session_id)
        if kept is not None:
            kept.last_seen_at = now
            kept.expires_at = now + dt.timedelta(days=house().session_days)


def of_user(user_id: str) -> list[UserSession]:
    """A user's sessions, latest used first."""
    return list(session().scalars(users.open_sessions(user_id, clock.now())))


def sign_out(actor: Actor, session_id: str) -> None:
    """End one of the actor's own sessions.

    Raises:
        NotFound: when the actor has no such session.
    """
    with transaction() as write:
        kept = write.get(UserSession, session_id)
        if kept is None or kept.user_id != actor.id:
            raise NotFound
        write.delete(kept)
        audit.record(actor, "session.end", write.get_one(User, kept.user_id))


def end_all(user_id: str, *, but: str | None = None) -> int:
    """End a user's sessions, all but one: part of a verb that records it. Returns how many."""
    found = delete(UserSession).where(UserSession.user_id == user_id, UserSession.id != (but or ""))
    # A result of DELETE has it.
    return int(session().execute(found).rowcount)  # type: ignore[attr-defined]


def sign_out_elsewhere(actor: Actor, keep: str) -> int:
    """End every session of the actor but the one in use. Returns how many ended."""
    with transaction() as write:
        ended = end_all(actor.id or "", but=keep)
        user = write.get_one(User, actor.id)
        audit.record(actor, "session.end_others", user, after={"ended": ended})
    return ended


def prune() -> int:
    """Forget sessions that are over: periodic work. Returns how many."""
    with transaction() as write:
        gone = write.execute(delete(UserSession).where(UserSession.expires_at <= clock.now()))
        return int(gone.rowcount)  # type: ignore[attr-defined]  # a result of DELETE has it


def actor_of(found: SignedIn, origin: Origin) -> Actor:
    """The actor that a signed-in browser is."""
    return person(found.user, address=origin.address, request_id=origin.request_id)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
