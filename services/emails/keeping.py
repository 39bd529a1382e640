"""How long received mail is kept: messages for the days that are set, their lines for a year."""

import datetime as dt

from sqlalchemy import delete

from lib import clock
from models import email as emails
from models.blob import Blob
from models.email import Email, EmailDelivery
from services.house import house
from services.transaction import session, transaction

BATCH = 100
LINES_KEPT = dt.timedelta(days=400)


def forget() -> None:
    """Strike messages that are older than they are kept, old lines, and spent delivery tokens."""
    now = clock.now()
    whole_until = now - dt.timedelta(days=house().mail.kept_days)
    while _forget_batch(whole_until):
        pass
    with transaction() as here:
        here.execute(delete(EmailDelivery).where(EmailDelivery.expires_at < now))
        here.execute(delete(Email).where(Email.received_at < now - LINES_KEPT))


def drop_messages(trigger_id: str) -> None:
    """Forget what a trigger's messages say; part of the caller's transaction."""
    found = session().scalars(emails.blobs_of(Email.trigger_id == trigger_id)).all()
    session().execute(delete(Blob).where(Blob.id.in_(found)))


def _forget_batch(before: dt.datetime) -> int:
    with transaction() as here:
        rows = here.scalars(emails.old(before).limit(BATCH)).all()
        here.execute(delete(Blob).where(Blob.id.in_([row.blob_id for row in rows])))
        for row in rows:
            row.blob_id = None
    return len(rows)
