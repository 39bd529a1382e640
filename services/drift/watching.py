"""Watching for drift: the schedule of a deployment's checks, and the fleet's scope."""

from sqlalchemy import ColumnElement

from models.drift import DriftVerdict
from models.project import Deployment
from models.run_state import RunType
from models.schedule import Purpose, Schedule
from services import projects, runs, schedules, workspaces
from services.access import Action, Actor, require
from services.schedules import NewSchedule

NAME = "drift check"


def watch(actor: Actor, deployment: Deployment, *, every: str, reconcile: bool = False) -> Schedule:
    """Have a deployment checked every so often.

    Raises:
        Invalid: when the interval cannot be read.
        Conflict: when it has a drift check already.
    """
    request = runs.NewRun(
        project=deployment.project_name,
        stack=deployment.stack_name,
        workspace=deployment.workspace_name,
        type=RunType.PREVIEW,
        drift=True,
        refresh_only=True,
    )
    asked = NewSchedule(
        name=NAME,
        request=request,
        when={"every": every, "timezone": "UTC"},
        what_if={"overlap": "skip", "missed": "one"},
        purpose=Purpose.DRIFT,
        extras={"reconcile": reconcile},
    )
    return schedules.create(actor, asked)


def require_may_watch(actor: Actor, deployment: Deployment) -> None:
    """Refuse unless the actor may change how a deployment is watched.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
    """
    require(actor, Action.WRITE_SCHEDULES, deployment)


def scope_of(actor: Actor, *, project: str = "", workspace: str = "") -> ColumnElement[bool]:
    """The condition of the verdicts in these places; empty names leave all in.

    Raises:
        NotFound: when the actor does not see one of them.
    """
    found: ColumnElement[bool] = DriftVerdict.deployment_id.is_not(None)
    if project:
        found &= DriftVerdict.project_id == projects.get(actor, project).id
    if workspace:
        found &= DriftVerdict.workspace_id == workspaces.get(actor, workspace).id
    return found
