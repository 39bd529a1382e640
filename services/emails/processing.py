"""Looking at a message that was taken in: once, with its verdict, its run and its reply.

All three are written in one transaction under the row's lock: however often the outbox hands the
message over, it makes at most one run.
"""

from integrations.mail import verdict as authentication
from integrations.mail.message import Message
from integrations.mail.message import read as read_message
from integrations.mail.post import Unreadable
from lib import clock
from models.email import Email, EmailTrigger, Verdict
from models.project import Deployment
from models.run import Run
from services import blobs, runs
from services.emails import replies
from services.emails.judging import Decision, Evidence, judge
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.transaction import session, transaction

REFUSALS = (Conflict, Forbidden, Invalid, NotFound)
"""What making a run may answer; anything else is a fault, and tried again."""

FAULT = "Gantry could not look at this message: a fault of its own, which its log describes."


def process(email_id: str) -> None:
    """Judge a message, make its run, and put the reply into the outbox. Twice is once.

    Raises:
        Unavailable: when the database does not answer.
    """
    message = _read(email_id)
    with transaction() as here:
        row = here.get(Email, email_id, with_for_update=True, populate_existing=True)
        if row is None or row.verdict is not Verdict.RECEIVED:
            return
        trigger = here.get(EmailTrigger, row.trigger_id, populate_existing=True)
        if trigger is None:
            _close(row, Verdict.REFUSED, "The trigger was deleted.")
        elif trigger.rotated_at is not None and row.received_at < trigger.rotated_at:
            _close(row, Verdict.REFUSED, "The trigger's address was changed meanwhile.")
        elif isinstance(message, str):
            _close(row, Verdict.REFUSED, message)
        else:
            _carry_out(row, trigger, message)


def give_up(email_id: str) -> None:
    """Close a message that cannot be looked at, so that it is seen in the list."""
    with transaction() as here:
        row = here.get(Email, email_id, with_for_update=True, populate_existing=True)
        if row is not None and row.verdict is Verdict.RECEIVED:
            _close(row, Verdict.REFUSED, FAULT)


def make_run(decision: Decision) -> tuple[Run | None, str]:
    """(the run of an accepted message, why there is none); part of the caller's transaction."""
    if decision.actor is None or decision.request is None:
        return None, decision.reason
    try:
        with session().begin_nested():
            return runs.create(decision.actor, decision.request), ""
    except REFUSALS as refusal:
        fields = getattr(refusal, "fields", {})
        return None, " ".join(fields.values()) or refusal.text


def _read(email_id: str) -> Message | str:
    """The message, or why it cannot be read: read before the transaction, for it takes a while."""
    row = session().get(Email, email_id, populate_existing=True)
    if row is None or row.blob_id is None:
        return "The message itself is not kept any more."
    try:
        return read_message(blobs.read(row.blob_id))
    except Unreadable as error:
        return str(error)
    except NotFound as error:
        return error.text


def _carry_out(row: Email, trigger: EmailTrigger, message: Message) -> None:
    evidence = Evidence(row.envelope_from, authentication.from_json(row.authentication))
    decision = judge(trigger, message, evidence)
    run, reason = make_run(decision)
    if run is not None:
        row.run_id = run.id
        _close(row, Verdict.ACCEPTED, "")
        replies.accepted(row, run, is_authentic=decision.is_authentic)
        return
    verdict = Verdict.IGNORED if decision.verdict is Verdict.IGNORED else Verdict.REFUSED
    _close(row, verdict, reason)
    if verdict is Verdict.REFUSED and decision.sender_is_known:
        replies.refused(row, trigger, reason)


def _close(row: Email, verdict: Verdict, reason: str) -> None:
    row.verdict, row.reason, row.processed_at = verdict, reason[:2000], clock.now()
    session().flush()


def deployment_of(trigger: EmailTrigger) -> Deployment:
    """The deployment a trigger starts runs of."""
    return session().get_one(Deployment, trigger.deployment_id)
