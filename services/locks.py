"""The lock a person holds on a deployment by hand, and how an owner forces one open.

A run's lock ends only with the run; what a state client outside holds can be forced open.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from models.project import Deployment, DeploymentLock, ManualLock
from services import audit, deployments
from services.access import Action, Actor, can, require
from services.errors import Conflict, Forbidden
from services.fields import Fields
from services.runs.moves import admit, yield_to_manual_lock
from services.transaction import session, transaction

NOTE_LIMIT = 500


@dataclass(frozen=True)
class Grip:
    """Who holds a deployment against runs, why, and since when."""

    words: str
    note: str
    since: dt.datetime


def lock(actor: Actor, deployment: Deployment, note: str = "") -> ManualLock:
    """Lock a deployment by hand: runs not yet claimed, triggers and other people's confirms wait.

    Raises:
        Conflict: when somebody has locked it already.
        Invalid: when the note is too long.
    """
    require(actor, Action.LOCK, deployment)
    fields = Fields()
    text = fields.text("note", note, NOTE_LIMIT)
    fields.done()
    if actor.id is None:
        raise Forbidden("Only people lock deployments by hand.")
    with transaction() as here:
        held = deployments.held(deployments.keep(deployment))
        present = here.get(ManualLock, held.id)
        if present is not None:
            raise Conflict(f"{_whose(actor, present)} locked this deployment already.")
        hand = ManualLock(deployment_id=held.id, user_id=actor.id, user_name=actor.name, note=text)
        here.add(hand)
        here.flush()
        audit.record(actor, "deployment.lock", held, after={"note": text})
        yield_to_manual_lock(held.id)
    return hand


def unlock(actor: Actor, deployment: Deployment, *, force: bool = False) -> None:
    """Take away the lock a person holds: one's own, or with `force` (owners) anyone's.

    Where nobody holds one by hand, `force` opens the lock of a state client outside.

    Raises:
        Conflict: when nobody holds one, or another does and `force` is not said.
        Forbidden: when another holds it and the actor is no owner.
    """
    require(actor, Action.LOCK, deployment)
    with transaction() as here:
        held = deployments.held(deployment) if deployments.is_stored(deployment) else None
        hand = here.get(ManualLock, held.id) if held else None
        if held is not None and hand is not None:
            _open_hand(actor, held, hand, force=force)
        elif held is not None and _client(held) is not None:
            force_client(actor, held, force=force)
        else:
            raise Conflict("Nobody has locked this deployment by hand.")


def to_force(actor: Actor, deployment: Deployment) -> Grip:
    """What an owner would force open, for the question that is asked first.

    Raises:
        Conflict: when nobody holds it but the actor, or a run.
    """
    require(actor, Action.FORCE_UNLOCK, deployment)
    found = grip(deployment)
    hand = session().get(ManualLock, deployment.id)
    if found is None or (hand is not None and hand.user_id == actor.id):
        raise Conflict("Nobody else holds this deployment: there is nothing to force open.")
    return found


def grip(deployment: Deployment) -> Grip | None:
    """Who holds a deployment by hand or from outside, or None; a run's lock ends with the run."""
    hand = session().get(ManualLock, deployment.id)
    if hand is not None:
        return Grip(hand.user_name, hand.note, hand.locked_at)
    row = _client(deployment)
    return Grip(holder_words(row.client or {}), "", row.acquired_at) if row is not None else None


def may_unlock(actor: Actor, deployment: Deployment, hand: ManualLock) -> bool:
    """Whether the actor could open this lock, their own or by force."""
    action = Action.LOCK if hand.user_id == actor.id else Action.FORCE_UNLOCK
    return can(actor, action, deployment)


def force_client(actor: Actor, held: Deployment, *, force: bool) -> None:
    """Open the lock of a state client; part of the caller's transaction.

    Raises:
        Forbidden: when the actor is no owner.
        Conflict: when `force` is not said, or no client holds the lock.
    """
    require(actor, Action.FORCE_UNLOCK, held)
    lock_row = _client(held)
    if lock_row is None:
        raise Conflict("No state client holds this lock. A run's lock ends with the run.")
    client = lock_row.client or {}
    if not force:
        raise Conflict(f"{holder_words(client)} holds the lock; say force to open it anyway.")
    here = session()
    here.delete(lock_row)
    here.flush()
    before = {"holder": holder_words(client), "id": client.get("ID")}
    audit.record(actor, "deployment.force_unlock", held, before=before)
    admit(held.id)


def holder_words(client: Mapping[str, object]) -> str:
    """Who a state client is, as a sentence names it: the person first, then what they said."""
    return str(client.get("words") or "A state client")


def _open_hand(actor: Actor, held: Deployment, hand: ManualLock, *, force: bool) -> None:
    forced = hand.user_id != actor.id
    if forced:
        require(actor, Action.FORCE_UNLOCK, held)
        if not force:
            raise Conflict(f"{hand.user_name} holds the lock; say force to open it anyway.")
    here = session()
    here.delete(hand)
    here.flush()
    before = {"holder": hand.user_name, "note": hand.note}
    action = "deployment.force_unlock" if forced else "deployment.unlock"
    audit.record(actor, action, held, before=before)
    admit(held.id)


def _client(held: Deployment) -> DeploymentLock | None:
    found = session().get(DeploymentLock, held.id)
    return found if found is not None and found.run_id is None else None


def _whose(actor: Actor, hand: ManualLock) -> str:
    return "You have" if hand.user_id == actor.id else f"{hand.user_name} has"
