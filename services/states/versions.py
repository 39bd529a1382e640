"""The versions of a deployment's state: written by runs, copied meanwhile, offered by latecomers.

Exactly one version is current: `Deployment.current_state_id`. A copy made while a run is at work
(*progress*) and a state of doubtful standing (*candidate*) never become current by themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from lib import clock, ids
from models import state_version as lists
from models.project import Deployment
from models.run import Run
from models.run_content import StateVersion
from models.state_version import StateKind
from services import blobs
from services.runs.moves import for_update
from services.runs.work import Claim, held
from services.states.contents import keep_outputs, keep_resources
from services.states.reading import State
from services.transaction import session, transaction


@dataclass(frozen=True)
class Made:
    """How a version came to be. `from_id` is the version it was made of."""

    kind: StateKind
    by_name: str
    run_id: str | None = None
    note: str = ""
    from_id: str | None = None


def keep(claim: Claim, state: State) -> StateVersion | None:
    """Make a run's state the deployment's current one; None when it already is.

    The resources are written down with the runs that made and last changed each, and the outputs
    become the run's and the deployment's. Copies made while the run was at work go.

    Raises:
        Fenced: when the claim is not the newest; see `offer`.
    """
    with transaction() as here:
        run = held(claim)
        deployment = here.get_one(Deployment, run.deployment_id)
        keep_outputs(deployment, run.id, state)
        _forget(_copies(run, state))
        now = current_version(deployment)
        if now is not None and now.sha256 == state.sha256:
            return None
        made = Made(StateKind.RUN, run.created_by_name, run.id)
        return make_current(deployment, state, made)


def keep_progress(claim: Claim, state: State) -> StateVersion | None:
    """Copy the state of a run at work, in place of the copy before; None when it is current.

    Raises:
        Fenced: when the claim is not the newest.
    """
    with transaction() as here:
        run = held(claim)
        deployment = here.get_one(Deployment, run.deployment_id)
        now = current_version(deployment)
        if now is not None and now.sha256 == state.sha256:
            return None
        _forget(_of_run(run, StateKind.PROGRESS))
        return _put(deployment, state, Made(StateKind.PROGRESS, run.created_by_name, run.id))


def offer(run_id: str, state: State) -> StateVersion | None:
    """Keep a state of doubtful standing as a candidate; None when nothing is new in it.

    It comes from a worker that no longer holds the run, or was found after the run was lost. When
    the run is over and nothing blocks its deployment, it is blocked: what exists out there may not
    be what the current state says.
    """
    with transaction() as here:
        run = for_update(run_id)
        deployment = here.get_one(Deployment, run.deployment_id)
        known = here.scalars(lists.of_run(deployment.id, run.id)).all()
        now = current_version(deployment)
        if (now is not None and now.sha256 == state.sha256) or any(
            row.sha256 == state.sha256 and row.kind != StateKind.PROGRESS for row in known
        ):
            return None
        _forget(row for row in _of_run(run, StateKind.PROGRESS) if row.serial <= state.serial)
        version = _put(deployment, state, Made(StateKind.CANDIDATE, run.created_by_name, run.id))
        if run.is_over and deployment.blocked_at is None:
            _block(deployment, run)
    return version


def make_current(deployment: Deployment, state: State, made: Made) -> StateVersion:
    """Keep a state as the deployment's current one; part of the caller's transaction."""
    version = _put(deployment, state, made)
    deployment.current_state_id = version.id
    keep_resources(deployment, made.run_id, state.resources)
    return version


def put_candidate(deployment: Deployment, state: State, by_name: str) -> StateVersion:
    """Keep a state that somebody brings to a blocked deployment; part of the transaction."""
    same = [row for row in candidates(deployment.id) if row.sha256 == state.sha256]
    return same[0] if same else _put(deployment, state, Made(StateKind.CANDIDATE, by_name))


def newest(deployment_id: str) -> tuple[str | None, bytes | None]:
    """The id and the content of a deployment's current state; None twice when it never had one."""
    deployment = session().get_one(Deployment, deployment_id, populate_existing=True)
    version = current_version(deployment)
    return (version.id, blobs.read(version.blob_id)) if version else (None, None)


def content(deployment_id: str) -> bytes | None:
    """The content of a deployment's current state, or None when it never had one."""
    version = current_version(session().get_one(Deployment, deployment_id))
    return blobs.read(version.blob_id) if version else None


def current_version(deployment: Deployment) -> StateVersion | None:
    """A deployment's current version, or None when it has none."""
    if deployment.current_state_id is None:
        return None
    return session().get(StateVersion, deployment.current_state_id)


def base_of(run_id: str) -> bytes | None:
    """The content of the state version that a run's plan is made from, or None when it is new."""
    base_id = session().get_one(Run, run_id).base_state_id
    version = session().get(StateVersion, base_id) if base_id else None
    return blobs.read(version.blob_id) if version else None


def candidates(deployment_id: str) -> list[StateVersion]:
    """The versions that wait for a person's decision, newest first."""
    return list(session().scalars(lists.of_kind(deployment_id, StateKind.CANDIDATE)))


def has_any(deployment_id: str) -> bool:
    """Whether a state of the deployment was ever seen, of whatever standing."""
    some = select(StateVersion.id).where(StateVersion.deployment_id == deployment_id).limit(1)
    return session().scalars(some).first() is not None


def _put(deployment: Deployment, state: State, made: Made) -> StateVersion:
    version = StateVersion(
        id=ids.new_id(),
        deployment_id=deployment.id,
        run_id=made.run_id,
        blob_id=blobs.put("state", state.content).id,
        serial=state.serial,
        lineage=state.lineage,
        sha256=state.sha256,
        size_bytes=len(state.content),
        resource_count=len(state.resources),
        kind=made.kind,
        created_by_name=made.by_name,
        note=made.note,
        from_id=made.from_id,
    )
    session().add(version)
    session().flush()
    return version


def _of_run(run: Run, kind: StateKind) -> list[StateVersion]:
    rows = session().scalars(lists.of_run(run.deployment_id, run.id))
    return [row for row in rows if row.kind == kind]


def _copies(run: Run, state: State) -> list[StateVersion]:
    """What a run's final state makes superfluous: its copies, and a candidate that is the same."""
    same = [row for row in _of_run(run, StateKind.CANDIDATE) if row.sha256 == state.sha256]
    return _of_run(run, StateKind.PROGRESS) + same


def _forget(versions: Iterable[StateVersion]) -> None:
    here = session()
    gone = list(versions)
    for row in gone:
        here.delete(row)
    here.flush()
    for row in gone:
        blobs.drop(row.blob_id)


def _block(deployment: Deployment, run: Run) -> None:
    deployment.blocked_reason = f"A state of #{run.number} arrived after the run had ended."
    deployment.blocked_run_id = run.id
    deployment.blocked_at = clock.now()
