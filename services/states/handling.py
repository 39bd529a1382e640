"""What people do with states: look, download, import, roll back; each but a look is audited."""

import json
from dataclasses import dataclass

from lib.masking import Masker
from models import state_version as lists
from models.project import Deployment, DeploymentLock, ManualLock, Stack
from models.run import Run
from models.run_content import StateVersion
from models.run_state import WORKING
from models.state_version import HISTORY, StateKind
from services import audit, blobs, deployments
from services.access import Action, Actor, require
from services.errors import Conflict, Invalid, NotFound
from services.fields import Fields
from services.page import LONGEST_PAGE, Page, cut
from services.runs.order import secrets_of
from services.states.reading import State, read
from services.states.versions import Made, current_version, make_current
from services.transaction import session, transaction

NOTE_LIMIT = 500
_LONGEST_SERIAL = 18


@dataclass(frozen=True)
class StateLine:
    """A version as lists show it, with the run it came from where that is still known."""

    version: StateVersion
    run: Run | None
    is_current: bool


def listed(
    actor: Actor, deployment: Deployment, *, after: str | None = None, limit: int = 50
) -> Page[StateLine]:
    """The versions of a deployment's state, newest first."""
    require(actor, Action.SEE, deployment)
    rows = lists.versions_of(deployment.id)
    if after is not None:
        rows = rows.where(StateVersion.id < after)
    limit = max(1, min(limit, LONGEST_PAGE))
    found = session().execute(rows.limit(limit + 1)).all()
    return cut([_line(deployment, *row) for row in found], limit, lambda line: line.version.id)


def find(actor: Actor, deployment: Deployment, name: str) -> StateLine:
    """A version by its serial (of those that were current once the newest), or by its id.

    Raises:
        NotFound: when there is none.
    """
    require(actor, Action.SEE, deployment)
    rows = lists.versions_of(deployment.id).where(StateVersion.id == name)
    if name.isascii() and name.isdigit() and len(name) <= _LONGEST_SERIAL:
        rows = lists.numbered(deployment.id, int(name))
    row = session().execute(rows.limit(1)).first()
    if row is None:
        raise NotFound(f"There is no state version {name} here.")
    return _line(deployment, *row)


def by_id(deployment: Deployment, version_id: str | None) -> StateVersion | None:
    """A version of a deployment, for those who have looked at the rights already."""
    row = session().get(StateVersion, version_id) if version_id else None
    return row if row is not None and row.deployment_id == deployment.id else None


def download(actor: Actor, deployment: Deployment, name: str) -> tuple[StateVersion, bytes]:
    """A version with its content, which holds secrets in clear.

    Raises:
        Forbidden: for everybody but owners.
    """
    require(actor, Action.HANDLE_STATE, deployment)
    version = find(actor, deployment, name).version
    content = blobs.read(version.blob_id)
    with transaction():
        after = {"serial": version.serial, "sha256": version.sha256}
        audit.record(actor, "state.download", deployment, after=after)
    return version, content


def bring(
    actor: Actor, deployment: Deployment, content: bytes, note: str = ""
) -> tuple[StateVersion, bool]:
    """Import a state and make it current; the same bytes again change nothing.

    Returns the version, and whether it is new.

    Raises:
        Invalid: when it is no state.
        Conflict: when its lineage is another, its serial not higher, or something is at work.
    """
    require(actor, Action.HANDLE_STATE, deployment)
    text = _note(note)
    state = readable(deployment, content)
    with transaction():
        held = deployments.held(deployments.keep(deployment))
        now = current_version(held)
        if now is not None and now.sha256 == state.sha256:
            return now, False
        must_be_still(held)
        refuse_backend(held)
        refuse_unless_follows(now, state)
        version = make_current(held, state, Made(StateKind.IMPORT, actor.name, note=text))
        held.outputs_run_id = None
        audit.record(actor, "state.import", held, after=_facts(version))
    return version, True


def rollback(actor: Actor, deployment: Deployment, name: str, note: str = "") -> StateVersion:
    """Make an older version's content current again, as a new version with a higher serial.

    Nothing out there changes: the next plan shows what would.

    Raises:
        Conflict: when it is current, of another lineage, or something is at work.
    """
    require(actor, Action.HANDLE_STATE, deployment)
    text = _note(note)
    with transaction() as here:
        held = deployments.held(deployment)
        old = find(actor, held, name).version
        now = current_version(held)
        objection = _objection(old, now)
        if objection is not None:
            raise Conflict(objection)
        must_be_still(held)
        serial = int(here.scalars(lists.highest_serial(held.id)).one()) + 1
        state = with_serial(held, old, serial)
        made = Made(StateKind.ROLLBACK, actor.name, note=text, from_id=old.id)
        version = make_current(held, state, made)
        held.outputs_run_id = old.run_id
        audit.record(
            actor,
            "state.rollback",
            held,
            before=_facts(now) if now else None,
            after=_facts(version),
        )
    return version


def readable(deployment: Deployment, content: bytes, run_id: str | None = None) -> State:
    """A state that somebody brings, or one that is kept; the secrets of `run_id` are masked.

    Raises:
        Invalid: when it is none.
    """
    engine = session().get_one(Stack, deployment.stack_id).engine
    run = session().get(Run, run_id) if run_id else None
    try:
        state = read(engine, content, Masker(secrets_of(run) if run else ()))
    except ValueError as error:
        raise Invalid({"file": str(error)}) from error
    if state is None:
        raise Invalid({"file": "This state is empty."})
    if not 0 <= state.serial < 10**_LONGEST_SERIAL or not 0 < len(state.lineage) <= 64:
        raise Invalid({"file": "The serial or the lineage of this state is out of range."})
    return state


def refuse_unless_follows(now: StateVersion | None, state: State) -> None:
    """Refuse a state that does not come after the current one.

    Raises:
        Conflict: when its lineage is another, or its serial not higher.
    """
    if now is None:
        return
    if state.lineage != now.lineage:
        raise Conflict(
            f"This state is of another lineage ({state.lineage}) than the deployment's "
            f"({now.lineage}): it describes something else."
        )
    if state.serial <= now.serial:
        raise Conflict(
            f"This state has the serial {state.serial}, and the current one {now.serial}: "
            "it is older, or was changed beside it. Take the current state and begin from there."
        )


def with_serial(deployment: Deployment, version: StateVersion, serial: int) -> State:
    """What a version holds, under another serial."""
    raised = json.loads(blobs.read(version.blob_id)) | {"serial": serial}
    return readable(deployment, json.dumps(raised, indent=2).encode(), version.run_id)


def must_be_still(deployment: Deployment) -> None:
    """Refuse while something changes the deployment, or could begin to.

    Raises:
        Conflict: when a run is at work or a client holds the lock; or when a run merely waits but
            nobody keeps it from starting by a lock of their own.
    """
    here = session()
    lock = here.get(DeploymentLock, deployment.id)
    if lock is None:
        return
    run = here.get(Run, lock.run_id) if lock.run_id else None
    if run is None:
        raise Conflict("A state client outside holds the lock. Wait for it, or force it open.")
    if run.state in WORKING:
        raise Conflict(f"#{run.number} is at work. Wait for it to end.")
    if here.get(ManualLock, deployment.id) is None:
        raise Conflict(
            f"#{run.number} holds the lock and could start at any moment. Lock the deployment by "
            "hand first, or discard the run."
        )


def in_the_way(deployment: Deployment) -> str | None:
    """Why nobody may make another state current just now, or None."""
    try:
        must_be_still(deployment)
    except Conflict as refusal:
        return refusal.text
    return None


def refuse_backend(deployment: Deployment) -> None:
    """Refuse where the code says that another backend keeps the state.

    Raises:
        Conflict: when it does.
    """
    if deployment.backend:
        raise Conflict(
            f"The code keeps its state in its backend “{deployment.backend}”, not here. Use a task "
            "with “terraform state push”."
        )


def can_roll_back(old: StateVersion, now: StateVersion | None) -> bool:
    """Whether a version is one to roll back to, whatever is at work."""
    return _objection(old, now) is None


def _objection(old: StateVersion, now: StateVersion | None) -> str | None:
    if now is None or old.kind not in HISTORY:
        return "Only a version that was current once can be rolled back to."
    if old.sha256 == now.sha256:
        return "This version is the current one."
    if old.lineage != now.lineage:
        return "This version is of another lineage: it describes something else."
    return None


def _line(deployment: Deployment, version: StateVersion, run: Run | None) -> StateLine:
    return StateLine(version, run, version.id == deployment.current_state_id)


def _facts(version: StateVersion) -> dict[str, object]:
    return {
        "serial": version.serial,
        "lineage": version.lineage,
        "sha256": version.sha256,
        "resources": version.resource_count,
        "note": version.note,
    }


def _note(text: str) -> str:
    fields = Fields()
    note = fields.text("note", text, NOTE_LIMIT)
    fields.done()
    return note
