"""Putting drift right: an ordinary apply of what was applied last, started by the check."""

from models import drift as rows
from models.drift import DriftVerdict
from models.project import Deployment
from models.run import Run
from models.run_state import FINAL, RunType
from models.schedule import Purpose, Schedule
from models.schedule import of_deployment as schedules_of
from services import access, runs
from services.errors import GantryError, Unavailable
from services.runs.create import as_applied
from services.transaction import session, transaction

TRIGGER = "drift"


def reconcile(run_id: str) -> Run | None:
    """Make the apply that a check asks for, once however often this is called.

    It is an ordinary apply with all its rules: the owner's rights of now, the deployment's queue,
    the stack's way of confirming. A refusal stands beside the verdict. None when there is none.

    Raises:
        Unavailable: when the database does not answer; try again.
    """
    with transaction() as here:
        check = here.get(Run, run_id)
        if check is None:
            return None
        verdict = here.get(
            DriftVerdict, check.deployment_id, with_for_update=True, populate_existing=True
        )
        if verdict is None or not verdict.drifted or verdict.run_id != check.id:
            return None  # A newer check, or an apply, was quicker.
        made = here.scalars(rows.started_by(TRIGGER, check.id)).first()
        if made is not None:
            return made
        schedule = here.scalars(schedules_of(check.deployment_id, Purpose.DRIFT)).first()
        if schedule is None or not schedule.reconcile:
            return None
        return _make(verdict, check, schedule)


def _make(verdict: DriftVerdict, check: Run, schedule: Schedule) -> Run | None:
    waiting = _waiting(check.deployment_id)
    if waiting is not None:
        verdict.note = f"Run #{waiting.number}, which puts drift right, has not ended yet."
        return None
    deployment = session().get_one(Deployment, check.deployment_id)
    wanted = runs.NewRun(
        project=deployment.project_name,
        stack=deployment.stack_name,
        workspace=deployment.workspace_name,
        type=RunType.APPLY,
        message=f"Put right what drift check #{check.number} found",
    )
    try:
        with session().begin_nested():
            actor = access.on_behalf(
                schedule.owner_id,
                trigger=TRIGGER,
                trigger_id=check.id,
                trigger_name=f"{schedule.name} #{check.number}",
            )
            made = runs.create_pinned(actor, as_applied(deployment, wanted))
    except Unavailable:
        raise
    except GantryError as refusal:
        verdict.note = f"Not put right: {refusal.text}"
        return None
    verdict.note = f"Run #{made.number} is to put it right."
    return made


def _waiting(deployment_id: str) -> Run | None:
    """A run that is to put drift right there already and has not ended."""
    found = session().scalars(rows.reconciling(deployment_id)).all()
    return next((run for run in found if run.state not in FINAL), None)
