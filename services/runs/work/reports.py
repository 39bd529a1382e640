"""What a worker tells of a run while it goes on: states, steps, source, base of its plan."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from models.project import Deployment
from models.run import Run
from models.run_history import RunDiagnostic, RunStep
from models.run_state import RunState
from services.runs.create import search_words
from services.runs.moves import move, tell
from services.runs.work.fence import Claim, held, leave, mark
from services.transaction import session, transaction


@dataclass(frozen=True)
class EngineUsed:
    """Which engine works on a run, and how the run is kept apart from others."""

    version: str
    path: str
    isolation: str


def enter(
    claim: Claim, state: RunState, *, log_offset: int = 0, engine: EngineUsed | None = None
) -> Run:
    """Go on to another state of work; the engine is told when it has become known."""
    with transaction():
        run = held(claim)
        if engine is not None:
            run.engine_version, run.engine_path = engine.version, engine.path
            run.isolation = engine.isolation
        leave(run, claim)
        move(run, state, mark(claim, log_offset=log_offset))
    return run


def pin(claim: Claim, facts: Mapping[str, Any]) -> None:
    """Keep what the run's source turned out to be: commit, author, digest."""
    with transaction():
        run = held(claim)
        run.pin = dict(facts)
        run.branch = facts.get("branch") or run.branch
        run.search = search_words(run)
        run.version += 1
        tell(run)


@dataclass(frozen=True)
class StepReport:
    """A supervised process that has ended: its part of the log, and what it complained about."""

    number: int
    name: str
    started_at: dt.datetime
    finished_at: dt.datetime
    exit_code: int | None
    log_start: int
    log_end: int
    diagnostics: tuple[Mapping[str, Any], ...] = ()


def step(claim: Claim, report: StepReport) -> None:
    """Keep a step that has ended. Told twice, by whoever adopted it, it stands once."""
    with transaction() as here:
        run = held(claim)
        if claim.epoch > 1 and _is_told(run, report):
            return
        here.add(
            RunStep(
                run_id=run.id,
                number=report.number,
                name=report.name,
                state=run.state,
                epoch=claim.epoch,
                started_at=report.started_at,
                finished_at=report.finished_at,
                exit_code=report.exit_code,
                log_start=report.log_start,
                log_end=report.log_end,
            )
        )
        here.add_all(_diagnostic(run, report.name, facts) for facts in report.diagnostics)
        run.log_bytes = max(run.log_bytes, report.log_end)


def base_state(claim: Claim, state_id: str | None) -> None:
    """Keep which state version the plan is made from; None when there is none yet."""
    with transaction():
        held(claim).base_state_id = state_id


def declare_backend(claim: Claim, backend: str | None) -> None:
    """Remember which backend the code declares for its state; None when Gantry keeps it."""
    with transaction() as here:
        run = held(claim)
        here.get_one(Deployment, run.deployment_id).backend = backend


def _is_told(run: Run, report: StepReport) -> bool:
    known = select(RunStep.id).where(RunStep.run_id == run.id, RunStep.number == report.number)
    return session().scalars(known).first() is not None


def _diagnostic(run: Run, step_name: str, facts: Mapping[str, Any]) -> RunDiagnostic:
    return RunDiagnostic(
        run_id=run.id,
        step=step_name,
        severity=str(facts.get("severity", "error")),
        summary=str(facts.get("summary", "")),
        detail=str(facts.get("detail") or ""),
        address=str(facts.get("address") or ""),
        filename=str(facts.get("filename") or facts.get("file") or ""),
        line=facts.get("line"),
        snippet=facts.get("snippet"),
    )
