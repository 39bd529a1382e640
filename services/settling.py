"""Settling a deployment: a person says which state holds, and its queue goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import state_version as lists
from models.project import Deployment
from models.run import Run
from models.run_content import StateVersion
from models.state_version import StateKind
from services import audit, blobs, deployments, states
from services.access import Action, Actor, require
from services.errors import Conflict
from services.fields import Fields
from services.runs import admit
from services.states import Made, handling
from services.transaction import session, transaction

NOTE_LIMIT = 500
TAKE, KEEP = "take_candidate", "keep_current"
DECISIONS = (TAKE, KEEP)


@dataclass(frozen=True)
class Doubt:
    """What a person has to decide about: why it is blocked, and the states that could hold."""

    run: Run | None
    current: StateVersion | None
    candidates: Sequence[StateVersion]


def doubt(actor: Actor, deployment: Deployment) -> Doubt | None:
    """What there is to settle, or None when nothing is."""
    require(actor, Action.SEE, deployment)
    offered = states.candidates(deployment.id)
    if deployment.blocked_at is None and not offered:
        return None
    run_id = deployment.blocked_run_id
    run = session().get(Run, run_id) if run_id else None
    return Doubt(run, states.current_version(deployment), offered)


def settle(
    actor: Actor,
    deployment: Deployment,
    decision: str,
    note: str = "",
    *,
    candidate_id: str | None = None,
) -> Deployment:
    """End a block: take a candidate (the newest, unless one is named) or keep the current state.

    The other candidates stay in the history as dismissed. The first run of the queue goes on.

    Raises:
        Invalid: when there is no such decision.
        Conflict: when there is nothing to settle, no candidate, or a run is at work.
    """
    require(actor, Action.SETTLE, deployment)
    fields = Fields()
    decision = fields.choice("decision", decision, DECISIONS)
    text = fields.text("note", note, NOTE_LIMIT)
    fields.done()
    with transaction():
        held = deployments.held(deployment)
        offered = states.candidates(held.id)
        if held.blocked_at is None and not offered:
            raise Conflict("There is nothing to settle here: the deployment is not blocked.")
        before = {"reason": held.blocked_reason, "run": held.blocked_run_id}
        taken = (
            _take(actor, held, _chosen(offered, candidate_id), text) if decision == TAKE else None
        )
        for row in offered:
            if row.kind == StateKind.CANDIDATE:
                row.kind = StateKind.DISMISSED
        held.blocked_reason = held.blocked_run_id = held.blocked_at = None
        after = {"decision": decision, "note": text, "serial": taken and taken.serial}
        after |= dict.fromkeys(before)
        audit.record(actor, "deployment.settle", held, before=before, after=after)
        session().flush()
        admit(held.id)
    return held


def _chosen(offered: Sequence[StateVersion], candidate_id: str | None) -> StateVersion:
    if not offered:
        raise Conflict("There is no candidate to take: keep the current state.")
    if candidate_id is None:
        return offered[0]
    found = next((row for row in offered if row.id == candidate_id), None)
    if found is None:
        raise Conflict("This candidate is not offered any more. Look again.")
    return found


def _take(actor: Actor, held: Deployment, candidate: StateVersion, note: str) -> StateVersion:
    """Make a candidate current, under a serial above every other."""
    handling.refuse_backend(held)
    handling.must_be_still(held)
    now = states.current_version(held)
    candidate.kind = StateKind.TAKEN
    session().flush()
    if now is not None and candidate.serial <= now.serial:
        serial = int(session().scalars(lists.highest_serial(held.id)).one()) + 1
        state = handling.with_serial(held, candidate, serial)
    else:
        state = handling.readable(held, blobs.read(candidate.blob_id), candidate.run_id)
    made = Made(StateKind.SETTLED, actor.name, candidate.run_id, note, candidate.id)
    version = states.make_current(held, state, made)
    if candidate.run_id is not None:
        states.keep_outputs(held, candidate.run_id, state)
    return version
