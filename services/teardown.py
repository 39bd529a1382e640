"""Destroying all that is deployed in a workspace: one question, a destroy run per deployment.

Until stacks can depend on each other, what was deployed last goes first. The workspace stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models import places, state_version
from models.audit import AuditEvent
from models.project import Deployment, Stack, Workspace
from models.run import Run
from models.run_state import RunType
from services import audit
from services.access import Action, Actor, can, require, visible
from services.errors import Conflict, GantryError, Invalid
from services.runs import NewRun
from services.runs.create import as_applied, create_pinned
from services.transaction import session, transaction

MOST = 500
"""Runs that one event may start; above it nothing is made."""


@dataclass(frozen=True)
class Target:
    """A deployment with something in it. `objection` says why it cannot be destroyed now, or ''."""

    deployment: Deployment
    resource_count: int
    objection: str


@dataclass(frozen=True)
class Plan:
    """What would be destroyed, in this order.

    `hidden` counts deployments that the actor does not see: they stay.
    """

    targets: Sequence[Target]
    hidden: int

    @property
    def possible(self) -> list[Target]:
        """Those that can be destroyed."""
        return [target for target in self.targets if not target.objection]


@dataclass(frozen=True)
class Made:
    """What became of one deployment: its run, or the reason why there is none."""

    deployment: Deployment
    run: Run | None
    reason: str = ""


@dataclass(frozen=True)
class Teardown:
    """What destroying a workspace made; `id` is that of its row in the audit log."""

    id: str
    made: Sequence[Made]


def plan(actor: Actor, workspace: Workspace) -> Plan:
    """What destroying everything in a workspace would do.

    Raises:
        NotFound, Forbidden: by the role on the workspace.
    """
    require(actor, Action.CREATE_RUN, workspace)
    scope = Deployment.workspace_id == workspace.id
    here = session()
    full = here.scalars(places.with_resources(scope).limit(MOST + 1)).all()
    seen = here.scalars(places.with_resources(scope & visible(actor, Deployment)).limit(MOST + 1))
    rows = list(seen)
    oldest = here.execute(state_version.first_of(row.id for row in rows))
    first = {row[0]: row[1] for row in oldest}
    rows.sort(key=lambda row: first.get(row.id, row.id), reverse=True)
    stacks = {row.stack_id: here.get_one(Stack, row.stack_id) for row in rows}
    targets = [
        Target(row, row.resource_count, _objection(actor, workspace, stacks[row.stack_id], row))
        for row in rows
    ]
    return Plan(targets, len(full) - len(rows))


def destroy(actor: Actor, workspace: Workspace, confirm: str) -> Teardown:
    """Make a destroy run for everything deployed in a workspace, applied without asking again.

    Raises:
        Invalid: when `confirm` is not the workspace's name.
        Conflict: when nothing there can be destroyed, or too much at once.
    """
    found = plan(actor, workspace)
    if confirm != workspace.name:
        raise Invalid({"confirm": f"Type the name “{workspace.name}” to destroy what is there."})
    if len(found.targets) > MOST:
        raise Conflict(
            f"More than {MOST} deployments at once are not destroyed; nothing was begun."
        )
    if not found.possible:
        raise Conflict(_why_nothing(found))
    with transaction() as here:
        made = [_destroy(actor, target) for target in found.targets]
        # First those that go, dependents first; then those that stay, by name.
        made.sort(key=lambda each: "" if each.run else _name(each.deployment))
        after = {
            "runs": [_run_name(each.run) for each in made if each.run],
            "refused": {_name(each.deployment): each.reason for each in made if not each.run},
        }
        event = audit.record(actor, "workspace.destroy", workspace, after=after)
        here.flush()
        return Teardown(event.id, made)


def again(workspace: Workspace, teardown_id: str) -> Teardown:
    """What an earlier call made there, as the audit log has it."""
    kept = session().get_one(AuditEvent, teardown_id).after or {}
    here = session().scalars(places.deployments_in(workspace.id)).all()
    rows = {_name(row): row for row in here}
    numbers = {int(name.rpartition("#")[2]) for name in kept["runs"]}
    runs = session().scalars(places.runs_numbered(workspace.id, numbers)).all()
    by_name = {_run_name(run): run for run in runs}
    made = [
        Made(session().get_one(Deployment, run.deployment_id), run)
        for name in kept["runs"]
        if (run := by_name.get(name))
    ]
    refused = sorted((name, why) for name, why in kept["refused"].items() if name in rows)
    return Teardown(teardown_id, [*made, *(Made(rows[name], None, why) for name, why in refused)])


def _destroy(actor: Actor, target: Target) -> Made:
    if target.objection:
        return Made(target.deployment, None, target.objection)
    try:
        with session().begin_nested():
            run = create_pinned(actor, _request(target.deployment))
    except GantryError as refusal:
        return Made(target.deployment, None, refusal.text)
    return Made(target.deployment, run)


def _request(row: Deployment) -> NewRun:
    """A destroy with the code and the variables of what was applied last, where that is known."""
    wanted = NewRun(
        project=row.project_name,
        stack=row.stack_name,
        workspace=row.workspace_name,
        type=RunType.DESTROY,
        auto_apply=True,
        message=f"Destroy all in {row.workspace_name}",
    )
    return as_applied(row, wanted)


def _objection(actor: Actor, workspace: Workspace, stack: Stack, row: Deployment) -> str:
    if not can(actor, Action.CREATE_RUN, row):
        return "Your role in its project does not let you create runs."
    if workspace.protected:
        return "The workspace is protected from being destroyed."
    if stack.protected:
        return f"The stack {stack.name} is protected from being destroyed."
    if row.blocked_at is not None:
        return f"It is blocked until somebody settles it: {row.blocked_reason}"
    return ""


def _why_nothing(found: Plan) -> str:
    if not found.targets:
        return "Nothing that you see is deployed here."
    reasons = sorted({target.objection for target in found.targets})
    return f"Nothing here can be destroyed now. {' '.join(reasons)}"


def _run_name(run: Run) -> str:
    return f"{run.project_name}#{run.number}"


def _name(row: Deployment) -> str:
    return f"{row.project_name}/{row.stack_name}"
