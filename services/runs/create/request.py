"""What somebody asks for when they want a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.run_state import RunType
from services.variables import RunVariableInput


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
    files: Sequence[tuple[str, bytes]] = field(default=(), repr=False)
    """(path in the working directory, content): see `services.runs.files`."""


@dataclass(frozen=True)
class Origin:
    """Where a run comes from, beside its actor."""

    draft_id: str | None = None
    rerun_of_id: str | None = None
    promoted_from_id: str | None = None


FIRST_HAND = Origin()
"""The origin of a run that comes from its actor alone."""
