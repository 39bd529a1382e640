"""Making runs: from the wizard, the API, or an older run."""

from services.runs.create.again import (
    as_applied,
    inputs_of,
    pinned_source,
    plan_again,
    promote,
    rerun,
)
from services.runs.create.making import (
    Wanted,
    create,
    create_pinned,
    make_all,
    may_be,
    search_words,
)
from services.runs.create.place import Place, places_of, require_runs
from services.runs.create.request import NewRun, Origin
from services.runs.create.validation import objections

__all__ = [
    "NewRun",
    "Origin",
    "Place",
    "Wanted",
    "as_applied",
    "create",
    "create_pinned",
    "inputs_of",
    "make_all",
    "may_be",
    "objections",
    "pinned_source",
    "places_of",
    "plan_again",
    "promote",
    "require_runs",
    "rerun",
    "search_words",
]
