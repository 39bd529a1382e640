"""Making a run from a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_content import RunVariable
from models.run_state import LOCKING, RunState, RunType
from services import (
    audit,
    deployments,
    following,
    projects,
    publishing,
    sources,
    stacks,
    variables,
    workspaces,
)
from services.access import SYSTEM, Action, Actor, require
from services.errors import Conflict
from services.runs import files
from services.runs.create.request import FIRST_HAND, NewRun, Origin
from services.runs.create.validation import validate
from services.runs.decide import attach
from services.runs.moves import admit, move
from services.transaction import session, transaction
from services.vcs import links


def create(actor: Actor, request: NewRun, origin: Origin = FIRST_HAND) -> Run:
    """Make a run. It is queued, and ready at once if nothing stands in its way.

    The same draft makes one run, however often its last button is pressed.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
        Invalid: with a sentence per field.
        Conflict: when the workspace or the stack is protected from what is asked, or the stack is a
            draft that the actor's trigger may not start.
    """
    # Checking a URL may ask a resolver: nothing waits for the network inside a transaction.
    source = _given_source(actor, request)
    with transaction():
        return make(actor, request, origin, source)


def create_pinned(actor: Actor, request: NewRun) -> Run:
    """As `create`, with a source that was checked when it was saved: nothing is asked outside."""
    with transaction():
        return make(actor, request, FIRST_HAND, request.source)


def make(actor: Actor, request: NewRun, origin: Origin, source: Mapping[str, Any] | None) -> Run:
    """Make the run within the caller's transaction. `source` was checked when it was saved."""
    here = session()
    if origin.draft_id:
        made = here.scalars(select(Run).where(Run.draft_id == origin.draft_id)).first()
        if made is not None:
            return made
    place = _place(actor, request)
    draft = publishing.objection(place.stack, actor.trigger, request.type)
    if draft:
        raise Conflict(draft)
    validate(request, place.stack, place.workspace)
    run = _build(actor, request, place, origin)
    run.source = links.placed(source or place.stack.source or {}, place.deployment)
    run.branch = run.source.get("ref")
    run.search = search_words(run)
    here.add(run)
    here.flush()
    _keep_variables(run, request, place)
    files.keep(run, request.files)
    attach(actor, run, "create", request.metadata)
    audit.record(actor, "run.create", run, after=_summary(run))
    _enter_queue(actor, run)
    return run


@dataclass(frozen=True)
class _Place:
    project: Project
    stack: Stack
    workspace: Workspace
    deployment: Deployment


def _given_source(actor: Actor, request: NewRun) -> Mapping[str, Any] | None:
    if request.source is None:
        return None
    return sources.resolve(request.source, projects.towards(actor, request.project))


def _place(actor: Actor, request: NewRun) -> _Place:
    project = projects.towards(actor, request.project)
    stack = stacks.towards(actor, request.project, request.stack)
    workspace = workspaces.towards(actor, request.workspace)
    found = deployments.between(stack, workspace)
    require(actor, Action.CREATE_RUN, found)
    return _Place(project, stack, workspace, deployments.keep(found))


def _build(actor: Actor, request: NewRun, place: _Place, origin: Origin) -> Run:
    stack = place.stack
    return Run(
        number=_next_number(place.project),
        project_id=place.project.id,
        stack_id=stack.id,
        workspace_id=place.workspace.id,
        deployment_id=place.deployment.id,
        project_name=place.project.name,
        stack_name=stack.name,
        workspace_name=place.workspace.name,
        type=request.type,
        state=RunState.QUEUED,
        message=request.message.strip(),
        destroy=request.destroy,
        refresh_only=request.refresh_only,
        auto_apply=_auto_apply(request, stack),
        drift=request.drift,
        targets=list(request.targets),
        replace=list(request.replace),
        command=request.command,
        with_init=request.init,
        priority=request.priority,
        engine=stack.engine,
        cancel_grace_s=stack.cancel_grace_s,
        max_duration_s=stack.max_duration_s,
        trigger_kind=actor.trigger,
        trigger_id=actor.trigger_id or actor.token_id,
        trigger_name=actor.trigger_name,
        created_by_kind=actor.kind,
        created_by_id=actor.id,
        created_by_name=actor.name,
        draft_id=origin.draft_id,
        rerun_of_id=origin.rerun_of_id,
        promoted_from_id=origin.promoted_from_id,
        version=1,
    )


def search_words(run: Run) -> str:
    """What the text filter finds a run by, in lower case."""
    pin = run.pin or {}
    parts = (
        f"#{run.number}",
        run.message,
        run.branch,
        run.project_name,
        run.stack_name,
        run.workspace_name,
        run.created_by_name,
        pin.get("commit"),
        pin.get("commit_message"),
        pin.get("author_name"),
    )
    return " ".join(str(part) for part in parts if part).lower()


def _auto_apply(request: NewRun, stack: Stack) -> bool:
    # A destroy is automatic only when somebody says so: the stack's default speaks of applies.
    if request.auto_apply is not None:
        return request.auto_apply
    return request.type is RunType.APPLY and stack.auto_apply


def _next_number(project: Project) -> int:
    statement = (
        update(Project)
        .where(Project.id == project.id)
        .values(last_run_number=Project.last_run_number + 1)
        .returning(Project.last_run_number)
        .execution_options(synchronize_session=False)
    )
    return session().execute(statement).scalar_one()


def _keep_variables(run: Run, request: NewRun, place: _Place) -> None:
    effective = variables.effective(
        project=place.project,
        stack=place.stack,
        workspace=place.workspace,
        deployment=place.deployment,
        run_variables=request.variables,
    )
    for item in effective:
        session().add(
            RunVariable(
                run_id=run.id,
                name=item.name,
                category=item.category,
                secret=item.secret,
                value=item.value,
                ciphertext=item.ciphertext,
                fingerprint=item.fingerprint,
                value_id=item.value_id,
                source=item.source,
                shadows=list(item.shadows),
            )
        )


def _enter_queue(actor: Actor, run: Run) -> None:
    actor.mark("Created.").record(run, RunState.QUEUED)
    following.tell(run, None)
    if run.type in LOCKING:
        admit(run.deployment_id)
    else:
        move(run, RunState.READY, SYSTEM.mark("Nothing to wait for."))


def _summary(run: Run) -> dict[str, Any]:
    return {
        "type": run.type.value,
        "stack": run.stack_name,
        "workspace": run.workspace_name,
        "auto_apply": run.auto_apply,
        "destroy": run.destroy,
        "command": run.command,
        "targets": run.targets,
        "rerun_of": run.rerun_of_id,
    }
