"""What runs do, told to the commits and pull requests they come from.

A follower of runs: each move that people would read differently puts a message into the outbox. The
message names what is to be told about, not what; whoever delivers it tells what is so then, so that
the newest state wins, however often and in whatever order messages come.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from integrations.vcs import State, Status
from lib import clock
from models import vcs_lists
from models.run import Run
from models.run_state import RunState, RunType
from models.vcs import VcsComment, VcsDelivery, VcsIntegration, VcsRepository, VcsRun
from services import outbox
from services.house import house
from services.transaction import session, transaction
from services.vcs import comment

STATUS, COMMENT = "vcs_status", "vcs_comment"
_NEVER_TOLD = frozenset({"schedule", "ttl"})
"""The kinds of trigger that start runs which are of no commit anybody waits for."""
REFUSAL_CONTEXT = "gantry"

_S = RunState
_STATES = {
    **dict.fromkeys((_S.QUEUED, _S.READY), State.PENDING),
    **dict.fromkeys((_S.UNCONFIRMED, _S.PENDING_REVIEW, _S.CONFIRMED), State.PENDING),
    _S.FINISHED: State.SUCCESS,
    _S.FAILED: State.FAILURE,
    _S.TIMED_OUT: State.ERROR,
    **dict.fromkeys((_S.DISCARDED, _S.STOPPED, _S.CANCELED, _S.SKIPPED), State.CANCELLED),
}


@dataclass(frozen=True)
class Told:
    """What a commit is to be marked with, and through what."""

    integration: VcsIntegration
    repository: str
    sha: str
    status: Status
    is_told: bool = False


@dataclass(frozen=True)
class Comment:
    """What the comment on a pull request is to say, and where it is, if it is known already."""

    integration: VcsIntegration
    repository_id: str
    repository: str
    number: int
    text: str
    marker: str
    comment_id: str
    is_told: bool


def run_moved(run: Run, before: RunState | None) -> None:
    """Put what is to be told of a run, if it came from a repository's service."""
    if before is None:  # Just made: whoever made it for a delivery says so afterwards.
        told = _inherited(run)
    elif word(before) == word(run.state) or run.trigger_kind in _NEVER_TOLD:
        return
    else:
        told = session().get(VcsRun, run.id)
    if told is not None:
        put(run, told)


def put(run: Run, told: VcsRun) -> None:
    """Put messages about a run's commit and pull request; part of the caller's transaction."""
    if not _has_service(told.repository_id):
        return
    outbox.put(STATUS, f"{run.id}:{run.version}", {"run": run.id})
    if told.pull is not None:
        key = f"{told.repository_id}:{told.pull}:{run.id}:{run.version}"
        outbox.put(COMMENT, key, {"repository": told.repository_id, "number": told.pull})


def put_refusal(repository: VcsRepository, delivery: VcsDelivery, reason: str) -> None:
    """Put that a delivery started nothing; part of the caller's transaction."""
    if delivery.sha and _has_service(repository.id):
        said = {"repository": repository.id, "sha": delivery.sha, "reason": reason}
        outbox.put(STATUS, f"refused:{delivery.id}:{delivery.attempts}", said)


def status_of_run(run_id: str) -> Told | None:
    """What is to be told of a run's commit now, or None when there is nothing any more."""
    here = session()
    run = here.get(Run, run_id, populate_existing=True)
    told = here.get(VcsRun, run_id, populate_existing=True)
    found = _through(told.repository_id) if told else None
    if run is None or told is None or found is None:
        return None
    integration, repository = found
    status = Status(
        _STATES.get(run.state, State.RUNNING),
        f"gantry/{run.project_name}/{run.stack_name}/{run.workspace_name}",
        comment.sentence(run),
        run_url(run),
    )
    is_told = told.told == _said(status)
    return Told(integration, repository.name, told.sha, status, is_told)


def status_of_refusal(repository_id: str, sha: str, reason: str) -> Told | None:
    """What is to be told of a commit that started nothing."""
    found = _through(repository_id)
    if found is None:
        return None
    url = f"{_base_url()}/deliveries?integration={found[0].id}"
    status = Status(State.ERROR, REFUSAL_CONTEXT, reason, url)
    return Told(found[0], found[1].name, sha, status)


def told_status(told: Told, run_id: str | None, problem: str = "") -> None:
    """Keep that a status was set, or why not."""
    with transaction() as here:
        row = here.get(VcsRun, run_id, with_for_update=True) if run_id else None
        if row is not None:
            row.problem = problem[:2000]
            if not problem:
                row.told, row.told_at = _said(told.status), clock.now()
        _note(told.integration.id, problem)


def comment_on(repository_id: str, number: int) -> Comment | None:
    """What the comment on a pull request is to say now, or None when nothing is."""
    found = _through(repository_id)
    rows = session().execute(vcs_lists.runs_of_pull(repository_id, number))
    newest = _newest((row[0], row[1]) for row in rows)
    if found is None or not newest:
        return None
    integration, repository = found
    marker = comment.marker(repository_id, number)
    text = comment.text(newest, marker, _base_url())
    row = _comment_row(repository_id, number)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Comment(
        integration,
        repository_id,
        repository.name,
        number,
        text,
        marker,
        row.comment_id if row else "",
        row is not None and bool(row.comment_id) and row.digest == digest,
    )


def told_comment(asked: Comment, comment_id: str, problem: str = "") -> None:
    """Keep that the comment stands as asked, or why not."""
    with transaction() as here:
        row = _comment_row(asked.repository_id, asked.number)
        if row is None:
            row = VcsComment(repository_id=asked.repository_id, number=asked.number)
            here.add(row)
        row.comment_id, row.problem = comment_id, problem[:2000]
        if not problem:
            row.digest = hashlib.sha256(asked.text.encode()).hexdigest()
            row.told_at = clock.now()
        _note(asked.integration.id, problem)


def shown_of(run: Run) -> VcsRun | None:
    """What was told of a run; None when it comes from no service that could be told."""
    if run.source.get("service") in {None, "git"}:
        return None
    return session().get(VcsRun, run.id)


def word(state: RunState) -> str:
    """What people read of a state in a status: several states of work read alike."""
    return state.value if state in _STATES and state is not _S.READY else "at work"


def run_url(run: Run) -> str:
    """The run's page."""
    return f"{_base_url()}/runs/{run.id}"


def _inherited(run: Run) -> VcsRun | None:
    """A run that repeats another, or applies what it showed, is told of in its place."""
    older = run.rerun_of_id or run.promoted_from_id
    source = session().get(VcsRun, older) if older else None
    if source is None or run.type not in {RunType.PREVIEW, RunType.APPLY}:
        return None
    names = "repository_id link_id kind ref sha pull base".split()
    row = VcsRun(run_id=run.id, **{name: getattr(source, name) for name in names})
    session().add(row)
    session().flush()
    return row


def _newest(rows: Iterable[tuple[Run, VcsRun]]) -> list[Run]:
    """The newest run of each deployment, by place."""
    found: dict[str, Run] = {}
    for run, _told in rows:
        found.setdefault(run.deployment_id, run)
    return sorted(found.values(), key=lambda r: (r.project_name, r.stack_name, r.workspace_name))


def _through(repository_id: str) -> tuple[VcsIntegration, VcsRepository] | None:
    here = session()
    repository = here.get(VcsRepository, repository_id, populate_existing=True)
    if repository is None:
        return None
    integration = here.get(VcsIntegration, repository.integration_id, populate_existing=True)
    return (integration, repository) if integration else None


def _has_service(repository_id: str) -> bool:
    """Whether there is somebody to tell: plain git has neither statuses nor comments."""
    found = _through(repository_id)
    return found is not None and found[0].kind != "git" and "token" in found[0].holds


def _comment_row(repository_id: str, number: int) -> VcsComment | None:
    return session().scalars(vcs_lists.comment_at(repository_id, number)).first()


def _note(integration_id: str, problem: str) -> None:
    """Show on the integration that telling fails, or that it works again."""
    row = session().get(VcsIntegration, integration_id, with_for_update=True)
    if row is not None and row.report_problem != problem[:2000]:
        row.report_problem = problem[:2000]
        row.report_problem_at = clock.now() if problem else None


def _said(status: Status) -> str:
    return f"{status.state.value}: {status.description}"[:255]


def _base_url() -> str:
    return house().base_url.rstrip("/")
