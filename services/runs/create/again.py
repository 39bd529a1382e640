"""Making a run from another: the same again, or what a preview showed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from models.project import Deployment
from models.run import Run
from models.run_content import RunVariable
from models.run_state import RunState, RunType
from services import audit, variables
from services.access import Actor
from services.errors import Conflict
from services.runs import files
from services.runs.actions import check
from services.runs.create.making import make
from services.runs.create.request import NewRun, Origin
from services.runs.moves import for_update, move
from services.runs.offers import around
from services.transaction import session, transaction
from services.variables import RunVariableInput


def rerun(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Make a new run with an ended one's inputs and source pin, linked to it."""
    with transaction():
        old = for_update(run_id)
        check(actor, "rerun", old)
        return make(actor, _again(old, metadata), Origin(rerun_of_id=old.id), pinned_source(old))


def promote(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Apply what a finished preview showed: an apply (or destroy) with its pin and inputs."""
    with transaction():
        old = for_update(run_id)
        check(actor, "promote", old)
        run_type = RunType.DESTROY if old.destroy else RunType.APPLY
        request = _again(old, metadata, run_type=run_type)
        return make(actor, request, Origin(promoted_from_id=old.id), pinned_source(old))


def plan_again(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Replace an unconfirmed run whose plan is outdated: discard it, and plan the same again.

    Raises:
        Conflict: when the run does not wait for a person, or its plan is as good as ever.
    """
    with transaction():
        old = for_update(run_id)
        check(actor, "confirm", old)
        if not around([old])[old.id].is_outdated:
            raise Conflict("The plan is not outdated: confirm or discard it.")
        # The new one is there first: whoever makes runs holds the project before a deployment.
        made = make(actor, _again(old, metadata), Origin(rerun_of_id=old.id), pinned_source(old))
        old.result = "Replaced by a new plan."
        move(old, RunState.DISCARDED, actor.mark("Planned again."))
        audit.record(actor, "run.discard", old)
        return made


def _again(old: Run, metadata: Sequence[str], run_type: RunType | None = None) -> NewRun:
    source, own = inputs_of(old)
    kind = run_type or old.type
    return NewRun(
        project=old.project_name,
        stack=old.stack_name,
        workspace=old.workspace_name,
        type=kind,
        source=source,
        variables=own,
        command=old.command,
        init=old.with_init,
        destroy=old.destroy and kind is RunType.PREVIEW,
        drift=old.drift and kind is RunType.PREVIEW,
        auto_apply=old.auto_apply if kind is old.type else None,
        refresh_only=old.refresh_only,
        targets=old.targets,
        replace=old.replace,
        message=old.message,
        metadata=metadata,
        files=tuple(files.of(old.id)),
    )


def as_applied(deployment: Deployment, wanted: NewRun) -> NewRun:
    """The request with the code and the variables of what was applied last, where that is known."""
    run_id = deployment.applied_run_id
    applied = session().get(Run, run_id) if run_id else None
    if applied is None:
        return wanted
    source, own = inputs_of(applied)
    return replace(wanted, source=source, variables=own)


def inputs_of(run: Run) -> tuple[Mapping[str, Any] | None, Sequence[RunVariableInput]]:
    """(source, own variables) of a run, for another that is to use the same."""
    own = session().scalars(
        select(RunVariable).where(RunVariable.run_id == run.id, RunVariable.source == "run")
    )
    return pinned_source(run), [variables.input_of(row) for row in own]


def pinned_source(run: Run) -> Mapping[str, Any] | None:
    """The source of a run with the commit it was pinned to, so that running again is the same."""
    if not run.source:
        return None
    pin = run.pin or {}
    pinned = {name: pin[name] for name in ("commit", "merge") if pin.get(name)}
    return {**run.source, **pinned}
