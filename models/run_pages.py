"""What the page of a run reads: selects over one run's parts, each bounded or paged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from models.run import Run
from models.run_content import RunChange, RunDocument, RunOutput, RunVariable
from models.run_history import RunComment, RunDiagnostic, RunHistory, RunMetadata, RunStep

MOST_TYPES = 200
MOST_RELATIVES = 20
MOST_COMMENTS = 500
MOST_DIAGNOSTICS = 200


@dataclass(frozen=True)
class ChangeFilter:
    """Which changes are wanted. Empty means any; `text` is looked for in addresses, in any case."""

    action: str = ""
    type: str = ""
    text: str = ""

    @property
    def is_set(self) -> bool:
        """Whether anything is left out."""
        return bool(self.action or self.type or self.text)

    def condition(self, run_id: str) -> ColumnElement[bool]:
        """The condition under which a row of `run_change` is wanted."""
        wanted: ColumnElement[bool] = RunChange.run_id == run_id
        if self.action:
            wanted &= RunChange.action == self.action
        if self.type:
            wanted &= RunChange.type == self.type
        if self.text:
            wanted &= func.lower(RunChange.address).contains(self.text.lower(), autoescape=True)
        return wanted


def steps(run_id: str) -> Select[RunStep]:
    """A run's steps, in the order in which they ran."""
    return select(RunStep).where(RunStep.run_id == run_id).order_by(RunStep.number)


def diagnostics(run_id: str) -> Select[RunDiagnostic]:
    """What the engine complained about, errors first, as it came."""
    return (
        select(RunDiagnostic)
        .where(RunDiagnostic.run_id == run_id)
        .order_by(RunDiagnostic.severity != "error", RunDiagnostic.id)
        .limit(MOST_DIAGNOSTICS)
    )


def changing(run_id: str) -> Select[str, str]:
    """(address, action) of what a plan changes; destroy and replace first."""
    return (
        select(RunChange.address, RunChange.action)
        .where(RunChange.run_id == run_id, RunChange.action.not_in(("read", "no-op")))
        .order_by(RunChange.position)
    )


def comments(run_id: str) -> Select[RunComment]:
    """What people said, newest first."""
    return (
        select(RunComment)
        .where(RunComment.run_id == run_id)
        .order_by(RunComment.id.desc())
        .limit(MOST_COMMENTS)
    )


def metadata(run_id: str) -> Select[RunMetadata]:
    """What people attached, as it came."""
    return select(RunMetadata).where(RunMetadata.run_id == run_id).order_by(RunMetadata.id)


def variables(run_id: str) -> Select[RunVariable]:
    """A run's effective variables by kind and name."""
    return (
        select(RunVariable)
        .where(RunVariable.run_id == run_id)
        .order_by(RunVariable.category.desc(), RunVariable.name)
    )


def variable_count(run_id: str) -> Select[int]:
    """How many variables a run has."""
    return select(func.count()).select_from(RunVariable).where(RunVariable.run_id == run_id)


def outputs(run_id: str) -> Select[RunOutput]:
    """A run's outputs by name."""
    return select(RunOutput).where(RunOutput.run_id == run_id).order_by(RunOutput.name)


def relatives(run: Run) -> Select[Run]:
    """The runs this one was made from, and those made from it, newest first."""
    origins = [each for each in (run.rerun_of_id, run.promoted_from_id) if each]
    made = or_(Run.rerun_of_id == run.id, Run.promoted_from_id == run.id)
    # Made from it: in the same deployment, which has an index; the link itself needs none.
    here = (Run.deployment_id == run.deployment_id) & made
    return (
        select(Run)
        .where(or_(Run.id.in_(origins), here) if origins else here)
        .order_by(Run.id.desc())
        .limit(MOST_RELATIVES)
    )


def document(run_id: str) -> Select[RunDocument]:
    """The change document of a run, all but its changes."""
    return select(RunDocument).where(RunDocument.run_id == run_id)


def change_heads(
    run_id: str, wanted: ChangeFilter, after: int, limit: int
) -> Select[int, str, str, str, Any, int]:
    """(position, address, type, action, head, size) of the changes after a position."""
    return (
        select(
            RunChange.position,
            RunChange.address,
            RunChange.type,
            RunChange.action,
            RunChange.head,
            RunChange.size_bytes,
        )
        .where(wanted.condition(run_id), RunChange.position > after)
        .order_by(RunChange.position)
        .limit(limit)
    )


def change_records(run_id: str, wanted: ChangeFilter, after: int, limit: int) -> Select[RunChange]:
    """Whole changes after a position."""
    return (
        select(RunChange)
        .where(wanted.condition(run_id), RunChange.position > after)
        .order_by(RunChange.position)
        .limit(limit)
    )


def change_at(run_id: str, position: int) -> Select[RunChange]:
    """One change of a run."""
    return select(RunChange).where(RunChange.run_id == run_id, RunChange.position == position)


def change_counts(run_id: str, wanted: ChangeFilter) -> Select[str, int]:
    """(action, how many) of the changes that type and text leave."""
    free = ChangeFilter(type=wanted.type, text=wanted.text)
    return (
        select(RunChange.action, func.count())
        .where(free.condition(run_id))
        .group_by(RunChange.action)
    )


def change_types(run_id: str) -> Select[str, int]:
    """(type, how many) of a run's changes, the most frequent first."""
    return (
        select(RunChange.type, func.count())
        .where(RunChange.run_id == run_id)
        .group_by(RunChange.type)
        .order_by(func.count().desc(), RunChange.type)
        .limit(MOST_TYPES)
    )


def newest_move() -> Select[int | None]:
    """The id of the last move of any run."""
    return select(func.max(RunHistory.id))


def runs_moved_since(history_id: int, limit: int) -> Select[int, Run]:
    """(history id, run) of the moves after that one, oldest first."""
    return (
        select(RunHistory.id, Run)
        .join(Run, Run.id == RunHistory.run_id)
        .where(RunHistory.id > history_id)
        .order_by(RunHistory.id)
        .limit(limit)
    )


def change_actions(run_id: str, limit: int) -> Select[str, str]:
    """(address, action) of a run's changes."""
    return (
        select(RunChange.address, RunChange.action)
        .where(RunChange.run_id == run_id)
        .order_by(RunChange.position)
        .limit(limit)
    )
