"""E-mail triggers as lists and pages show them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from lib.ids import is_id
from models import email as emails
from models.email import EmailTrigger
from models.project import Deployment, Stack
from services.access import Action, Actor, can, require, visible
from services.errors import NotFound
from services.house import house
from services.page import LONGEST_PAGE, Page, cut
from services.paging import USUAL_PAGE
from services.transaction import session

LONGEST_LOCAL_STACK = 30


@dataclass(frozen=True)
class TriggerLine:
    """A trigger as this actor may see it: the address is hidden from viewers."""

    trigger: EmailTrigger
    address: str | None
    is_published: bool
    last_at: dt.datetime | None
    count: int
    may_edit: bool
    may_rotate: bool
    may_delete: bool
    may_read: bool
    """Whether the messages' raw headers may be read."""


def address_of(trigger: EmailTrigger) -> str:
    """The address; '' while no domain is set."""
    domain = house().mail.domain
    stack = trigger.stack_name[:LONGEST_LOCAL_STACK].rstrip("-")
    return f"{stack}-{trigger.token}@{domain}" if domain else ""


def find(actor: Actor, trigger_id: str) -> EmailTrigger:
    """A trigger that the actor may see.

    Raises:
        NotFound: when there is none.
    """
    row = session().get(EmailTrigger, trigger_id) if is_id(trigger_id) else None
    if row is None:
        raise NotFound
    require(actor, Action.SEE, session().get(Deployment, row.deployment_id))
    return row


def get(actor: Actor, trigger_id: str) -> TriggerLine:
    """A trigger with what its page shows.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    return lines(actor, [find(actor, trigger_id)])[0]


def of_places(
    actor: Actor,
    *,
    stack_id: str | None = None,
    deployment_id: str | None = None,
    after: str | None = None,
    limit: int = USUAL_PAGE,
) -> Page[TriggerLine]:
    """The triggers that the actor sees (of a stack, of a deployment), the newest first."""
    scope: ColumnElement[bool] = true() & visible(actor, EmailTrigger)
    if stack_id is not None:
        scope &= EmailTrigger.stack_id == stack_id
    if deployment_id is not None:
        scope &= EmailTrigger.deployment_id == deployment_id
    if after is not None:
        scope &= EmailTrigger.id < after
    limit = max(1, min(limit, LONGEST_PAGE))
    rows = session().scalars(emails.triggers(scope).limit(limit + 1)).all()
    page = cut(rows, limit, lambda row: row.id)
    return Page(lines(actor, page.items), page.next)


def lines(actor: Actor, rows: Sequence[EmailTrigger]) -> list[TriggerLine]:
    """Triggers with what is shown of them, in as many queries for many as for one."""
    here = session()
    ids = [row.id for row in rows]
    last = {key: (at, count) for key, at, count in here.execute(emails.last_of(ids))}
    deployments = emails.by_ids(Deployment, [row.deployment_id for row in rows])
    held = {row.id: row for row in here.scalars(deployments)}
    stacks = emails.by_ids(Stack, [row.stack_id for row in rows])
    published = {row.id: row.published for row in here.scalars(stacks)}
    return [
        _line(actor, row, held[row.deployment_id], last.get(row.id, (None, 0)), published)
        for row in rows
    ]


def _line(
    actor: Actor,
    row: EmailTrigger,
    deployment: Deployment,
    last: tuple[dt.datetime | None, int],
    published: Mapping[str, bool],
) -> TriggerLine:
    return TriggerLine(
        trigger=row,
        address=address_of(row) if can(actor, Action.SEE_VALUES, deployment) else None,
        is_published=published[row.stack_id],
        last_at=last[0],
        count=last[1],
        may_edit=can(actor, Action.WRITE_TRIGGERS, deployment),
        may_rotate=can(actor, Action.HANDLE_TRIGGER_SECRETS, deployment),
        may_delete=can(actor, Action.DELETE, deployment),
        may_read=can(actor, Action.HANDLE_TRIGGER_SECRETS, deployment),
    )
