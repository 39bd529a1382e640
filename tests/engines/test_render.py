"""From terraform's JSON lines to text for people."""

import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import registry
from engines.terraform import render


def said(message, **more):
    return json.dumps({"@level": "info", "@message": message, "@module": "ui", **more}) + "\n"


RESOURCE = {"addr": "a.b"}
REPLACE = {"resource": RESOURCE, "action": "replace", "reason": "tainted"}
STREAM = "".join([
    said("Terraform 1.11.4", type="version"),
    "plain text\r\n",
    said("a.b: Refreshing state... [id=1]", type="refresh_start", hook={"resource": RESOURCE}),
    said("x", type="resource_drift", change={"resource": RESOURCE, "action": "update"}),
    said("x", type="planned_change", change=REPLACE),
    said("Plan: 1 to add", type="change_summary", changes={"operation": "plan"}),
    said("é", type="outputs", outputs={"o": {"sensitive": True, "action": "create"}}),
    said("Error: bad", type="diagnostic", diagnostic={
        "severity": "error", "summary": "bad", "detail": "very\nbad", "address": "a.b",
        "range": {"filename": "main.tf", "start": {"line": 3}},
        "snippet": {"code": "  a = é", "start_line": 3, "context": 'resource "a" "b"',
                    "highlight_start_offset": 6, "highlight_end_offset": 8,
                    "values": [{"traversal": "var.x", "statement": "is 1"}]}}),
    '{"not": "ours"}\n{broken\n',
    said("something new", type="never_seen", planned={}),
    "the last line, without an end",
]).encode()  # fmt: skip


def rendered(stream, name="terraform"):
    renderer = registry.renderer(name)
    text = renderer.feed(stream) + renderer.finish()
    return text.decode(), renderer


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_the_text_is_the_same_however_the_bytes_are_cut(cuts):
    renderer = registry.renderer("terraform")
    edges = [0, *sorted(cuts), len(STREAM)]

    parts = [renderer.feed(STREAM[a:b]) for a, b in itertools.pairwise(edges)]

    text, whole = rendered(STREAM)
    assert (b"".join(parts) + renderer.finish()).decode() == text
    assert renderer.diagnostics == whole.diagnostics


@pytest.mark.parametrize("length", [-1, 0, 1, 2, 9])
def test_a_line_too_long_to_be_a_message_passes_the_same_however_it_is_cut(length, monkeypatch):
    monkeypatch.setattr(render, "LONGEST_LINE_BYTES", 200)
    line = said("").strip().encode()
    line = line[:-1] + b" " * (200 + length - len(line)) + b"}"
    stream = line + b"\n" + said("after").encode()

    whole, _ = rendered(stream)

    for size in (1, 7, 199, 200, 201):
        renderer = registry.renderer("terraform")
        cut = [renderer.feed(stream[at : at + size]) for at in range(0, len(stream), size)]
        assert (b"".join(cut) + renderer.finish()).decode() == whole


def test_a_reader_sees_words_and_never_json():
    text, _ = rendered(STREAM)

    assert "@message" not in text
    for words in (
        "plain text",
        "-/+ a.b must be replaced (is tainted)",
        "a.b has changed",
        "Plan: 1 to add",
        "  + o (sensitive value)",
        '│   on main.tf line 3, in resource "a" "b":',
        "│     3:   a = é",
        "│ var.x is 1",
        "something new",
    ):
        assert words in plain(text)


def test_json_that_the_code_printed_itself_is_left_as_it_is():
    text, _ = rendered(STREAM)

    assert '{"not": "ours"}\n{broken\n' in text


def test_symbols_have_the_colours_of_the_terminal():
    text, _ = rendered(STREAM)

    assert "\x1b[31m-\x1b[0m/\x1b[32m+\x1b[0m" in text
    assert "a = \x1b[4mé\x1b[0m" in text


def test_diagnostics_are_kept_as_records():
    _, renderer = rendered(STREAM)

    [record] = renderer.diagnostics
    assert record.as_dict() == {
        "severity": "error", "summary": "bad", "detail": "very\nbad", "address": "a.b",
        "file": "main.tf", "line": 3, "snippet": "  a = é", "context": 'resource "a" "b"',
    }  # fmt: skip


def test_an_apply_does_not_tell_the_plan_again():
    text, _ = rendered(STREAM, "terraform-apply")

    assert "must be replaced" not in text
    assert "Plan: 1 to add" not in text


def test_outputs_are_shown_and_sensitive_ones_hidden():
    outputs = {
        "pw": {"sensitive": True, "type": "string"},
        "hosts": {"sensitive": False, "value": {"a b": ["x"], "n": 1}},
    }

    text, _ = rendered(
        said("Outputs: 2", type="outputs", outputs=outputs).encode(), "terraform-apply"
    )

    assert "pw = (sensitive value)" in text
    assert 'hosts = {\n  "a b" = [\n    "x",\n  ]\n  n = 1\n}' in text


@pytest.mark.parametrize("kind", sorted(render.JsonStream.TELLERS))
def test_a_message_of_an_unforeseen_shape_is_shown_as_it_says_itself(kind):
    text, _ = rendered(
        said("what it says", type=kind, change=[], hook=1, outputs=[], changes=2).encode()
    )

    assert "what it says" in text


def test_a_missing_provider_is_one_sentence_with_the_way_out():
    detail = (
        "Could not retrieve the list of available versions for provider hashicorp/random: provider "
        "registry.terraform.io/hashicorp/random was not found in any of the search locations\n\n"
        "  - /var/lib/gantry/providers"
    )
    diagnostic = {"severity": "error", "summary": "Failed to query", "detail": detail}

    text, renderer = rendered(said("x", type="diagnostic", diagnostic=diagnostic).encode())

    [record] = renderer.diagnostics
    assert record.summary == (
        "Provider registry.terraform.io/hashicorp/random is not in the provider store"
    )
    assert "/var/lib/gantry/providers" in record.detail
    assert "administrator" in plain(text)


@pytest.mark.parametrize(
    ("more", "is_said"),
    [
        ("", True),
        (said("x", type="planned_change", change=REPLACE), False),
        (said("x", type="outputs", outputs={"o": {"action": "create"}}), False),
    ],
    ids=["nothing", "a resource", "an output"],
)
def test_that_nothing_changes_is_said_when_it_is_so(more, is_said):
    summary = said("x", type="change_summary", changes={"operation": "plan", "add": 0})

    text, _ = rendered((summary + more).encode())

    assert ("No changes." in text) is is_said
