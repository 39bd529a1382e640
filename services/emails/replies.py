"""Answers to messages: accepted, refused, and how the run ended or what it waits for.

Only a sender whom the receiving service has proven is answered, so that nobody can have others
written to; and each of them at most so many times an hour.
"""

import datetime as dt

from sqlalchemy import select

from lib import clock
from models import email as emails
from models.email import Email, EmailTrigger
from models.run import Run
from models.run_state import FINAL, RunState
from services import mail
from services.house import house
from services.mail import Thread
from services.mail.words import ended, of_run, run_url, waits
from services.transaction import session

HOUR = dt.timedelta(hours=1)
WAITING = frozenset({RunState.UNCONFIRMED, RunState.PENDING_REVIEW})


def accepted(row: Email, run: Run, *, is_authentic: bool) -> None:
    """Tell the sender that their message started a run."""
    if not is_authentic:
        return
    text = (
        f"Your message started {of_run(run)}.\n\n"
        f"You will hear of it again when it ends, or when it waits for somebody.\n\n"
        f"{run_url(run)}\n"
    )
    _reply(row, "accepted", text)


def refused(row: Email, trigger: EmailTrigger, reason: str) -> None:
    """Tell a known sender why their message started nothing."""
    text = (
        f"Your message to the e-mail trigger “{trigger.name}” "
        f"({trigger.stack_name} in {trigger.workspace_name}) started nothing.\n\n{reason}\n"
    )
    _reply(row, "refused", text)


def run_moved(run: Run, before: RunState | None) -> None:
    """A follower: tell the sender when the run of their message ends, or waits for somebody."""
    if run.trigger_kind != "email" or before is None:
        return
    if run.state not in FINAL and run.state not in WAITING:
        return
    row = session().scalars(select(Email).where(Email.run_id == run.id)).first()
    if row is None or row.replied_at is None:  # Whoever was not told of the start is not told now.
        return
    words = ended(run) if run.state in FINAL else waits(run)
    _reply(row, str(run.state), f"{words}\n\n{run_url(run)}\n")


def answers(run: Run, address: str) -> bool:
    """Whether the maker of this run hears of it as the sender of the message that started it."""
    if run.trigger_kind != "email":
        return False
    row = session().scalars(select(Email).where(Email.run_id == run.id)).first()
    return row is not None and row.replied_at is not None and row.sender == address.lower()


def _reply(row: Email, about: str, text: str) -> None:
    since = clock.now() - HOUR
    count = session().scalar(emails.replied_since(row.sender, since)) or 0
    if row.replied_at is None and count >= house().mail.sender_rate_per_hour:
        return
    subject = row.subject if row.subject.lower().startswith("re:") else f"Re: {row.subject}"
    thread = Thread(in_reply_to=row.message_id)
    if mail.send(row.sender, subject.strip(), text, key=f"email:{row.id}:{about}", thread=thread):
        row.replied_at = clock.now()
