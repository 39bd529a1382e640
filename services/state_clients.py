"""State clients outside: terraform and whoever else speaks its HTTP state protocol.

A client's lock is the deployment's lock, the one that runs take. What a client sends as its lock
info is kept as it is, with who sent it. Rule 7 of the contract stands here: a deployment that ever
had a state never seems to have none, for a client would plan to create everything again.
"""

import json
from dataclasses import dataclass
from typing import Any

from models.project import Deployment, DeploymentLock, ManualLock
from models.run import Run
from models.run_content import StateVersion
from models.run_state import CHANGING
from models.state_version import StateKind
from services import audit, deployments, locks, states
from services.access import Action, Actor, require
from services.errors import Conflict, NotFound, Unreadable
from services.runs import admit
from services.states import Made, handling
from services.states.versions import put_candidate
from services.transaction import session, transaction

LARGEST_INFO_BYTES = 16 << 10
_LONGEST_ID = 128
_KEPT = ("ID", "Operation", "Info", "Who", "Version", "Created", "Path")


class Locked(Conflict):
    """Somebody else holds the lock; `holder` is their lock info, as the protocol has it."""

    def __init__(self, text: str, holder: dict[str, Any]) -> None:
        super().__init__(text)
        self.holder = holder


@dataclass(frozen=True)
class Kept:
    """What became of a write. `is_new`: a version was made."""

    version: StateVersion
    is_new: bool


def read(actor: Actor, deployment: Deployment) -> bytes:
    """The current state, in clear.

    Raises:
        NotFound: when the deployment has never had a state, and only then.
        Conflict: when it had one, but nobody has decided yet which holds.
    """
    require(actor, Action.HANDLE_STATE, deployment)
    is_stored = deployments.is_stored(deployment)
    content = states.content(deployment.id) if is_stored else None
    if content is not None:
        return content
    if is_stored and (states.has_any(deployment.id) or _is_being_changed(deployment)):
        raise Conflict(
            "The state of this deployment is not decided: a run is at work, or was lost. Wait for "
            "it, or settle the deployment."
        )
    raise NotFound("This deployment has never had a state.")


def write(actor: Actor, deployment: Deployment, content: bytes, lock_id: str) -> Kept:
    """Make a state current. The same bytes again change nothing.

    Raises:
        Locked: when another holds the lock.
        Conflict: when nobody holds it, when the state does not follow the current one, or when the
            deployment is blocked: then the state is kept as a candidate.
        Invalid: when it is no state.
    """
    require(actor, Action.HANDLE_STATE, deployment)
    state = handling.readable(deployment, content)
    with transaction():
        held = deployments.held(deployments.keep(deployment))
        _refuse_without_lock(held, lock_id)
        now = states.current_version(held)
        if now is not None and now.sha256 == state.sha256:
            return Kept(now, is_new=False)
        if held.blocked_at is None:
            handling.refuse_unless_follows(now, state)
            made = Made(StateKind.PUSH, actor.name)
            version = states.make_current(held, state, made)
            held.outputs_run_id = None
        else:
            version = put_candidate(held, state, actor.name)
        audit.record(actor, "state.push", held, after=_facts(version))
    if version.kind == StateKind.CANDIDATE:
        raise Conflict(
            f"The deployment is blocked: {held.blocked_reason} The state was kept as a candidate; "
            "settle the deployment."
        )
    return Kept(version, is_new=True)


def lock(actor: Actor, deployment: Deployment, info: bytes) -> None:
    """Take the deployment's lock for a client; again with the same id is as once.

    Raises:
        Locked: when a run, another client or a person holds it, or the deployment is blocked.
        Unreadable: when the lock info is none.
    """
    require(actor, Action.LOCK, deployment)
    wanted = _lock_info(info)
    with transaction() as here:
        held = deployments.held(deployments.keep(deployment))
        present = here.get(DeploymentLock, held.id)
        if present is not None and (present.client or {}).get("ID") == wanted["ID"]:
            return
        _refuse_if_taken(actor, held, present)
        client = wanted | {"actor_id": actor.id, "words": _words(actor, wanted)}
        here.add(DeploymentLock(deployment_id=held.id, client=client))
        here.flush()
        after = {"id": wanted["ID"], "holder": locks.holder_words(client)}
        audit.record(actor, "deployment.client_lock", held, after=after)


def unlock(actor: Actor, deployment: Deployment, info: bytes) -> None:
    """Give the lock back. Without lock info it is forced open, which takes an owner.

    Raises:
        Locked: when another holds it.
        Conflict: when it is forced and no client holds it.
    """
    require(actor, Action.LOCK, deployment)
    wanted = _lock_info(info) if info.strip() else None
    with transaction() as here:
        held = deployments.held(deployments.keep(deployment))
        if wanted is None:
            locks.force_client(actor, held, force=True)
            return
        present = here.get(DeploymentLock, held.id)
        if present is None:
            return  # The answer to an earlier request was lost; what was asked for holds.
        if (present.client or {}).get("ID") != wanted["ID"]:
            raise _locked(present)
        here.delete(present)
        here.flush()
        audit.record(actor, "deployment.client_unlock", held, before={"id": wanted["ID"]})
        admit(held.id)


def _is_being_changed(deployment: Deployment) -> bool:
    """Whether a run is at work that may have made things which no state tells of yet."""
    present = session().get(DeploymentLock, deployment.id)
    run = session().get(Run, present.run_id) if present and present.run_id else None
    return run is not None and run.state in CHANGING


def _refuse_without_lock(held: Deployment, lock_id: str) -> None:
    present = session().get(DeploymentLock, held.id)
    if present is None:
        raise Conflict("Take the lock first: a state is written only by whoever holds it.")
    if not lock_id or (present.client or {}).get("ID") != lock_id:
        raise _locked(present)


def _refuse_if_taken(actor: Actor, held: Deployment, present: DeploymentLock | None) -> None:
    if present is not None:
        raise _locked(present)
    if held.blocked_at is not None:
        text = f"The deployment is blocked: {held.blocked_reason} Settle it first."
        raise Locked(text, _holder("blocked", "blocked", "Gantry", text, held.blocked_at))
    hand = session().get(ManualLock, held.id)
    if hand is not None and hand.user_id != actor.id:
        text = f"{hand.user_name} locked the deployment by hand."
        said = f"{text} {hand.note}".strip()
        holder = _holder("manual-lock", "manual lock", hand.user_name, said, hand.locked_at)
        raise Locked(text, holder)


def _locked(present: DeploymentLock) -> Locked:
    if present.run_id is None:
        client = present.client or {}
        text = f"{locks.holder_words(client)} holds the lock."
        return Locked(text, {name: client.get(name, "") for name in _KEPT})
    run = session().get_one(Run, present.run_id)
    text = f"Run #{run.number} of {run.project_name} holds the lock."
    holder = _holder(
        run.id, f"run #{run.number} ({run.type})", run.created_by_name, text, present.acquired_at
    )
    return Locked(text, holder)


def _holder(identity: str, operation: str, who: str, info: str, since: Any) -> dict[str, Any]:
    created = since.isoformat().replace("+00:00", "Z")
    known = {"ID": identity, "Operation": operation, "Who": who, "Info": info, "Created": created}
    return {name: known.get(name, "") for name in _KEPT}


def _lock_info(raw: bytes) -> dict[str, str]:
    """What a client says of its lock, cut to what is kept."""
    try:
        read_info = json.loads(raw) if len(raw) <= LARGEST_INFO_BYTES else None
    except (ValueError, RecursionError):
        read_info = None
    info = read_info if isinstance(read_info, dict) else {}
    identity = info.get("ID")
    if not isinstance(identity, str) or not 0 < len(identity) <= _LONGEST_ID:
        raise Unreadable("Send the lock info as JSON, with an “ID” of at most 128 characters.")
    return {name: _text(info.get(name)) for name in _KEPT}


def _words(actor: Actor, info: dict[str, str]) -> str:
    """Who holds the lock, as people read it: “Dave (apply, dave@laptop)”."""
    operation = info["Operation"].removeprefix("OperationType").lower()
    said = ", ".join(filter(None, (operation, info["Who"])))
    return f"{actor.name} ({said})" if said else actor.name


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")[:500]


def _facts(version: StateVersion) -> dict[str, Any]:
    return {
        "serial": version.serial,
        "lineage": version.lineage,
        "sha256": version.sha256,
        "kind": version.kind,
    }
