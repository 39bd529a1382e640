"""Deleting what runs, resources and states hang on: asked twice, and never while something is left.

A project, stack or workspace goes with its deployments, their runs and their states. What runs
there is ended first; what exists out there is not destroyed by it, so it must be gone or given up.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete

from lib import clock
from models import places
from models.blob import Blob
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_state import WORKING, RunState
from services import audit, hints
from services.access import Action, Actor, require, visible
from services.errors import Conflict, Invalid
from services.runs import moves
from services.transaction import after_commit, session, transaction

Removable = Project | Stack | Workspace | Deployment
PATIENCE_S = 10.0
POLL_EVERY_S = 0.1
NAMED_AT_MOST = 20


@dataclass(frozen=True)
class Left:
    """A deployment in which resources remain."""

    name: str
    resource_count: int


@dataclass(frozen=True)
class Toll:
    """What goes with a deletion. `left` names what this actor may see; `hidden` counts the rest."""

    deployments: int
    resources: int
    active_runs: int
    left: Sequence[Left]
    hidden: int


def toll(actor: Actor, thing: Removable) -> Toll:
    """What would go with the thing, for the page that asks."""
    require(actor, Action.DELETE, thing)
    scope = _scope(thing)
    deployments, resources = session().execute(places.inventory(scope)).one()
    full = session().scalars(places.with_resources(scope)).all()
    seen = session().scalars(places.with_resources(scope & visible(actor, Deployment))).all()
    active = session().scalars(places.active_runs(_run_scope(thing))).all()
    left = [Left(_name(row), row.resource_count) for row in seen[:NAMED_AT_MOST]]
    return Toll(deployments, int(resources), len(active), left, len(full) - len(left))


class Busy(Conflict):
    """Runs there have not ended yet; later it may go."""


def remove(
    actor: Actor,
    thing: Removable,
    *,
    confirm: str,
    abandon_resources: bool = False,
    patience_s: float = PATIENCE_S,
) -> None:
    """Delete a project, stack, workspace or deployment with all that belongs to it.

    Waits at most `patience_s` seconds for the runs at work there, which are killed.

    Raises:
        Invalid: when `confirm` is not the thing's name.
        Conflict: when resources remain and are not to be abandoned, or a run did not end in time.
    """
    require(actor, Action.DELETE, thing)
    if confirm != name_of(thing):
        raise Invalid({"confirm": f"Type the name “{name_of(thing)}” to delete it."})
    _refuse_if_full(thing, abandon_resources=abandon_resources)
    _end_runs(actor, thing, patience_s)
    with transaction() as here:
        _refuse_if_full(thing, abandon_resources=abandon_resources)
        _refuse_if_busy(thing)
        audit.record(actor, f"{thing.__tablename__}.delete", thing, before=_summary(thing))
        blobs = _blobs(thing)
        here.delete(thing)
        here.flush()
        here.execute(delete(Blob).where(Blob.id.in_(blobs)))


def name_of(thing: Removable) -> str:
    """What is typed to delete it: its name; of a deployment its workspace's."""
    return thing.workspace_name if isinstance(thing, Deployment) else thing.name


def _scope(thing: Removable) -> ColumnElement[bool]:
    """The condition of the deployments that go with the thing."""
    match thing:
        case Project():
            return Deployment.project_id == thing.id
        case Stack():
            return Deployment.stack_id == thing.id
        case Workspace():
            return Deployment.workspace_id == thing.id
        case Deployment():
            return Deployment.id == thing.id


def _run_scope(thing: Removable) -> ColumnElement[bool]:
    """The condition of the runs that go with the thing."""
    match thing:
        case Project():
            return Run.project_id == thing.id
        case Stack():
            return Run.stack_id == thing.id
        case Workspace():
            return Run.workspace_id == thing.id
        case Deployment():
            return Run.deployment_id == thing.id


def _refuse_if_full(thing: Removable, *, abandon_resources: bool) -> None:
    deployments, resources = session().execute(places.inventory(_scope(thing))).one()
    if resources and not abandon_resources:
        raise Conflict(
            f"{resources} {'resource remains' if resources == 1 else 'resources remain'} in the "
            f"{deployments} {'deployment' if deployments == 1 else 'deployments'} of "
            f"{name_of(thing)}. Destroy them first, or say that they are to be abandoned."
        )


def _end_runs(actor: Actor, thing: Removable, patience_s: float) -> None:
    """Discard what waits, kill what works, and give the killed a moment to end."""
    deadline = time.monotonic() + patience_s
    with transaction() as here:
        found = here.scalars(places.active_runs(_run_scope(thing))).all()
        for run in found:
            _end(actor, thing, run)
    while time.monotonic() < deadline and _is_busy(thing):
        time.sleep(POLL_EVERY_S)


def _end(actor: Actor, thing: Removable, run: Run) -> None:
    held = moves.for_update(run.id)
    why = f"The {thing.__tablename__} {name_of(thing)} is being deleted."
    if held.is_over:
        return
    if held.state not in WORKING and held.worker_id is None:
        held.result = why
        moves.move(held, RunState.DISCARDED, actor.mark(why))
        return
    held.cancel_requested_at = held.cancel_requested_at or clock.now()
    held.cancel_requested_by = held.cancel_requested_by or actor.name
    held.force_requested_at = held.force_requested_at or clock.now()
    held.version += 1
    audit.record(actor, "run.force-cancel", held, after={"reason": why})
    moves.tell(held)
    after_commit(lambda: hints.send(hints.StopWanted(held.id, kill=True)))


def _is_busy(thing: Removable) -> bool:
    here = session()
    here.rollback()  # A new look needs a new snapshot.
    return here.scalars(places.active_runs(_run_scope(thing)).limit(1)).first() is not None


def _refuse_if_busy(thing: Removable) -> None:
    busy = session().scalars(places.active_runs(_run_scope(thing)).limit(NAMED_AT_MOST)).all()
    if busy:
        names = ", ".join(f"{run.project_name}#{run.number}" for run in busy)
        raise Busy(
            f"Still being stopped: {names}. Nothing was deleted; try again when they have ended."
        )


def _blobs(thing: Removable) -> list[str]:
    """The blobs that nothing will point to once the thing is gone."""
    selects = places.blobs_of_deployments(_scope(thing))
    if isinstance(thing, Project):
        selects.append(places.blobs_of_uploads(thing.id))
    return [blob_id for rows in selects for blob_id in session().scalars(rows)]


def _summary(thing: Removable) -> dict[str, object]:
    deployments, resources = session().execute(places.inventory(_scope(thing))).one()
    return {
        "name": name_of(thing),
        "deployments": deployments,
        "abandoned_resources": int(resources),
    }


def _name(row: Deployment) -> str:
    return f"{row.project_name} / {row.stack_name} / {row.workspace_name}"
