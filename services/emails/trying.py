"""Trying a message that somebody pastes: what would happen, and, if they want, making it happen."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from integrations.mail import message as messages
from integrations.mail.message import Message
from integrations.mail.post import Unreadable
from integrations.mail.verdict import Verdict as Authentication
from lib import clock
from models import email as emails
from models.email import Email, EmailTrigger, Verdict
from models.project import Deployment
from models.run import Run
from services import audit, blobs, email_triggers
from services.access import Action, Actor, require
from services.emails.judging import Decision, Evidence, judge
from services.emails.processing import make_run
from services.errors import Conflict, Invalid
from services.transaction import is_duplicate, session, transaction

SERVICE = "pasted"
LARGEST_BYTES = 1 << 20
SHOWN_CHARACTERS = 400


@dataclass(frozen=True)
class Trial:
    """What would become of a message."""

    verdict: Verdict
    reason: str
    sender: str
    subject: str
    variables: Sequence[tuple[str, str]]
    files: Sequence[tuple[str, int]]
    """(path, size in bytes)."""


def try_out(actor: Actor, trigger_id: str, raw: str) -> Trial:
    """What would happen with this message if you had sent it; nothing is kept, nothing is made.

    Raises:
        NotFound, Forbidden: when the actor may not change the trigger.
        Invalid: when it is no message.
    """
    trigger = _trigger(actor, trigger_id)
    message = _read(raw)
    decision = judge(trigger, message, _evidence(actor))
    reason = _objection(decision)
    is_accepted = decision.verdict is Verdict.ACCEPTED and not reason
    refused = Verdict.REFUSED if decision.verdict is Verdict.ACCEPTED else decision.verdict
    return Trial(
        verdict=Verdict.ACCEPTED if is_accepted else refused,
        reason=reason,
        sender=message.sender,
        subject=message.subject,
        variables=_shown(decision),
        files=[(path, len(data)) for path, data in decision.inputs.files]
        if decision.inputs
        else [],
    )


def run_pasted(actor: Actor, trigger_id: str, raw: str, *, once: str) -> tuple[Run | None, str]:
    """Take a pasted message as if you had sent it: (its run, why there is none).

    The run has the weaker of your rights and the trigger owner's. `once` makes it one run however
    often the button is pressed.

    Raises:
        NotFound, Forbidden, Invalid: as `try_out`.
    """
    trigger = _trigger(actor, trigger_id)
    message = _read(raw)
    key = hashlib.sha256(f"pasted:{actor.key}:{once}".encode()).hexdigest()
    with transaction() as here:
        twin = here.scalars(emails.of_key(trigger.id, key)).first()
        if twin is not None:
            return _run_of(twin), twin.reason
        row = _row(actor, trigger, message, raw, key)
        _insert(row)
        decision = judge(trigger, message, _evidence(actor))
        run, reason = make_run(decision)
        refused = Verdict.REFUSED if decision.verdict is Verdict.ACCEPTED else decision.verdict
        row.verdict, row.reason = (Verdict.ACCEPTED if run else refused), reason
        row.run_id, row.processed_at = run.id if run else None, clock.now()
        audit.record(actor, "email_trigger.paste", trigger, after={"verdict": row.verdict.value})
        here.flush()
    return run, reason


class _TakenBack(Exception):
    """Ends a transaction of which nothing is to stay."""


def _objection(decision: Decision) -> str:
    """What stands against the run: it is made, and taken back with all that it wrote."""
    try:
        with transaction():
            raise _TakenBack(make_run(decision)[1])
    except _TakenBack as end:
        return str(end)


def _trigger(actor: Actor, trigger_id: str) -> EmailTrigger:
    found = email_triggers.find(actor, trigger_id)
    require(actor, Action.WRITE_TRIGGERS, session().get(Deployment, found.deployment_id))
    return found


def _read(raw: str) -> Message:
    text = raw.lstrip("\r\n")
    if not text.strip():
        raise Invalid({"message": "Paste a message: its headers, an empty line, its text."})
    data = text.encode("utf-8", "replace")
    if len(data) > LARGEST_BYTES:
        raise Invalid({"message": f"At most {LARGEST_BYTES >> 20} MB can be pasted."})
    try:
        return messages.read(data)
    except Unreadable as error:
        raise Invalid({"message": str(error)}) from None


def _evidence(actor: Actor) -> Evidence:
    return Evidence(None, Authentication(note=f"Pasted by {actor.name}."), actor)


def _shown(decision: Decision) -> list[tuple[str, str]]:
    if decision.inputs is None:
        return []
    return [(name, text[:SHOWN_CHARACTERS]) for name, text in decision.inputs.variables.items()]


def _row(actor: Actor, trigger: EmailTrigger, message: Message, raw: str, key: str) -> Email:
    data = raw.lstrip("\r\n").encode("utf-8", "replace")
    return Email(
        trigger_id=trigger.id,
        project_id=trigger.project_id,
        stack_id=trigger.stack_id,
        workspace_id=trigger.workspace_id,
        service=SERVICE,
        verdict=Verdict.RECEIVED,
        sender=message.sender[:320],
        subject=message.subject,
        recipient=f"pasted by {actor.name}"[:320],
        message_id=message.message_id[:998],
        message_key=key,
        authentication=_evidence(actor).authentication.as_json(),
        size_bytes=len(data),
        blob_id=blobs.put("email", data).id,
    )


def _insert(row: Email) -> None:
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise Conflict("This message is being run already. Look at the list.") from error


def _run_of(row: Email) -> Run | None:
    return session().get(Run, row.run_id) if row.run_id else None
