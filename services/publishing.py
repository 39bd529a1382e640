"""Draft and published stacks, and what each trigger may start: the one rule about it.

A published stack is started by everything. A draft is started only where somebody looks on:
by a person in the browser (`manual`), by the API or the command line (`api`), and by a pull
request's preview (`vcs`, type preview). Schedules, mail, pushes, dependencies, drift and times to
live start no draft; whoever would (a schedule's ledger, a delivery, a received mail) keeps the
sentence of `objection` as the reason.

`runs.create` asks here before it makes anything, by the actor's trigger, so that no trigger can
forget to; those who want to say it earlier (a page, a form) ask `objection` themselves.
"""

from models.project import Stack
from models.run_state import RunType
from services import audit, edits
from services.access import Action, Actor, require
from services.errors import Conflict
from services.transaction import transaction

STARTS_DRAFTS = frozenset({"manual", "api"})
"""The kinds of trigger that start drafts, whatever the type of the run."""

WAYS = {
    "schedule": "a schedule",
    "email": "an e-mail",
    "vcs": "a push",
    "dependency": "a stack it depends on",
    "drift": "a drift check",
    "ttl": "a time to live",
}
"""The other kinds, as a sentence names them."""


def objection(stack: Stack, trigger: str, run_type: RunType) -> str | None:
    """Why this kind of trigger may not start a run of this type of the stack, or None."""
    if stack.published or trigger in STARTS_DRAFTS:
        return None
    if trigger == "vcs" and run_type is RunType.PREVIEW:
        return None
    return (
        f"The stack {stack.name} is a draft, and {WAYS.get(trigger, trigger)} starts no run of a "
        "draft. Publish it, or start the run yourself."
    )


def publish(actor: Actor, stack: Stack, *, version: int | None = None) -> Stack:
    """Let every trigger start the stack's runs.

    Raises:
        Conflict: when it is published already, or (with `version`) was changed meanwhile.
    """
    return _set(actor, stack, version, published=True)


def unpublish(actor: Actor, stack: Stack, *, version: int | None = None) -> Stack:
    """Make the stack a draft again: what runs now goes on, but no trigger starts another.

    Raises:
        Conflict: when it is a draft already, or (with `version`) was changed meanwhile.
    """
    return _set(actor, stack, version, published=False)


def _set(actor: Actor, stack: Stack, version: int | None, *, published: bool) -> Stack:
    require(actor, Action.EDIT, stack)
    with transaction():
        row = edits.locked(stack)
        if row.published == published:
            raise Conflict(f"The stack is {'published' if published else 'a draft'} already.")
        if version is not None and row.version != version:
            raise edits.ChangedMeanwhile({})
        row.published = published
        row.version += 1
        audit.record(actor, f"stack.{'publish' if published else 'unpublish'}", row)
    return row
