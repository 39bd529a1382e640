"""The outbox: what is to be told to others, delivered at least once, each with an id.

A verb puts a message in its own transaction, so that it is there if and only if what it tells is.
A worker takes what is due, under a lease, and says how it went.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from lib import clock
from models import outbox
from models.outbox import OutboxMessage
from services import hints
from services.transaction import after_commit, session, transaction

LEASE = dt.timedelta(minutes=5)
"""How long a taken message is left alone; then whoever took it is taken for dead."""

FIRST_PAUSE_S = 10
LONGEST_PAUSE_S = 3600
MOST_ATTEMPTS = 24
"""With pauses that double up to an hour, most of a day."""

KEPT = dt.timedelta(days=14)


@dataclass(frozen=True)
class Taken:
    """A message in a worker's hands. `attempt` counts from 1 and fences off an older hold."""

    id: str
    kind: str
    key: str
    payload: Mapping[str, Any]
    attempt: int


def put(
    kind: str, key: str, payload: Mapping[str, Any], *, due_at: dt.datetime | None = None
) -> None:
    """Keep a message, in the caller's transaction. The same kind and key again is nothing.

    The payload must hold no secret in clear; seal it first.
    """
    here = session()
    known = select(OutboxMessage.id).where(OutboxMessage.kind == kind, OutboxMessage.key == key)
    if here.scalars(known).first() is not None:
        return
    here.add(OutboxMessage(kind=kind, key=key, payload=dict(payload), due_at=due_at or clock.now()))
    here.flush()
    after_commit(lambda: hints.send(hints.OutboxWaiting()))


def take(limit: int) -> list[Taken]:
    """Messages that are due, now in the caller's hands for as long as the lease."""
    with transaction() as here:
        now = clock.now()
        rows = here.scalars(outbox.due(now).limit(limit).with_for_update(skip_locked=True)).all()
        for row in rows:
            row.attempts += 1
            row.due_at = now + LEASE
        return [Taken(row.id, row.kind, row.key, row.payload, row.attempts) for row in rows]


def begin(taken: Taken) -> bool:
    """Start the lease anew, now that this message's turn has come. False when it is another's.

    A batch is taken at once, and one slow message must not use up the time of those behind it.
    """
    with transaction():
        row = _held(taken)
        if row is None or row.given_up_at is not None:
            return False
        row.due_at = clock.now() + LEASE
        return True


def delivered(taken: Taken) -> None:
    """The message arrived."""
    with transaction():
        row = _held(taken)
        if row is not None:
            row.delivered_at, row.last_error = clock.now(), ""


def failed(taken: Taken, reason: str, *, for_good: bool = False) -> None:
    """The message did not arrive: later again, or never when that is hopeless or enough."""
    with transaction():
        row = _held(taken)
        if row is None:
            return
        row.last_error = reason[:2000]
        if for_good or row.attempts >= MOST_ATTEMPTS:
            row.given_up_at = clock.now()
            return
        pause_s = min(FIRST_PAUSE_S * 2 ** (row.attempts - 1), LONGEST_PAUSE_S)
        row.due_at = clock.now() + dt.timedelta(seconds=pause_s)


def depths() -> dict[str, int]:
    """How many messages wait, by kind."""
    return dict(session().execute(outbox.depths()).all())


def forget() -> None:
    """Strike what was delivered, or given up, long ago."""
    long_ago = clock.now() - KEPT
    with transaction() as here:
        for column in (OutboxMessage.delivered_at, OutboxMessage.given_up_at):
            here.execute(delete(OutboxMessage).where(column < long_ago))


def _held(taken: Taken) -> OutboxMessage | None:
    """The row, unless somebody else has it by now or it is over."""
    row = session().get(OutboxMessage, taken.id, with_for_update=True, populate_existing=True)
    if row is None or row.attempts != taken.attempt or row.delivered_at is not None:
        return None
    return row
