"""Making a run from a request."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from lib import ids
from models.project import Project, Stack
from models.run import Run
from models.run_content import RunVariable
from models.run_state import LOCKING, RunState, RunType
from services import audit, following, projects, publishing, sources, variables
from services.access import SYSTEM, Actor
from services.errors import Conflict
from services.runs import files
from services.runs.create.place import Place, named
from services.runs.create.request import FIRST_HAND, NewRun, Origin
from services.runs.create.validation import validate
from services.runs.decide import attach
from services.runs.moves import admit_new, move_all
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
    if origin.draft_id:
        made = session().scalars(select(Run).where(Run.draft_id == origin.draft_id)).first()
        if made is not None:
            return made
    [run] = make_all([may_be(actor, request, named(actor, request), origin, source)])
    return run


@dataclass(frozen=True)
class Wanted:
    """A run against which nothing stands any more: only the database can keep it from being."""

    actor: Actor
    request: NewRun
    place: Place
    origin: Origin
    source: Mapping[str, Any]


def may_be(
    actor: Actor,
    request: NewRun,
    place: Place,
    origin: Origin = FIRST_HAND,
    source: Mapping[str, Any] | None = None,
) -> Wanted:
    """What `make_all` makes the run of; nothing is written yet, so a refusal leaves no trace.

    The actor's rights on the place were asked for.

    Raises:
        Invalid: with a sentence per field.
        Conflict: as `create`.
    """
    draft = publishing.objection(place.stack, actor.trigger, request.type)
    if draft:
        raise Conflict(draft)
    validate(request, place.stack, place.workspace)
    given = source or place.stack.source or {}
    return Wanted(actor, request, place, origin, links.placed(given, place.deployment))


def make_all(wanted: Sequence[Wanted]) -> list[Run]:
    """Make the runs, in their order, within the caller's transaction: all of them or none.

    The database is asked as often for many as for one, but where a run gets its deployment's lock.
    """
    here = session()
    made = [_build(*pair) for pair in zip(wanted, _numbers(wanted), strict=True)]
    here.add_all(made)
    here.flush()
    _keep_variables(made, wanted)
    for run, each in zip(made, wanted, strict=True):
        files.keep(run, each.request.files)
        attach(each.actor, run, "create", each.request.metadata)
        audit.record(each.actor, "run.create", run, after=_summary(run))
        each.actor.mark("Created.").record(run, RunState.QUEUED)
        following.tell(run, None)
    free = [run for run in made if run.type not in LOCKING]
    move_all(free, RunState.READY, SYSTEM.mark("Nothing to wait for."))
    admit_new(sorted({run.deployment_id for run in made if run.type in LOCKING}))
    return made


def _given_source(actor: Actor, request: NewRun) -> Mapping[str, Any] | None:
    if request.source is None:
        return None
    return sources.resolve(request.source, projects.towards(actor, request.project))


def _build(wanted: Wanted, number: int) -> Run:
    actor, request, place, origin = wanted.actor, wanted.request, wanted.place, wanted.origin
    stack = place.stack
    run = Run(
        id=ids.new_id(),
        number=number,
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
        source=wanted.source,
        branch=wanted.source.get("ref"),
    )
    run.search = search_words(run)
    return run


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


def _numbers(wanted: Sequence[Wanted]) -> list[int]:
    """A number for each, next to those of its project; the projects are held from here on."""
    counts = Counter(each.place.project.id for each in wanted)
    # In one order: of two who make runs of the same projects neither waits for the other's.
    following_ones = {each: _take_numbers(each, counts[each]) for each in sorted(counts)}
    return [next(following_ones[each.place.project.id]) for each in wanted]


def _take_numbers(project_id: str, count: int) -> Iterator[int]:
    statement = (
        update(Project)
        .where(Project.id == project_id)
        .values(last_run_number=Project.last_run_number + count)
        .returning(Project.last_run_number)
        .execution_options(synchronize_session=False)
    )
    last = session().execute(statement).scalar_one()
    return iter(range(last - count + 1, last + 1))


def _keep_variables(made: Sequence[Run], wanted: Sequence[Wanted]) -> None:
    asked = [
        variables.Asked(
            run.project_id,
            run.workspace_id,
            run.stack_id,
            run.deployment_id,
            each.request.variables,
        )
        for run, each in zip(made, wanted, strict=True)
    ]
    for run, effective in zip(made, variables.effective_each(asked), strict=True):
        session().add_all(_variable(run, item) for item in effective)


def _variable(run: Run, item: variables.EffectiveVariable) -> RunVariable:
    return RunVariable(
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
