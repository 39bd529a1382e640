"""What an exit code and the diagnostics beside it mean, in one sentence each."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from engines.base import Diagnostic, Failure, FailureKind, Outcome
from engines.terraform import providers

PLAN_HAS_CHANGES = 2
_SIGNALED = 128
_NOT_FOUND = frozenset({126, 127})
_SENTENCE_LENGTH = 300

_SIGNALS: dict[int, tuple[FailureKind, str]] = {
    signal.SIGINT: ("engine", "The engine was interrupted before it had started anything."),
    signal.SIGTERM: ("engine", "The engine was told to end from outside."),
    signal.SIGKILL: (
        "worker",
        "The engine was killed from outside, perhaps because the machine ran out of memory.",
    ),
    signal.SIGPIPE: ("gantry", "The engine's output had no reader any more; it died of that."),
    signal.SIGXCPU: ("worker", "The engine used up the processor time it was allowed."),
    signal.SIGXFSZ: ("worker", "The engine wrote a file larger than it was allowed."),
    signal.SIGSEGV: ("engine", "The engine crashed; its stack trace is in the log."),
    signal.SIGABRT: ("engine", "The engine crashed; its stack trace is in the log."),
}
# Found in the summary or detail of an error; the first that fits decides.
_CAUSES: tuple[tuple[str, FailureKind, str], ...] = (
    (
        "Saved plan is stale",
        "engine",
        "The state changed after this plan was made, so the plan no longer fits: plan again.",
    ),
    (
        "plan file was created by Terraform",
        "worker",
        "This plan was made by another version of the engine, which this worker does not have.",
    ),
    (
        "Error acquiring the state lock",
        "engine",
        "The state is locked by somebody else: wait until they are done, or unlock it.",
    ),
    ("no space left on device", "worker", "The worker's disk is full."),
)
# What terraform says when what it has made stands in no state, or in none that can be found.
_UNSAVED = (
    "Failed to persist state",
    "Failed to save state",
    "Failed to create local state file",
    "Error saving state",
)
_ENGINE_AT_WORK = frozenset({"apply"})


def outcome(step: str, exit_code: int, diagnostics: Sequence[Diagnostic]) -> Outcome:
    """Judge a step: its exit code first, then what its first error says."""
    if exit_code == 0 or (step == "plan" and exit_code == PLAN_HAS_CHANGES):
        return Outcome(ok=True, has_changes=exit_code == PLAN_HAS_CHANGES)
    errors = [d for d in diagnostics if d.severity == "error"]
    missing = tuple(filter(None, (providers.missing_source(d.summary) for d in errors)))
    failure = _died(exit_code) or _refused(step, errors) or _silent(step, exit_code)
    doubt = any(needle in d.summary or needle in d.detail for needle in _UNSAVED for d in errors)
    return Outcome(ok=False, failure=failure, missing_providers=missing, is_state_unsaved=doubt)


def _died(exit_code: int) -> Failure | None:
    if exit_code in _NOT_FOUND:
        return Failure("worker", "The engine's program could not be started on this worker.")
    number = -exit_code if exit_code < 0 else exit_code - _SIGNALED
    if number <= 0:
        return None
    kind, text = _SIGNALS.get(number, ("engine", f"The engine ended by signal {number}."))
    return Failure(kind, text)


def _refused(step: str, errors: Sequence[Diagnostic]) -> Failure | None:
    for needle, kind, text in _CAUSES:
        if any(needle in d.summary or needle in d.detail for d in errors):
            return Failure(kind, text)
    if not errors:
        return None
    # Before anything is applied, an error is about what somebody wrote.
    blame: FailureKind = "engine" if step in _ENGINE_AT_WORK else "configuration"
    return Failure(blame, _sentence(errors[0]) + _others(len(errors) - 1) + ".")


def _silent(step: str, exit_code: int) -> Failure:
    if step == "fetch":
        return Failure("worker", "The missing providers could not be fetched; the log says why.")
    text = f"The engine's {step} ended with code {exit_code} and gave no reason; see the log."
    return Failure("engine", text)


def _sentence(diagnostic: Diagnostic) -> str:
    line = f" line {diagnostic.line}" if diagnostic.line else ""
    places = [diagnostic.address, f"{diagnostic.file}{line}" if diagnostic.file else None]
    where = ", ".join(filter(None, places))
    said = " ".join(diagnostic.summary.split()).rstrip(".")
    short = said if len(said) <= _SENTENCE_LENGTH else said[:_SENTENCE_LENGTH] + "…"
    return f"{short} ({where})" if where else short


def _others(count: int) -> str:
    if count == 1:
        return ", and one more error"
    return f", and {count} more errors" if count else ""
