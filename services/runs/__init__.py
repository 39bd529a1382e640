"""Runs: a run's life as verbs. Pages, API, command line and workers all call these."""

from services.runs.actions import VERBS, actions, check, force_cancel_at
from services.runs.create import (
    NewRun,
    Origin,
    create,
    create_pinned,
    objections,
    plan_again,
    promote,
    rerun,
)
from services.runs.decide import (
    cancel,
    confirm,
    discard,
    expire_plans,
    force_cancel,
)
from services.runs.manage import (
    BULK_ACTIONS,
    BulkResult,
    archive,
    bulk,
    comment,
    prioritize,
    unarchive,
)
from services.runs.moves import admit, yield_to_manual_lock
from services.runs.offers import is_outdated, offered
from services.runs.waiting import WaitingOn, explain, waiting_on

__all__ = [
    "BULK_ACTIONS",
    "VERBS",
    "BulkResult",
    "NewRun",
    "Origin",
    "WaitingOn",
    "actions",
    "admit",
    "archive",
    "bulk",
    "cancel",
    "check",
    "comment",
    "confirm",
    "create",
    "create_pinned",
    "discard",
    "expire_plans",
    "explain",
    "force_cancel",
    "force_cancel_at",
    "is_outdated",
    "objections",
    "offered",
    "plan_again",
    "prioritize",
    "promote",
    "rerun",
    "unarchive",
    "waiting_on",
    "yield_to_manual_lock",
]
