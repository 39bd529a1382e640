"""Keeping runs in order: archive, prioritise, comment, and many at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lib import clock
from models.run import Run
from models.run_history import RunComment
from models.run_order import PRIORITY_LIMIT
from services import audit, idempotency
from services.access import Actor
from services.errors import Conflict, GantryError, Invalid
from services.idempotency import ALWAYS_ANEW, Request
from services.runs import decide, reading
from services.runs.actions import check
from services.runs.create import rerun
from services.runs.moves import for_update, tell
from services.transaction import session, transaction

COMMENT_LIMIT = 10_000
BULK_LIMIT = 500


def archive(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Hide a run from lists. It never stops anything."""
    with transaction():
        run = for_update(run_id)
        check(actor, "archive", run)
        run.archived_at = clock.now()
        _changed(actor, run, "archive", metadata)
    return run


def unarchive(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Show an archived run in lists again."""
    with transaction():
        run = for_update(run_id)
        check(actor, "unarchive", run)
        run.archived_at = None
        _changed(actor, run, "unarchive", metadata)
    return run


def prioritize(
    actor: Actor, run_id: str, *, priority: int = 1, metadata: Sequence[str] = ()
) -> Run:
    """Set or lift (0) a run's priority over the runs of other deployments.

    Raises:
        Invalid: when the priority is out of range.
        Conflict: when the run has it already, or has ended.
    """
    if not 0 <= priority <= PRIORITY_LIMIT:
        raise Invalid({"priority": f"Priority is a number from 0 to {PRIORITY_LIMIT}."})
    with transaction():
        run = for_update(run_id)
        check(actor, "prioritize", run)
        before = run.priority
        if before == priority:
            raise Conflict("The run has this priority already.")
        run.prioritize(priority)
        run.version += 1
        tell(run)
        decide.attach(actor, run, "prioritize", metadata)
        audit.record(
            actor, "run.prioritize", run, before={"priority": before}, after={"priority": priority}
        )
    return run


def comment(actor: Actor, run_id: str, text: str, *, metadata: Sequence[str] = ()) -> RunComment:
    """Say something about a run.

    Raises:
        Invalid: when there is nothing to say, or too much.
    """
    text = text.strip()
    if not text or len(text) > COMMENT_LIMIT:
        raise Invalid({"text": f"A comment has 1 to {COMMENT_LIMIT} characters."})
    with transaction() as here:
        run = for_update(run_id)
        check(actor, "comments", run)
        row = RunComment(run_id=run.id, author_id=actor.id, author_name=actor.name, text=text)
        here.add(row)
        run.version += 1
        tell(run)
        decide.attach(actor, run, "comment", metadata)
        audit.record(actor, "run.comment", run, after={"text": text})
    return row


@dataclass(frozen=True)
class BulkResult:
    """What became of one run of many: `made_id` names the new run of a re-run."""

    run_id: str
    ok: bool
    reason: str = ""
    made_id: str | None = None


_BULK: Mapping[str, Callable[[Actor, str], Run]] = {
    "archive": archive,
    "unarchive": unarchive,
    "rerun": rerun,
    "cancel": decide.cancel,
    "discard": decide.discard,
    "confirm": decide.confirm,
    "prioritize": prioritize,
}

BULK_ACTIONS = tuple(_BULK)


def bulk(
    actor: Actor, action: str, run_ids: Sequence[str], *, request: Request = ALWAYS_ANEW
) -> list[BulkResult]:
    """Do one thing to many runs, each for itself, and say of each what happened.

    When the same `request` came before, even if it got only halfway, what it did is not done again;
    what was refused is tried anew.

    Raises:
        KeyReused: when the request's key came with another request.
        Invalid: when the action is unknown, or no run or too many are named.
    """
    verb = _BULK.get(action)
    if verb is None:
        raise Invalid({"action": f"Choose one of {', '.join(BULK_ACTIONS)}."})
    if not 0 < len(run_ids) <= BULK_LIMIT:
        raise Invalid({"runs": f"Choose 1 to {BULK_LIMIT} runs."})
    # The key itself stands for the whole: another request with it is refused before any part is.
    idempotency.once(actor, request, lambda: action, name=str, find=str)
    return [_one(actor, verb, run_id, request) for run_id in dict.fromkeys(run_ids)]


def _one(
    actor: Actor, verb: Callable[[Actor, str], Run], run_id: str, request: Request
) -> BulkResult:
    try:
        made, _is_new = idempotency.once(
            actor,
            request.part(run_id),
            lambda: verb(actor, run_id),
            name=lambda run: run.id,
            find=lambda made_id: reading.get(actor, made_id),
        )
    except GantryError as refusal:
        session().rollback()
        return BulkResult(run_id, ok=False, reason=refusal.text)
    return BulkResult(run_id, ok=True, made_id=made.id if made.id != run_id else None)


def _changed(actor: Actor, run: Run, verb: str, metadata: Sequence[str]) -> None:
    run.version += 1
    tell(run)
    decide.attach(actor, run, verb, metadata)
    audit.record(actor, f"run.{verb}", run)
