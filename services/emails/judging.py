"""Whether a message starts a run, and as whom: the rules of a trigger, asked one after another.

Nothing is written here, so that trying a message and taking it ask the same questions.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from integrations.mail import automatic
from integrations.mail.message import Message
from integrations.mail.verdict import Verdict as Authentication
from integrations.mail.verdict import domain_of
from lib import clock
from models import email as emails
from models.email import EmailTrigger, Verdict
from models.project import Deployment
from models.run_state import RunType
from models.user import User, by_email
from services import access, mail, variables
from services.access import Action, Actor, can
from services.emails import mapping
from services.emails.mapping import Inputs, Unfit
from services.errors import Forbidden, Invalid
from services.house import house
from services.runs import NewRun
from services.transaction import session

HOUR = dt.timedelta(hours=1)
CHANGING = frozenset({RunType.APPLY, RunType.DESTROY})


@dataclass(frozen=True)
class Evidence:
    """What is known of a message beside what stands in it.

    `pasted_by` is who pasted it into the form: then it is theirs, and nobody proves a sender.
    """

    envelope_from: str | None
    authentication: Authentication
    pasted_by: Actor | None = None


@dataclass(frozen=True)
class Decision:
    """What becomes of a message, and why. `sender_is_known`: a refusal may be told to them."""

    verdict: Verdict
    reason: str
    sender_is_known: bool = False
    is_authentic: bool = False
    actor: Actor | None = None
    request: NewRun | None = field(default=None, repr=False)
    inputs: Inputs | None = field(default=None, repr=False)


class _Stop(Exception):
    """The answer is found: the message starts nothing."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict, self.reason = verdict, reason


def judge(trigger: EmailTrigger, message: Message, evidence: Evidence) -> Decision:
    """What the rules make of the message. An accepted one has its actor and its request."""
    is_authentic = evidence.authentication.speaks_for(domain_of(message.sender))
    sender = session().scalars(by_email(message.sender)).first() if message.sender else None
    known = is_authentic and _is_known(trigger, message.sender, sender)
    try:
        _refuse_automatic(message, evidence)
        _refuse_paused(trigger)
        actor = _actor(trigger, message, evidence, sender)
        if evidence.pasted_by is None:
            _refuse_too_many(trigger, message.sender)
        found = _inputs(trigger, message)
        request = _request(trigger, message, found)
    except _Stop as stop:
        return Decision(stop.verdict, stop.reason, known, is_authentic)
    return Decision(Verdict.ACCEPTED, "", known, is_authentic, actor, request, found)


def _refuse_automatic(message: Message, evidence: Evidence) -> None:
    is_own: Callable[[str], bool] = mail.is_own
    reason = automatic.reason(message, evidence.envelope_from, is_own)
    if reason:
        raise _Stop(Verdict.IGNORED, reason)


def _refuse_paused(trigger: EmailTrigger) -> None:
    if trigger.paused:
        raise _refused("The trigger is paused.")


def _refused(reason: str) -> _Stop:
    return _Stop(Verdict.REFUSED, reason)


def _actor(
    trigger: EmailTrigger, message: Message, evidence: Evidence, sender: User | None
) -> Actor:
    """As whom the run starts: the trigger's owner, or the weaker of owner and sender."""
    try:
        owner = access.on_behalf(
            trigger.owner_id,
            trigger="email",
            trigger_id=trigger.id,
            trigger_name=trigger.name,
        )
    except Forbidden as refusal:
        raise _refused(refusal.text) from None
    if evidence.pasted_by is not None:
        return _must_create(trigger, _as_trigger(evidence.pasted_by, owner))
    if not message.sender:
        raise _refused("From does not name one author with one address.")
    if trigger.senders == "anyone":
        return _must_create(trigger, owner)
    _require_authentic(message, evidence)
    if trigger.senders == "members":
        return _must_create(trigger, _as_trigger(_member(sender, message), owner))
    if not is_listed(message.sender, trigger.senders):
        raise _refused(f"{message.sender} is not on the trigger's list of senders.")
    return _must_create(trigger, owner)


def _as_trigger(who: Actor, owner: Actor) -> Actor:
    return replace(
        access.weaker_of(who, owner),
        trigger=owner.trigger,
        trigger_id=owner.trigger_id,
        trigger_name=owner.trigger_name,
    )


def _require_authentic(message: Message, evidence: Evidence) -> None:
    found = evidence.authentication
    if not found.speaks_for(domain_of(message.sender)):
        why = found.note or f"{found.text()}."
        raise _refused(f"Nothing proves that {message.sender} wrote this: {why}")


def _member(sender: User | None, message: Message) -> Actor:
    if sender is None or not sender.is_active or sender.is_service:
        raise _refused(f"{message.sender} is not the address of anybody here.")
    return access.person(sender)


def _must_create(trigger: EmailTrigger, actor: Actor) -> Actor:
    deployment = session().get(Deployment, trigger.deployment_id)
    if deployment is None or not can(actor, Action.CREATE_RUN, deployment):
        raise _refused(
            f"{actor.name} may not create runs of {trigger.stack_name} in "
            f"{trigger.workspace_name} (or the trigger's owner, {trigger.owner_name}, may not)."
        )
    return actor


def is_listed(sender: str, listed: Sequence[str]) -> bool:
    """Whether an address, or its domain, stands in a list of addresses and @domains."""
    domain = f"@{domain_of(sender)}"
    return any(one.lower() in {sender.lower(), domain} for one in listed)


def _is_known(trigger: EmailTrigger, address: str, sender: User | None) -> bool:
    if isinstance(trigger.senders, list) and is_listed(address, trigger.senders):
        return True
    if sender is None or not sender.is_active:
        return False
    deployment = session().get(Deployment, trigger.deployment_id)
    return deployment is not None and can(access.person(sender), Action.SEE, deployment)


def _refuse_too_many(trigger: EmailTrigger, sender: str) -> None:
    room, since = house().mail, clock.now() - HOUR
    started = session().scalar(emails.started_since(trigger.id, since)) or 0
    if started >= room.rate_per_hour:
        raise _refused(f"The trigger has started {started} runs within an hour, the most it may.")
    sent = session().scalar(emails.sent_since(sender, since)) or 0
    if sent > room.sender_rate_per_hour:
        raise _refused(
            f"{sender} has sent {sent} messages within an hour; at most "
            f"{room.sender_rate_per_hour} are taken."
        )


def _inputs(trigger: EmailTrigger, message: Message) -> Inputs:
    try:
        return mapping.inputs(message, trigger.mapping, trigger.attachments)
    except Unfit as unfit:
        raise _refused(str(unfit)) from None


def _request(trigger: EmailTrigger, message: Message, found: Inputs) -> NewRun:
    values: dict[str, Any] = dict(found.variables)
    try:
        given = variables.run_inputs({name: {"value": text} for name, text in values.items()})
    except Invalid as refusal:
        raise _refused(refusal.text) from None
    return NewRun(
        project=trigger.project_name,
        stack=trigger.stack_name,
        workspace=trigger.workspace_name,
        type=trigger.type,
        variables=given,
        files=found.files,
        auto_apply=trigger.auto_apply if trigger.type in CHANGING else None,
        message=message.subject[:500],
    )
