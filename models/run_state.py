"""The states of a run and the roads between them: the one place where they live.

Pure Python. `docs/run-states.md` draws this table and a test holds the two
together. Which way out a *type* of run takes is decided by the verbs in
`services/runs.py`; which ways exist at all is decided here.
"""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    READY = "ready"
    PREPARING = "preparing"
    INITIALIZING = "initializing"
    GENERATING = "generating"
    PLANNING = "planning"
    APPLYING = "applying"
    DESTROYING = "destroying"
    PERFORMING = "performing"
    TESTING = "testing"
    PENDING_REVIEW = "pending_review"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    FINISHED = "finished"
    FAILED = "failed"
    DISCARDED = "discarded"
    STOPPED = "stopped"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"


class RunStatus(StrEnum):
    """The coarse form of a state, for filters and the API."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class RunType(StrEnum):
    """What a run does."""

    GENERATE = "generate"
    PREVIEW = "preview"
    APPLY = "apply"
    DESTROY = "destroy"
    TASK = "task"
    TEST = "test"


class Mover(StrEnum):
    """Who moves a run on from a state."""

    DISPATCHER = "dispatcher"
    WORKER = "worker"
    REVIEWER = "reviewer"
    PERSON = "person"
    NOBODY = "nobody"


_S = RunState

WAITING = frozenset({_S.QUEUED, _S.READY, _S.PENDING_REVIEW, _S.UNCONFIRMED, _S.CONFIRMED})
"""Passive states: nothing is performed; the run waits for its mover."""

WORKING = frozenset(
    {
        _S.PREPARING,
        _S.INITIALIZING,
        _S.GENERATING,
        _S.PLANNING,
        _S.APPLYING,
        _S.DESTROYING,
        _S.PERFORMING,
        _S.TESTING,
    }
)
"""States in which a worker holds the run."""

FINAL = frozenset(
    {
        _S.FINISHED,
        _S.FAILED,
        _S.DISCARDED,
        _S.STOPPED,
        _S.CANCELED,
        _S.TIMED_OUT,
        _S.SKIPPED,
    }
)
"""Ends: no move leads out."""

CHANGING = frozenset({_S.APPLYING, _S.DESTROYING, _S.PERFORMING, _S.TESTING})
"""States in which real things are being changed: never killed early, never repeated."""

REPEATABLE = frozenset({_S.PREPARING, _S.INITIALIZING, _S.GENERATING, _S.PLANNING})
"""States in which nothing has been changed yet: a lost worker's run may start again."""

LOCKING = frozenset({RunType.APPLY, RunType.DESTROY, RunType.TASK, RunType.TEST})
"""Types that hold the deployment's lock from *ready* to their end."""

_INTERRUPTED = frozenset({_S.STOPPED, _S.CANCELED, _S.TIMED_OUT, _S.FAILED})

MOVES: dict[RunState, frozenset[RunState]] = {
    _S.QUEUED: frozenset({_S.READY, _S.DISCARDED, _S.SKIPPED, _S.FAILED}),
    _S.READY: frozenset({_S.PREPARING, _S.DISCARDED, _S.QUEUED, _S.FAILED}),
    _S.PREPARING: frozenset({_S.INITIALIZING, _S.PERFORMING, _S.READY}) | _INTERRUPTED,
    _S.INITIALIZING: frozenset(
        {
            _S.GENERATING,
            _S.PLANNING,
            _S.PERFORMING,
            _S.APPLYING,
            _S.DESTROYING,
            _S.READY,
        }
    )
    | _INTERRUPTED,
    _S.GENERATING: frozenset({_S.FINISHED, _S.READY}) | _INTERRUPTED,
    _S.PLANNING: frozenset(
        {
            _S.FINISHED,
            _S.PENDING_REVIEW,
            _S.UNCONFIRMED,
            _S.APPLYING,
            _S.DESTROYING,
            _S.READY,
        }
    )
    | _INTERRUPTED,
    _S.PENDING_REVIEW: frozenset({_S.FINISHED, _S.FAILED, _S.DISCARDED}),
    _S.UNCONFIRMED: frozenset({_S.CONFIRMED, _S.DISCARDED, _S.FAILED}),
    _S.CONFIRMED: frozenset({_S.PREPARING, _S.APPLYING, _S.DESTROYING, _S.DISCARDED, _S.FAILED}),
    _S.APPLYING: frozenset({_S.FINISHED, _S.TESTING, _S.DESTROYING}) | _INTERRUPTED,
    _S.DESTROYING: frozenset({_S.FINISHED}) | _INTERRUPTED,
    _S.PERFORMING: frozenset({_S.FINISHED}) | _INTERRUPTED,
    _S.TESTING: frozenset({_S.DESTROYING}) | _INTERRUPTED,
    **{end: frozenset() for end in FINAL},
}
"""From each state, the states a run may move to."""

MOVED_BY: dict[RunState, Mover] = {
    _S.QUEUED: Mover.DISPATCHER,
    _S.READY: Mover.WORKER,
    **dict.fromkeys(WORKING, Mover.WORKER),
    _S.PENDING_REVIEW: Mover.REVIEWER,
    _S.UNCONFIRMED: Mover.PERSON,
    _S.CONFIRMED: Mover.WORKER,
    **dict.fromkeys(FINAL, Mover.NOBODY),
}
"""Who moves a run on from each state."""

STATUS: dict[RunState, RunStatus] = {
    **dict.fromkeys(WAITING, RunStatus.PENDING),
    **dict.fromkeys(WORKING, RunStatus.RUNNING),
    _S.FINISHED: RunStatus.SUCCEEDED,
    _S.FAILED: RunStatus.FAILED,
    **dict.fromkeys((_S.DISCARDED, _S.STOPPED, _S.CANCELED, _S.SKIPPED), RunStatus.CANCELLED),
    _S.TIMED_OUT: RunStatus.TIMED_OUT,
}
"""The coarse status of each state."""


def can_move(before: RunState, after: RunState) -> bool:
    """Whether a road leads straight from one state to the other."""
    return after in MOVES[before]


def states_of(status: RunStatus) -> frozenset[RunState]:
    """The states that a coarse status stands for."""
    return frozenset(state for state, coarse in STATUS.items() if coarse is status)
