"""What has moved: for whoever keeps others informed, in this process or from the database.

Everything answers with `hints.RunMoved`, which says that a run moved and never what it holds.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from models import run_pages
from models.run import Run
from services import logs
from services.access import Action, Actor, can, role_at
from services.errors import NotFound, Unavailable
from services.hints import RunMoved
from services.transaction import session

REPLAY_LIMIT = 500


def newest() -> int:
    """The place in the feed at which nothing has been missed: the last move's number."""
    return session().scalars(run_pages.newest_move()).one() or 0


def moved_since(place: int, limit: int = REPLAY_LIMIT) -> tuple[list[RunMoved], int]:
    """How the runs stand that moved after a place in the feed, each once; and the new place.

    Raises:
        Unavailable: when the database does not answer.
    """
    try:
        rows = session().execute(run_pages.runs_moved_since(place, limit)).all()
    except OperationalError as error:
        session().rollback()
        raise Unavailable("The database does not answer.") from error
    found = {run.id: moved(run) for _, run in rows}
    return list(found.values()), rows[-1][0] if rows else place


def standing(run_ids: Iterable[str]) -> list[RunMoved]:
    """How these runs stand now: some of what their pages show changes without a move.

    Raises:
        Unavailable: when the database does not answer.
    """
    wanted = list(run_ids)
    if not wanted:
        return []
    try:
        return [moved(run) for run in session().scalars(select(Run).where(Run.id.in_(wanted)))]
    except OperationalError as error:
        session().rollback()
        raise Unavailable("The database does not answer.") from error


def moved(run: Run) -> RunMoved:
    """How a run stands."""
    return RunMoved(
        run_id=run.id,
        project_id=run.project_id,
        stack_id=run.stack_id,
        workspace_id=run.workspace_id,
        deployment_id=run.deployment_id,
        version=run.version,
        state=run.state.value,
        status=run.status.value,
    )


def sees(actor: Actor, what: RunMoved) -> bool:
    """Whether the actor may know of this."""
    role = role_at(
        actor,
        project_id=what.project_id,
        stack_id=what.stack_id,
        workspace_id=what.workspace_id,
    )
    return role is not None


def require_runs(actor: Actor, run_ids: Iterable[str]) -> None:
    """Refuse when one of the runs is none that the actor may see.

    Raises:
        NotFound: for the first such run.
    """
    wanted = set(run_ids)
    if not wanted:
        return
    found = session().scalars(select(Run).where(Run.id.in_(wanted))).all()
    if len(found) < len(wanted) or not all(can(actor, Action.SEE, run) for run in found):
        raise NotFound("There is no run here that you may see.")


def log_size(run_id: str) -> int:
    """How many bytes a run's log has by now."""
    with logs.store().open(run_id) as log:
        return log.size
