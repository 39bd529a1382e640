"""States of deployments: kept as encrypted versions, with the resources and outputs they hold."""

from services.states.comparing import StateComparison, compare
from services.states.contents import keep_outputs, open_output
from services.states.handling import (
    StateLine,
    bring,
    by_id,
    can_roll_back,
    download,
    find,
    in_the_way,
    listed,
    rollback,
)
from services.states.outputs import outputs
from services.states.reading import KeptOutput, KeptResource, State, read
from services.states.versions import (
    Made,
    base_of,
    candidates,
    content,
    current_version,
    has_any,
    keep,
    keep_progress,
    make_current,
    newest,
    offer,
)

__all__ = [
    "KeptOutput",
    "KeptResource",
    "Made",
    "State",
    "StateComparison",
    "StateLine",
    "base_of",
    "bring",
    "by_id",
    "can_roll_back",
    "candidates",
    "compare",
    "content",
    "current_version",
    "download",
    "find",
    "has_any",
    "in_the_way",
    "keep",
    "keep_outputs",
    "keep_progress",
    "listed",
    "make_current",
    "newest",
    "offer",
    "open_output",
    "outputs",
    "read",
    "rollback",
]
