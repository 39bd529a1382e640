"""Exit codes and diagnostics in plain sentences."""

import pytest

from engines.base import Diagnostic
from engines.terraform.failures import outcome


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (-2, "engine", "before it had started"),
        (130, "engine", "before it had started"),
        (-9, "worker", "killed from outside"),
        (137, "worker", "killed from outside"),
        (-13, "gantry", "no reader"),
        (-11, "engine", "crashed"),
        (127, "worker", "could not be started"),
        (-64, "engine", "signal 64"),
        (1, "engine", "gave no reason"),
    ],
)
def test_every_way_to_end_has_a_sentence(code, kind, words):
    ended = outcome("plan", code, [])

    assert not ended.ok
    assert ended.failure.kind == kind
    assert words in ended.failure.text
    assert ended.failure.text.endswith(".")


def test_only_a_plan_may_end_with_two():
    assert outcome("plan", 2, []).has_changes
    assert not outcome("apply", 2, []).ok


def test_the_first_error_is_the_reason_and_the_others_are_counted():
    errors = [
        Diagnostic("warning", "not this"),
        Diagnostic("error", "Bad\n thing", file="main.tf", line=3, address="a.b"),
        Diagnostic("error", "other"),
    ]

    ended = outcome("plan", 1, errors)

    assert ended.failure.kind == "configuration"
    assert ended.failure.text == "Bad thing (a.b, main.tf line 3), and one more error."


@pytest.mark.parametrize(
    ("summary", "is_unsaved"),
    [
        ("Failed to persist state to backend", True),
        ("Failed to save state", True),
        ("Error saving state", True),
        ("Failed to create local state file", True),
        ("quota exceeded", False),
    ],
)
def test_a_state_that_could_not_be_stored_is_told_from_other_errors(summary, is_unsaved):
    ended = outcome("apply", 1, [Diagnostic("error", summary)])

    assert ended.is_state_unsaved is is_unsaved


def test_an_error_at_apply_is_the_engines():
    ended = outcome("apply", 1, [Diagnostic("error", "quota exceeded", address="a.b")])

    assert (ended.failure.kind, ended.failure.text) == ("engine", "quota exceeded (a.b).")


def test_providers_that_cannot_be_fetched_are_not_the_codes_fault():
    assert outcome("fetch", 1, []).failure.kind == "worker"
