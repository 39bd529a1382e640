"""What time takes away: drafts, sessions, tries to sign in, idempotency keys, old logs."""

import datetime as dt
from typing import Any

from sqlalchemy import delete, select

from lib import clock
from models.draft import Draft, IdempotencyKey
from models.run import Run
from models.user import SignInAttempt, UserSession
from services.runs.moves import for_update
from services.transaction import session, transaction

TRIES_KEPT = dt.timedelta(days=1)
KEYS_KEPT = dt.timedelta(days=7)


def forget() -> None:
    """Strike what is over. Each kind in a transaction of its own, so that none is long."""
    now = clock.now()
    over: tuple[tuple[type[Any], Any], ...] = (
        (Draft, Draft.expires_at < now),
        (UserSession, UserSession.expires_at < now),
        (SignInAttempt, SignInAttempt.at < now - TRIES_KEPT),
        (IdempotencyKey, IdempotencyKey.at < now - KEYS_KEPT),
    )
    for table, condition in over:
        with transaction() as here:
            here.execute(delete(table).where(condition))


def logs_to_expire(kept: dt.timedelta, limit: int) -> list[str]:
    """Runs whose logs are older than they are kept, by id."""
    due = (
        select(Run.id)
        .where(
            Run.finished_at < clock.now() - kept,
            Run.log_expired_at.is_(None),
            Run.log_bytes > 0,
        )
        .limit(limit)
    )
    return list(session().scalars(due))


def log_expired(run_id: str) -> None:
    """Remember that a run's log was removed; the run itself stays."""
    with transaction():
        run = for_update(run_id)
        run.log_expired_at = clock.now()
