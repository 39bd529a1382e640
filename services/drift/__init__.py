"""Drift: what is not any more as it was applied, found by checks that change nothing."""

from services.drift.kept import (
    RECONCILE,
    DriftLine,
    check_now,
    check_of,
    fleet,
    of,
    run_moved,
    set_rules,
)
from services.drift.reconciling import reconcile
from services.drift.watching import require_may_watch, scope_of, watch

__all__ = [
    "RECONCILE",
    "DriftLine",
    "check_now",
    "check_of",
    "fleet",
    "of",
    "reconcile",
    "require_may_watch",
    "run_moved",
    "scope_of",
    "set_rules",
    "watch",
]
