"""What the page of a run shows: one function per part, each with a bounded number of queries."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import run_history, run_pages
from models.project import Deployment, Stack, Workspace
from models.run import Run
from models.run_content import RunOutput, RunVariable
from models.run_history import RunComment, RunDiagnostic, RunMetadata
from models.run_state import RunState
from models.worker import Worker
from services import logs
from services.access import Action, Actor, can, require
from services.errors import NotFound
from services.runs.actions import force_cancel_at
from services.runs.offers import around, obstacle, offered
from services.runs.phases import Phase, phases
from services.runs.waiting import WaitingOn, waiting_on
from services.transaction import session


@dataclass(frozen=True)
class Overview:
    """What stands above the tabs of a run, and in its column of facts.

    `offered` are the actions the server would accept from this actor now, as URL segments;
    `obstacle` says why a plan that waits cannot be confirmed, and `typed` is the name that must be
    typed to confirm it ('' for none).
    """

    run: Run
    deployment: Deployment
    offered: Sequence[str]
    obstacle: str
    typed: str
    waiting: WaitingOn | None
    is_outdated: bool
    force_at: dt.datetime | None
    worker: Worker | None
    relatives: Sequence[Run]
    metadata: Sequence[RunMetadata]
    phases: Sequence[Phase]
    variable_count: int

    def offers(self, name: str) -> bool:
        """Whether an action is offered."""
        return name in self.offered


@dataclass(frozen=True)
class Complaint:
    """A diagnostic with the line of the log where it stands (None when it is not found there)."""

    severity: str
    summary: str
    detail: str
    address: str
    file: str
    line: int | None
    snippet: Sequence[tuple[int, str]]
    log_line: int | None


def get(actor: Actor, run_id: str) -> Run:
    """A run that the actor may see.

    Raises:
        NotFound: when there is none.
    """
    run = session().get(Run, run_id)
    if run is None:
        raise NotFound("There is no run here that you may see.")
    require(actor, Action.SEE, run)
    return run


def overview(actor: Actor, run: Run) -> Overview:
    """What stands above the tabs of a run."""
    here = session()
    deployment = here.get_one(Deployment, run.deployment_id)
    about = around([run])[run.id]
    return Overview(
        run=run,
        deployment=deployment,
        offered=offered(actor, run, about),
        obstacle=obstacle(actor, run, about) or "",
        typed=name_to_type(run),
        waiting=waiting_on(run),
        is_outdated=about.is_outdated,
        force_at=force_cancel_at(run),
        worker=here.get(Worker, run.worker_id) if run.worker_id else None,
        relatives=here.scalars(run_pages.relatives(run)).all(),
        metadata=here.scalars(run_pages.metadata(run.id)).all(),
        phases=phases_of(run),
        variable_count=here.scalars(run_pages.variable_count(run.id)).one(),
    )


def name_to_type(run: Run) -> str:
    """The workspace's name, when confirming destroys resources of a protected one; else ''."""
    changes = run.changes or {}
    if run.state is not RunState.UNCONFIRMED or not _destroyed(changes):
        return ""
    workspace = session().get_one(Workspace, run.workspace_id)
    return workspace.name if workspace.protected else ""


def phases_of(run: Run) -> list[Phase]:
    """The phases of a run, oldest first."""
    here = session()
    history = here.scalars(run_history.of_run(run.id)).all()
    return phases(run, history, here.scalars(run_pages.steps(run.id)).all())


def comments(run: Run) -> Sequence[RunComment]:
    """What people said about a run, newest first."""
    return session().scalars(run_pages.comments(run.id)).all()


def said(run: Run, comment_id: str) -> RunComment:
    """One comment on a run.

    Raises:
        NotFound: when there is none of this id.
    """
    row = session().get(RunComment, comment_id)
    if row is None or row.run_id != run.id:
        raise NotFound("There is no such comment.")
    return row


def attached(run: Run) -> Sequence[RunMetadata]:
    """What people attached to a run, as it came."""
    return session().scalars(run_pages.metadata(run.id)).all()


def complaints(run: Run) -> list[Complaint]:
    """What the engine complained about, errors first, with the place in the log."""
    rows = session().scalars(run_pages.diagnostics(run.id)).all()
    places = logs.first_lines(run, [row.summary for row in rows]) if rows else {}
    return [_complaint(row, places) for row in rows]


def variables(run: Run) -> Sequence[RunVariable]:
    """A run's effective variables. Who may not see values must not be shown them."""
    return session().scalars(run_pages.variables(run.id)).all()


def sees_values(actor: Actor, run: Run) -> bool:
    """Whether the actor may see the values of plain variables."""
    return can(actor, Action.SEE_VALUES, run)


def outputs(run: Run) -> Sequence[RunOutput]:
    """A run's outputs. A sensitive one has no value here."""
    return session().scalars(run_pages.outputs(run.id)).all()


def silence_notice_s(run: Run) -> int:
    """After how many seconds without output a page says so."""
    return session().get_one(Stack, run.stack_id).silence_notice_s


def _destroyed(changes: Mapping[str, Any]) -> int:
    return int(changes.get("destroy") or 0) + int(changes.get("replace") or 0)


def _complaint(row: RunDiagnostic, places: Mapping[str, int]) -> Complaint:
    return Complaint(
        severity=row.severity,
        summary=row.summary,
        detail=row.detail,
        address=row.address,
        file=row.filename,
        line=row.line,
        snippet=_snippet(row.snippet, row.line),
        log_line=places.get(row.summary),
    )


def _snippet(snippet: Any, line: int | None) -> list[tuple[int, str]]:
    """The code around a diagnostic, numbered; engines give its text and where the trouble is."""
    if not isinstance(snippet, str) or not snippet:
        return []
    return list(enumerate(snippet.splitlines(), start=line or 1))
