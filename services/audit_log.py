"""Reading the audit log: by whom, what, on what, when; and all of it, for keeping elsewhere."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, true

from models import audit
from models.audit import AuditEvent
from services.access import Actor
from services.page import Page, cut
from services.transaction import session

CHUNK = 500


@dataclass(frozen=True)
class Filters:
    """What is looked for; an empty text and None leave a thing open.

    `action` is a whole one or a noun (`run`); `target` a part of a name or an id; `q` a part of
    anything that is shown.
    """

    who: str = ""
    action: str = ""
    target: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    q: str = ""


def listed(actor: Actor, filters: Filters, *, after: str | None, limit: int) -> Page[AuditEvent]:
    """Events the actor may see, newest first."""
    query = audit.events(_condition(actor, filters), before_id=after).limit(limit + 1)
    return cut(session().scalars(query).all(), limit, lambda event: event.id)


def every(actor: Actor, filters: Filters) -> Iterator[AuditEvent]:
    """Every event the actor may see, newest first; no connection is held between chunks."""
    after: str | None = None
    while True:
        page = listed(actor, filters, after=after, limit=CHUNK)
        session().commit()
        yield from page.items
        if page.next is None:
            return
        session().expunge_all()
        after = page.next


def _condition(actor: Actor, filters: Filters) -> ColumnElement[bool]:
    condition = _seen(actor)
    if filters.who:
        condition &= _contains(AuditEvent.actor_name, filters.who)
    if filters.action:
        noun = AuditEvent.action.startswith(f"{filters.action}.", autoescape=True)
        condition &= (AuditEvent.action == filters.action) | noun
    if filters.target:
        has_name = _contains(AuditEvent.target_name, filters.target)
        condition &= (AuditEvent.target_id == filters.target) | has_name
    if filters.since:
        condition &= AuditEvent.at >= filters.since
    if filters.until:
        condition &= AuditEvent.at < filters.until
    return condition & _anywhere(filters.q) if filters.q else condition


def _seen(actor: Actor) -> ColumnElement[bool]:
    """The events of places the actor sees, and its own; a bound token has none of its own."""
    if actor.is_admin:
        return true()
    if actor.everywhere is not None:
        has_place = AuditEvent.project_id.is_not(None) | AuditEvent.workspace_id.is_not(None)
        return has_place & actor.bounds.condition(AuditEvent)
    own = actor.id if actor.bounds.is_open else None
    seen = audit.seen_by(own, actor.project_roles, actor.workspace_roles)
    return seen & actor.bounds.condition(AuditEvent)


def _anywhere(words: str) -> ColumnElement[bool]:
    columns = (
        AuditEvent.actor_name,
        AuditEvent.action,
        AuditEvent.target_name,
        AuditEvent.address,
        AuditEvent.request_id,
    )
    return or_(*(_contains(column, words) for column in columns))


def _contains(column: object, words: str) -> ColumnElement[bool]:
    # Every string column has it.
    condition: ColumnElement[bool] = column.icontains(words, autoescape=True)  # type: ignore[attr-defined]
    return condition
