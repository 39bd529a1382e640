"""The two sides of a change as rows."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.terraform.plan_document import collect_plan
from services.comparison import compare, compare_values
from services.comparison.alignment import align
from services.comparison.lists import match
from tests.engines import corpus
from tests.services.plan_text import leaves_of

SIGNS = {"add": "+", "remove": "-", "change": "~"}


def change(before, after, **more):
    return {"address": "a.b", "action": "update", "before": before, "after": after, **more}


def told(comparison):
    """Return the rows that change, as (sign and label, left text, right text)."""
    return [
        (f"{SIGNS.get(r.action, '^')} {'  ' * r.depth}{r.label}", text(r.left), text(r.right))
        for r in comparison.rows
        if not r.folded
    ]


def text(cell):
    return None if cell is None else cell.text


def row(comparison, *path):
    return next(r for r in comparison.rows if r.path == path and r.kind != "line")


def leaves_in(record):
    """Return what the oracle returns, out of rows."""
    leaves = set()
    for r in compare(record).rows:
        in_text = r.kind == "line" or r.form == "text"
        if r.kind == "value" and not r.folded and not in_text:
            way = tuple(str(step) for step in r.path if isinstance(step, str))
            leaves.add((SIGNS[r.action], way, text(r.left) or "", text(r.right) or ""))
    return leaves


@pytest.mark.corpus
@pytest.mark.parametrize("case", corpus.EQUIVALENCE, ids=lambda case: case.name)
def test_rows_say_what_the_text_of_opentofu_says(case, tmp_path):
    expected = leaves_of((case / "plan").read_text())
    collect_plan(case / "plan.json", tmp_path, {})
    records = map(json.loads, (tmp_path / "changes.jsonl").read_text().splitlines())

    found = {f"{r['type']}.{r['name']}": leaves_in(r) for r in records}

    assert with_leaves(found) == with_leaves(expected)


def with_leaves(resources):
    return {address: leaves for address, leaves in resources.items() if leaves}


def test_unchanged_attributes_are_there_and_folded():
    comparison = compare(change({"a": 1, "b": {"c": 2}}, {"a": 2, "b": {"c": 2}}))

    assert told(comparison) == [("~ a", "1", "2")]
    assert comparison.unchanged == 1
    assert [r.path for r in comparison.rows if r.folded] == [("b",), ("b", "c")]


def test_a_created_thing_stands_right_and_a_deleted_one_left():
    created = compare(change(None, {"a": {"b": 1, "no": None}, "unset": None}, action="create"))
    deleted = compare(change({"a": 1}, None, action="delete"))

    assert told(created) == [("+ a", None, "1 attribute"), ("+   b", None, "1")]
    assert told(deleted) == [("- a", "1", None)]


def test_unknown_values_are_told_as_such_wherever_they_are():
    record = change(
        {"id": "1", "list": ["a"], "map": {"x": "1"}},
        {"list": ["a"], "map": {}},
        unknown=[["id"], ["list", 1], ["map", "x"]],
    )

    comparison = compare(record)

    assert told(comparison) == [
        ("~ id", "1", "(known after apply)"),
        ("~ list", "1 element", "1 element"),
        ("+   [1]", None, "(known after apply)"),
        ("~ map", "1 attribute", "0 attributes"),
        ("~   x", "1", "(known after apply)"),
    ]
    assert row(comparison, "id").unknown


def test_a_sensitive_value_is_a_word_and_says_whether_it_changes():
    record = change(
        {"pw": "(sensitive)", "key": "(sensitive)", "plain": "(sensitive)"},
        {"pw": "(sensitive)", "key": "(sensitive)", "plain": "(sensitive)"},
        sensitive=[["pw"], ["key"]],
        sensitive_changed=[["pw"]],
    )

    comparison = compare(record)

    assert told(comparison) == [("~ pw", "(sensitive value)", "(sensitive value)")]
    assert row(comparison, "pw").sensitive_changed
    assert row(comparison, "key").left.kind == "sensitive"
    assert row(comparison, "plain").left.kind == "string"


def test_a_sensitive_element_that_changes_is_seen_inside_its_list():
    record = change(
        {"keys": ["(sensitive)", "b"]}, {"keys": ["(sensitive)", "b"]},
        sensitive=[["keys", 0]], sensitive_changed=[["keys", 0]],
    )  # fmt: skip

    assert [label for label, *_ in told(compare(record))] == ["~ keys", "~   [0]"]


def test_what_forces_the_replacement_is_marked():
    record = change(
        {"image": "a", "disk": [{"size": 1}]}, {"image": "b", "disk": [{"size": 2}]},
        replace_paths=[["image"], ["disk", 0, "size", "deeper"]],
    )  # fmt: skip

    comparison = compare(record)

    marked = [r.path for r in comparison.rows if r.forces_replacement]
    assert marked == [("disk", 0, "size"), ("image",)]


def test_json_in_a_string_is_compared_as_a_structure():
    comparison = compare(change({"p": '{"a": 1, "b": [1, 2]}'}, {"p": '{"b":[1,3],"a":1}'}))

    assert told(comparison) == [
        ("~ p", "2 attributes", "2 attributes"),
        ("~   b", "2 elements", "2 elements"),
        ("-     [1]", "2", None),
        ("+     [1]", None, "3"),
    ]
    assert row(comparison, "p").form == "json"


def test_json_written_otherwise_is_formatting_only():
    comparison = compare(change({"p": '{"a": 1}'}, {"p": '{\n  "a": 1\n}'}))

    [only] = comparison.rows
    assert (only.action, only.note, only.form) == ("change", "formatting only", "json")


def test_json_nearly_so_is_text():
    comparison = compare(change({"p": "{not json"}, {"p": "{not json either"}))

    [only] = comparison.rows
    assert (only.left.text, only.left.marks, only.right.marks) == ("{not json", (), ((9, 16),))


def test_yaml_in_a_string_is_compared_as_a_structure():
    before = "#cloud-config\nusers:\n  - name: ada\n    sudo: false\npackages: [git]\n"
    after = before.replace("false", "true")

    comparison = compare(change({"user_data": before}, {"user_data": after}))

    assert told(comparison)[-1] == ("~       sudo", "false", "true")
    assert row(comparison, "user_data").form == "yaml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# one\na: 1\nb: 2\n", "# two\na: 1\nb: 2\n"),
        ("a: &x 1\nb: *x\n", "a: &x 2\nb: *x\n"),
        ("a: !!python/object:os.system 1\nb: 2\n", "a: 1\nb: 2\n"),
        ("key: value\n- broken\n", "key: value\n- more broken\n"),
        ("a: .nan\nb: 1\n", "a: .inf\nb: 2\n"),
        ("1: a\n? [x, y]\n: b\n", "1: a\n? [x, z]\n: b\n"),
    ],
    ids=["comments", "anchors", "tags", "broken", "no JSON", "keys that are lists"],
)
def test_yaml_that_is_not_simple_is_text(before, after):
    comparison = compare(change({"t": before}, {"t": after}))

    assert row(comparison, "t").form == "text"


def test_dates_in_yaml_stay_as_written():
    comparison = compare(change({"t": "d: 2024-01-01\nx: 1\n"}, {"t": "d: 2024-01-02\nx: 1\n"}))

    assert told(comparison)[-1] == ("~   d", "2024-01-01", "2024-01-02")


def test_a_text_is_compared_line_by_line_with_what_differs_marked():
    comparison = compare(change({"t": "one\ntwo\nthree\n"}, {"t": "one\n2wo\nthree\nfour\n"}))

    lines = [r for r in comparison.rows if r.kind == "line"]
    assert [(r.label, r.action) for r in lines] == [
        ("1", "same"), ("2", "change"), ("3", "same"), ("4", "add"),
    ]  # fmt: skip
    assert (lines[1].left.marks, lines[1].right.marks) == (((0, 1),), ((0, 1),))


def test_objects_in_a_list_are_matched_by_their_names():
    before = [{"name": "a", "p": 1}, {"name": "b", "p": 2}]
    after = [{"name": "c", "p": 9}, {"name": "a", "p": 1}, {"name": "b", "p": 3}]

    comparison = compare(change({"rules": before}, {"rules": after}))

    assert [label for label, *_ in told(comparison)] == [
        "~ rules", "+   [0] c", "+     name", "+     p", "~   [2] b", "~     p",
    ]  # fmt: skip


def test_an_object_in_a_list_is_told_by_its_name():
    comparison = compare(
        change({"rules": [{"name": "http"}]}, {"rules": [{"name": "http", "p": 1}]})
    )

    assert row(comparison, "rules", 0).label == "[0] http"


def test_a_pure_change_of_order_is_told_as_that():
    comparison = compare(change({"l": ["a", "b", "c"]}, {"l": ["c", "a", "b"]}))

    assert told(comparison) == [("~ l", "3 elements", "3 elements"), ("^   [0]", "c", "c")]


def test_a_set_whose_element_changes_makes_no_noise():
    before, after = sorted("adfg"), sorted("bdfg")

    comparison = compare(change({"s": before}, {"s": after}))

    assert [label for label, *_ in told(comparison)] == ["~ s", "-   [0]", "+   [0]"]


def test_one_is_not_true_and_text_is_not_a_number():
    comparison = compare(change({"a": True, "b": 1, "c": [True]}, {"a": 1, "b": "1", "c": [1]}))

    assert [label for label, *_ in told(comparison)] == [
        "~ a", "~ b", "~ c", "-   [0]", "+   [0]",
    ]  # fmt: skip


def test_a_value_of_another_kind_goes_and_comes():
    comparison = compare(change({"v": {"a": 1}}, {"v": ["x"]}))

    assert [label for label, *_ in told(comparison)] == ["- v", "-   a", "+ v", "+   [0]"]


def test_outputs_need_not_be_objects():
    comparison = compare({"name": "size", "action": "update", "before": 1, "after": 2})

    assert told(comparison) == [("~ size", "1", "2")]


def test_a_sensitive_output_is_hidden_whole():
    record = {
        "name": "pw", "action": "update", "before": "(sensitive)", "after": "(sensitive)",
        "sensitive": [[]], "sensitive_changed": [[]],
    }  # fmt: skip

    assert told(compare(record)) == [("~ pw", "(sensitive value)", "(sensitive value)")]


def test_specs_are_compared_without_marks():
    comparison = compare_values({"kind": "Service", "port": 80}, {"kind": "Service", "port": 81})

    assert told(comparison) == [("~ port", "80", "81")]


def test_a_giant_pair_is_not_compared_and_says_so():
    comparison = compare(change({"t": "a\n" * 100_000}, {"t": "b\n" * 100_000}))

    [only] = comparison.rows
    assert only.note == "too large to compare here (195 KB → 195 KB)"
    assert only.left.cut > 190_000


def test_a_giant_value_is_cut():
    comparison = compare({"action": "create", "before": None, "after": {"t": "x" * 100_000}})

    assert (len(comparison.rows[0].right.text), comparison.rows[0].right.cut) == (65_536, 34_464)


WORST = {
    "lines that all differ": (
        "\n".join(map(str, range(9000))),
        "\n".join(f"{n}!" for n in range(9000)),
    ),
    "lines that repeat": ("a\nb\n" * 20_000, "b\na\n" * 20_000),
    "a list turned around": (list(range(20_000)), list(range(20_000, 0, -1))),
    "a wide object": ({str(n): n for n in range(20_000)}, {str(n): n + 1 for n in range(20_000)}),
    "much that is the same": ({str(n): [n] for n in range(20_000)},) * 2,
    "YAML": ("\n".join(f"k{n}: [1, {{a: 2}}]" for n in range(3000)),) * 1 + ("x: 1\ny: 2",),
    "brackets": ("[" * 100_000, "[" * 99_999),
}


@pytest.mark.parametrize("sides", WORST.values(), ids=WORST.keys())
def test_whatever_the_values_are_it_ends_soon(sides):
    started = time.thread_time()  # Of this processor: others at work on the machine do not count.

    comparison = compare(change({"v": sides[0]}, {"v": sides[1]}))

    assert time.thread_time() - started < 4
    assert len(comparison.rows) <= 4_700


@pytest.mark.parametrize("depth", [50, 70, 300, 900])
def test_deep_nesting_ends_in_a_row_that_says_so(depth):
    deep, other = 1, 2
    for _ in range(depth):
        deep, other = {"a": deep}, {"a": other}

    comparison = compare(change({"v": deep}, {"v": other}))

    assert comparison.rows
    assert depth < 60 or "too deeply" in comparison.rows[-1].note


def test_half_a_surrogate_pair_can_be_written_to_a_page():
    comparison = compare(change({"t": "a\ud800"}, {"t": "b\ud800\nx"}))

    assert repr(comparison).encode()
    assert all(c.text.encode() for r in comparison.rows for c in (r.left, r.right) if c and c.text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text('ab\n:-{}[]"', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "name", "id"]), inner)
    ),
    max_leaves=12,
)


@given(before=JSON_VALUES, after=JSON_VALUES)
def test_any_two_values_can_be_compared(before, after):
    comparison = compare_values(before, after)

    same = json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    if same:
        assert all(r.folded for r in comparison.rows)
    elif {type(before), type(after)} & {str, bool, int}:
        assert not all(r.folded for r in comparison.rows)


@given(left=st.text("abc", max_size=30), right=st.text("abc", max_size=30))
def test_an_alignment_holds_every_element_once_in_order(left, right):
    pairs = align(left, right)

    assert [i for i, _ in pairs if i is not None] == list(range(len(left)))
    assert [j for _, j in pairs if j is not None] == list(range(len(right)))
    assert all(left[i] == right[j] for i, j in pairs if i is not None and j is not None)


def test_null_in_an_output_or_in_json_is_a_value():
    output = compare({"name": "o", "action": "create", "before": None, "after": {"a": None}})
    inside = compare(change({"p": '{"a": null}'}, {"p": '{"a": null, "b": null}'}))

    assert told(output) == [("+ a", None, "null")]
    assert told(inside)[-1] == ("+   b", None, "null")


NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcdef"), "p": st.integers(0, 2)}),
    max_size=6,
    unique_by=lambda element: element["name"],
)


@given(
    left=NAMED | st.lists(JSON_VALUES, max_size=5), right=NAMED | st.lists(JSON_VALUES, max_size=5)
)
def test_a_match_of_lists_holds_every_element_once(left, right):
    matches = match(left, right, set())

    assert sorted(m.left for m in matches if m.left is not None) == list(range(len(left)))
    assert [m.right for m in matches if m.right is not None] == list(range(len(right)))


@given(left=NAMED, right=NAMED)
def test_elements_of_one_name_are_always_matched(left, right):
    matches = match(left, right, set())

    together = {(m.left, m.right) for m in matches}
    names = [element["name"] for element in left]
    for at, element in enumerate(right):
        if element["name"] in names:
            assert (names.index(element["name"]), at) in together
