"""Making, changing, rotating and deleting e-mail triggers.

Who saves a trigger becomes its owner: its runs then have that person's rights, so nobody leaves
behind a trigger that may more than whoever answers for it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib import clock
from lib.ids import ALPHABET
from models.email import EmailTrigger
from models.project import Deployment, Stack
from models.user import User
from services import audit, deployments, stacks
from services.access import Action, Actor, require
from services.edits import ChangedMeanwhile
from services.email_triggers.reading import find
from services.email_triggers.rules import settle
from services.errors import Conflict, Forbidden
from services.house import house
from services.transaction import session, transaction

TOKEN_LETTERS = 26
"""Of 32 letters each: 130 bits that nobody guesses."""


@dataclass(frozen=True, kw_only=True)
class NewTrigger:
    """An e-mail trigger as somebody asks for it."""

    project: str
    stack: str
    workspace: str
    type: str = "preview"
    name: str = ""
    senders: str | Sequence[str] = "members"
    mapping: Mapping[str, str] = field(default_factory=dict)
    attachments: str = "files"
    auto_apply: bool = False


Change = Mapping[str, Any]
EDITABLE = ("name", "type", "senders", "mapping", "attachments", "auto_apply")


def create(actor: Actor, new: NewTrigger) -> EmailTrigger:
    """Make a trigger with a new address.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
        Invalid: with a sentence per field.
        Conflict: when no domain for addresses is set.
    """
    deployment = deployments.at(actor, new.project, new.stack, new.workspace)
    require(actor, Action.WRITE_TRIGGERS, deployment)
    if not house().mail.domain:
        raise Conflict("No mail comes here yet: an administrator sets GANTRY_EMAIL_DOMAIN first.")
    stack = stacks.get(actor, new.project, new.stack)
    asked = {name: getattr(new, name) for name in EDITABLE}
    asked["name"] = new.name.strip() or _usual_name(new.type, deployment)
    values = settle(asked, stack)
    with transaction() as here:
        held = deployments.keep(deployment)
        row = EmailTrigger(
            **_places(held),
            **values,
            token=_new_token(),
            owner_id=_owner(actor),
            owner_name=actor.name,
        )
        here.add(row)
        here.flush()
        audit.record(actor, "email_trigger.create", row, after=_facts(row))
    return row


def edit(
    actor: Actor, trigger_id: str, changes: Change, *, version: int | None = None
) -> EmailTrigger:
    """Change a trigger, and become its owner.

    Raises:
        NotFound, Forbidden: as `create`.
        Invalid: with a sentence per field.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """

    def change(row: EmailTrigger) -> None:
        if version is not None and row.version != version:
            raise ChangedMeanwhile(_facts(row))
        wanted = dict(changes)
        row.paused = bool(wanted.pop("paused", row.paused))
        if not str(wanted.get("name", row.name)).strip():
            wanted["name"] = _usual_name(wanted.get("type", row.type.value), _deployment(row))
        present = {name: getattr(row, name) for name in EDITABLE} | {"type": row.type.value}
        stack = session().get_one(Stack, row.stack_id)
        for name, value in settle(present | wanted, stack).items():
            setattr(row, name, value)
        row.owner_id, row.owner_name = _owner(actor), actor.name

    return _change(actor, trigger_id, Action.WRITE_TRIGGERS, "edit", change)


def pause(actor: Actor, trigger_id: str) -> EmailTrigger:
    """Let mail to a trigger be refused until it is resumed.

    Raises:
        Conflict: when it is paused already.
    """
    return _change(
        actor, trigger_id, Action.WRITE_TRIGGERS, "pause", lambda row: _hold(row, on=True)
    )


def resume(actor: Actor, trigger_id: str) -> EmailTrigger:
    """Take mail to a trigger again.

    Raises:
        Conflict: when it is not paused.
    """
    return _change(
        actor, trigger_id, Action.WRITE_TRIGGERS, "resume", lambda row: _hold(row, on=False)
    )


def rotate(actor: Actor, trigger_id: str) -> EmailTrigger:
    """Give a trigger a new address; the old one is that of nobody from now on."""

    def change(row: EmailTrigger) -> None:
        row.token, row.rotated_at = _new_token(), clock.now()

    return _change(actor, trigger_id, Action.HANDLE_TRIGGER_SECRETS, "rotate", change)


def delete(actor: Actor, trigger_id: str) -> None:
    """Delete a trigger with the lines of what it received; its runs stay."""
    found = find(actor, trigger_id)
    require(actor, Action.DELETE, _deployment(found))
    with transaction() as here:
        row = here.get_one(EmailTrigger, found.id, with_for_update=True, populate_existing=True)
        audit.record(actor, "email_trigger.delete", row, before=_facts(row))
        _drop_blobs(row)
        here.delete(row)
        here.flush()


def _change(
    actor: Actor,
    trigger_id: str,
    action: Action,
    verb: str,
    change: Callable[[EmailTrigger], None],
) -> EmailTrigger:
    found = find(actor, trigger_id)
    require(actor, action, _deployment(found))
    with transaction() as here:
        row = here.get_one(EmailTrigger, found.id, with_for_update=True, populate_existing=True)
        before = _facts(row)
        change(row)
        row.version += 1
        here.flush()
        audit.record(actor, f"email_trigger.{verb}", row, before=before, after=_facts(row))
    return row


def _hold(row: EmailTrigger, *, on: bool) -> None:
    if row.paused == on:
        raise Conflict(f"The trigger is {'paused already' if on else 'not paused'}.")
    row.paused = on


def _drop_blobs(row: EmailTrigger) -> None:
    from services.emails.keeping import drop_messages  # noqa: PLC0415 - it knows this package

    drop_messages(row.id)


def _deployment(row: EmailTrigger) -> Deployment:
    return session().get_one(Deployment, row.deployment_id)


def _owner(actor: Actor) -> str:
    """The id of whoever answers for the trigger.

    Raises:
        Forbidden: when the actor is nobody whose rights a run could have.
    """
    if actor.id is None or session().get(User, actor.id) is None:
        raise Forbidden("Only people and service accounts own triggers.")
    return actor.id


def _places(held: Deployment) -> dict[str, str]:
    names = "project_id stack_id workspace_id project_name stack_name workspace_name".split()
    return {"deployment_id": held.id, **{name: getattr(held, name) for name in names}}


def _usual_name(run_type: str, place: Deployment) -> str:
    return f"{run_type} of {place.stack_name} in {place.workspace_name}"


def _new_token() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LETTERS))


def _facts(row: EmailTrigger) -> dict[str, Any]:
    """What the audit log says; of the address only when it was given."""
    return {
        "name": row.name,
        "deployment": f"{row.project_name}/{row.stack_name}/{row.workspace_name}",
        "type": row.type.value,
        "senders": row.senders,
        "mapping": row.mapping,
        "attachments": row.attachments,
        "auto_apply": row.auto_apply,
        "paused": row.paused,
        "owner": row.owner_name,
        "rotated_at": row.rotated_at.isoformat() if row.rotated_at else None,
    }
