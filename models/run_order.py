"""The order in which runs wait, as numbers that are kept with them: the smaller goes first.

Pure Python. Within a deployment tasks go before applies and destroys, these before previews, these
before drift checks; priority orders within a class and never between them. In a pool priority
comes first, then what changes things, then previews, then drift checks. Runs of one number go by
their ids: first come, first served.
"""

from __future__ import annotations

from models.run_state import LOCKING, RunType

PRIORITY_LIMIT = 100
_CLASSES = 4


def at_home(kind: RunType, priority: int, *, drift: bool) -> int:
    """A run's number among those of its own deployment."""
    return _class(kind, drift=drift) * (PRIORITY_LIMIT + 1) + (PRIORITY_LIMIT - priority)


def in_pool(kind: RunType, priority: int, *, drift: bool) -> int:
    """A run's number among those of every deployment: tasks are no better than applies there."""
    return (PRIORITY_LIMIT - priority) * _CLASSES + max(1, _class(kind, drift=drift))


def _class(kind: RunType, *, drift: bool) -> int:
    if kind in LOCKING:
        return 0 if kind is RunType.TASK else 1
    return 3 if drift else 2
