"""Making runs: from the wizard, the API, or an older run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_content import RunVariable
from models.run_state import LOCKING, RunState, RunType
from services import audit, deployments, projects, sources, stacks, variables, workspaces
from services.access import SYSTEM, Action, Actor, require
from services.errors import Conflict, Invalid
from services.house import house
from services.runs.actions import check
from services.runs.decide import attach
from services.runs.moves import admit, for_update, move
from services.transaction import session, transaction
from services.variables import RunVariableInput

MESSAGE_LIMIT = 2000
METADATA_LIMIT = 16_384
LIST_LIMIT = 100
COMMAND_LIMIT = 32_768
PRIORITY_LIMIT = 100
_ADDRESS = re.compile(r"[\w\-.\[\]\"'/ :@]{1,1024}")


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """What somebody asks for. Unset options take the stack's defaults."""

    project: str
    stack: str
    workspace: str
    type: RunType
    source: Mapping[str, Any] | None = None
    variables: Sequence[RunVariableInput] = ()
    command: str | None = None
    init: bool = True
    destroy: bool = False
    drift: bool = False
    auto_apply: bool | None = None
    refresh_only: bool = False
    targets: Sequence[str] = ()
    replace: Sequence[str] = ()
    priority: int = 0
    message: str = ""
    metadata: Sequence[str] = ()


@dataclass(frozen=True)
class Origin:
    """Where a run comes from, beside its actor."""

    draft_id: str | None = None
    rerun_of_id: str | None = None
    promoted_from_id: str | None = None


def create(actor: Actor, request: NewRun, origin: Origin = Origin()) -> Run:
    """Make a run. It is queued, and ready at once if nothing stands in its way.

    The same draft makes one run, however often its last button is pressed.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
        Invalid: with a sentence per field.
        Conflict: when the workspace or the stack is protected from what is asked.
    """
    # Checking a URL may ask a resolver: nothing waits for the network inside a transaction.
    source = _given_source(actor, request)
    with transaction():
        return _create(actor, request, origin, source)


def create_pinned(actor: Actor, request: NewRun) -> Run:
    """As `create`, with a source that was checked when it was saved: nothing is asked outside."""
    with transaction():
        return _create(actor, request, Origin(), request.source)


def rerun(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Make a new run with an ended one's inputs and source pin, linked to it."""
    with transaction():
        old = for_update(run_id)
        check(actor, "rerun", old)
        return _create(actor, _again(old, metadata), Origin(rerun_of_id=old.id), pinned_source(old))


def promote(actor: Actor, run_id: str, *, metadata: Sequence[str] = ()) -> Run:
    """Apply what a finished preview showed: an apply (or destroy) with its pin and inputs."""
    with transaction():
        old = for_update(run_id)
        check(actor, "promote", old)
        run_type = RunType.DESTROY if old.destroy else RunType.APPLY
        request = _again(old, metadata, run_type=run_type)
        return _create(actor, request, Origin(promoted_from_id=old.id), pinned_source(old))


def plan_again(actor: Actor, run_id: str) -> Run:
    """Replace an unconfirmed run whose plan is outdated: discard it, and plan the same again."""
    with transaction():
        old = for_update(run_id)
        check(actor, "discard", old)
        request = _again(old, ())
        old.result = "Replaced by a new plan."
        move(old, RunState.DISCARDED, actor.mark("Planned again."))
        audit.record(actor, "run.discard", old)
        return _create(actor, request, Origin(rerun_of_id=old.id), pinned_source(old))


def objections(actor: Actor, request: NewRun) -> Mapping[str, str]:
    """What stands against a request, a sentence per field; nothing is made.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
    """
    stack = stacks.get(actor, request.project, request.stack)
    workspace = workspaces.get(actor, request.workspace)
    require(actor, Action.CREATE_RUN, stack)
    require(actor, Action.CREATE_RUN, workspace)
    found = _problems_of_type(request, stack) | _problems_of_size(request)
    protection = _protection(request, stack, workspace)
    if protection:
        found["type"] = protection
    try:
        sources.resolve(request.source or stack.source, projects.get(actor, request.project))
    except Invalid as refusal:
        found |= refusal.fields
    return found


@dataclass(frozen=True)
class _Place:
    project: Project
    stack: Stack
    workspace: Workspace
    deployment: Deployment


def _create(actor: Actor, request: NewRun, origin: Origin, source: Mapping[str, Any] | None) -> Run:
    """Make the run within the caller's transaction. `source` was checked when it was saved."""
    here = session()
    if origin.draft_id:
        made = here.scalars(select(Run).where(Run.draft_id == origin.draft_id)).first()
        if made is not None:
            return made
    place = _place(actor, request)
    _validate(request, place)
    run = _build(actor, request, place, origin)
    run.source = dict(source or place.stack.source or {})
    run.branch = run.source.get("ref")
    run.search = search_words(run)
    here.add(run)
    here.flush()
    _keep_variables(run, request, place)
    attach(actor, run, "create", request.metadata)
    audit.record(actor, "run.create", run, after=_summary(run))
    _enter_queue(actor, run)
    return run


def _given_source(actor: Actor, request: NewRun) -> Mapping[str, Any] | None:
    if request.source is None:
        return None
    return sources.resolve(request.source, projects.get(actor, request.project))


def _place(actor: Actor, request: NewRun) -> _Place:
    project = projects.get(actor, request.project)
    stack = stacks.get(actor, request.project, request.stack)
    workspace = workspaces.get(actor, request.workspace)
    require(actor, Action.CREATE_RUN, stack)
    require(actor, Action.CREATE_RUN, workspace)
    return _Place(project, stack, workspace, deployments.ensure(stack, workspace))


def _validate(request: NewRun, place: _Place) -> None:
    problems = _problems_of_type(request, place.stack) | _problems_of_size(request)
    if problems:
        raise Invalid(problems)
    protection = _protection(request, place.stack, place.workspace)
    if protection:
        raise Conflict(protection)


def _protection(request: NewRun, stack: Stack, workspace: Workspace) -> str | None:
    """Why nothing may be destroyed there, or None."""
    if request.type is RunType.DESTROY:
        for thing, noun in ((workspace, "workspace"), (stack, "stack")):
            if thing.protected:
                return (
                    f"The {noun} {thing.name} is protected from being destroyed. "
                    "An owner can lift that in its settings."
                )
    return None


def _problems_of_type(request: NewRun, stack: Stack) -> dict[str, str]:
    kind = request.type
    able = house().engines[stack.engine].run_types
    task = kind is RunType.TASK
    changing = kind in {RunType.APPLY, RunType.DESTROY}
    destroying = kind is RunType.DESTROY or request.destroy
    checks = (
        ("type", kind not in able, f"{stack.engine} stacks have no runs of type {kind}."),
        ("command", task and not (request.command or "").strip(), "Say which command to run."),
        ("command", not task and request.command is not None, "Only a task has a command."),
        ("init", not task and not request.init, "Only a task can leave out init."),
        (
            "destroy",
            request.destroy and kind is not RunType.PREVIEW,
            "Only a preview can be of a destroy; to destroy, choose that type.",
        ),
        (
            "auto_apply",
            bool(request.auto_apply) and not changing,
            "Only an apply or a destroy can be applied automatically.",
        ),
        (
            "refresh_only",
            request.refresh_only and (task or destroying or bool(request.replace)),
            "Refresh only goes with neither a task, a destroy, nor replacing.",
        ),
        ("targets", task and bool(request.targets), "A task has no targets."),
        (
            "replace",
            bool(request.replace) and (task or destroying),
            "Replacing goes with neither a task nor a destroy.",
        ),
        (
            "source",
            request.source is None and stack.source is None and not task,
            "The stack has no source of its own; choose one.",
        ),
    )
    return {name: text for name, wrong, text in checks if wrong}


def _problems_of_size(request: NewRun) -> dict[str, str]:
    addresses = [*request.targets, *request.replace]
    checks = (
        (
            "message",
            len(request.message) > MESSAGE_LIMIT,
            f"A message has at most {MESSAGE_LIMIT} characters.",
        ),
        (
            "command",
            len(request.command or "") > COMMAND_LIMIT,
            f"A command has at most {COMMAND_LIMIT} characters.",
        ),
        (
            "metadata",
            len(request.metadata) > LIST_LIMIT
            or any(len(text) > METADATA_LIMIT for text in request.metadata),
            f"At most {LIST_LIMIT} metadata of {METADATA_LIMIT} characters each.",
        ),
        (
            "priority",
            not 0 <= request.priority <= PRIORITY_LIMIT,
            f"Priority is a number from 0 to {PRIORITY_LIMIT}.",
        ),
        (
            "targets",
            len(addresses) > LIST_LIMIT
            or not all(_ADDRESS.fullmatch(address) for address in request.targets),
            "Give resource addresses such as module.web.aws_instance.one[0], at most 100.",
        ),
        (
            "replace",
            not all(_ADDRESS.fullmatch(address) for address in request.replace),
            "Give resource addresses such as aws_instance.one[0].",
        ),
    )
    return {name: text for name, wrong, text in checks if wrong}


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
        trigger_id=actor.token_id,
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
    if run.type in LOCKING:
        admit(run.deployment_id)
    else:
        move(run, RunState.READY, SYSTEM.mark("Nothing to wait for."))


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
        auto_apply=old.auto_apply if kind is old.type else None,
        refresh_only=old.refresh_only,
        targets=old.targets,
        replace=old.replace,
        message=old.message,
        metadata=metadata,
    )


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
    commit = (run.pin or {}).get("commit")
    return {**run.source, "commit": commit} if commit else run.source


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
