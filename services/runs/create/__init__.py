"""Making runs: from the wizard, the API, or an older run."""

from services.runs.create.again import (
    as_applied,
    inputs_of,
    pinned_source,
    plan_again,
    promote,
    rerun,
)
from services.runs.create.making import create, create_pinned, search_words
from services.runs.create.request import NewRun, Origin
from services.runs.create.validation import objections

__all__ = [
    "NewRun",
    "Origin",
    "as_applied",
    "create",
    "create_pinned",
    "inputs_of",
    "objections",
    "pinned_source",
    "plan_again",
    "promote",
    "rerun",
    "search_words",
]
