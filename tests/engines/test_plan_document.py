"""From plan JSON to the change document, without a sensitive value in it."""

import json

import pytest

from engines.terraform.plan_document import collect_plan
from services import comparison
from tests.engines import corpus

ENGINE = {"name": "terraform", "version": "1.0.0"}
KEYS = {
    "address", "module", "mode", "type", "name", "provider", "action", "order", "reason",
    "previous_address", "import_id", "deposed", "before", "after", "unknown", "sensitive",
    "sensitive_changed", "replace_paths",
}  # fmt: skip


def collected(plan_json, out_dir):
    document = collect_plan(plan_json, out_dir, ENGINE)
    lines = (out_dir / "changes.jsonl").read_text().splitlines()
    return document, [json.loads(line) for line in lines]


def document_of(plan, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"format_version": "1.2", **plan}))
    return collected(path, tmp_path / "out")


def resource(actions, before, after, **change):
    raw = {"address": "a.b", "mode": "managed", "type": "a", "name": "b"}
    raw |= {k: change.pop(k) for k in ("previous_address", "action_reason") if k in change}
    return raw | {"change": {"actions": actions, "before": before, "after": after, **change}}


def sensitive_strings(plan):
    """Yield every string of a raw plan that stands under a sensitivity mark."""
    records = [*plan.get("resource_changes", []), *plan.get("resource_drift", [])]
    changes = [r["change"] for r in records] + list((plan.get("output_changes") or {}).values())
    for change in changes:
        for side in ("before", "after"):
            for mask in ("before_sensitive", "after_sensitive"):
                yield from under(change.get(side), change.get(mask))


def under(value, mask):
    if mask is True:
        yield from strings(value)
    elif isinstance(mask, dict) and isinstance(value, dict):
        for key, inner in mask.items():
            yield from under(value.get(key), inner)
    elif isinstance(mask, list) and isinstance(value, list):
        for inner, item in zip(mask, value, strict=False):
            yield from under(item, inner)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus.EVERY_PLAN, ids=corpus.name_of)
def test_every_plan_of_the_corpus_becomes_a_document(path, tmp_path):
    document, changes = collected(path, tmp_path)

    assert set(document) == {
        "format", "engine", "summary", "unchanged", "drift", "outputs", "checks", "notes",
    }  # fmt: skip
    assert all(set(change) == KEYS for change in [*changes, *document["drift"]])
    assert json.loads((tmp_path / "document.json").read_text()) == json.loads(json.dumps(document))


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus.EVERY_PLAN, ids=corpus.name_of)
def test_no_sensitive_value_reaches_document_or_rows(path, tmp_path):
    if "artificial" in path.name:
        pytest.skip("made up: the same word stands in sensitive and in other places")
    plan = json.loads(path.read_text())
    # Such as "true" are everywhere, and tell nothing.
    secrets = {s for s in sensitive_strings(plan) if len(s) > 5}

    document, changes = collected(path, tmp_path)

    everything = [*changes, *document["drift"], *document["outputs"]]
    shown = (tmp_path / "document.json").read_text() + (tmp_path / "changes.jsonl").read_text()
    shown += "".join(repr(comparison.compare(record)) for record in everything)
    assert not [s for s in secrets if s in shown or json.dumps(s)[1:-1] in shown]


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus.EVERY_PLAN, ids=corpus.name_of)
def test_under_every_mark_stands_the_same_word(path, tmp_path):
    raws = {
        r["address"]: r["change"] for r in json.loads(path.read_text()).get("resource_changes", [])
    }

    _, changes = collected(path, tmp_path)

    for change in (c for c in changes if not c["deposed"]):
        raw = raws[change["address"]]
        for mask in ("before_sensitive", "after_sensitive"):
            for side in ("before", "after"):
                assert set(under(change[side], raw.get(mask))) <= {"(sensitive)"}


@pytest.mark.corpus
def test_the_corpus_has_secrets_to_lose():
    found = {s for p in corpus.EVERY_PLAN for s in sensitive_strings(json.loads(p.read_text()))}

    assert len(found) >= 10 or not corpus.EVERY_PLAN


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus.EVERY_PLAN, ids=corpus.name_of)
def test_every_update_of_the_corpus_has_rows_that_change(path, tmp_path):
    if "sanitize_testdata" in path.name:
        pytest.skip("made equal on both sides by those who published it")

    _, changes = collected(path, tmp_path)

    updates = [change for change in changes if change["action"] == "update"]
    assert all(any(not r.folded for r in comparison.compare(u).rows) for u in updates)


def test_a_value_that_ceases_to_be_sensitive_stays_hidden_on_both_sides(tmp_path):
    plan = {"resource_changes": [resource(
        ["update"], {"pw": "old-secret"}, {"pw": "new-public"},
        before_sensitive={"pw": True}, after_sensitive={},
    )]}  # fmt: skip

    _, [change] = document_of(plan, tmp_path)

    assert (change["before"], change["after"]) == ({"pw": "(sensitive)"}, {"pw": "(sensitive)"})
    assert change["sensitive"] == [["pw"]]
    assert change["sensitive_changed"] == [["pw"]]


def test_an_unknown_sensitive_value_is_told_to_be_both(tmp_path):
    plan = {"resource_changes": [resource(
        ["create"], None, {"name": "x"},
        after_unknown={"token": True}, before_sensitive=False, after_sensitive={"token": True},
    )]}  # fmt: skip

    _, [change] = document_of(plan, tmp_path)

    assert change["unknown"] == [["token"]]
    assert change["sensitive"] == [["token"]]
    assert change["sensitive_changed"] == []


def test_a_mask_of_another_shape_than_the_value_hides_all_of_it(tmp_path):
    plan = {"resource_changes": [resource(
        ["update"], {"v": ["hidden-one"]}, {"v": {"a": "hidden-two"}},
        before_sensitive={"v": [True]}, after_sensitive={"v": {}},
    )]}  # fmt: skip

    _, [change] = document_of(plan, tmp_path)

    assert change["before"]["v"] == ["(sensitive)"]
    assert change["after"]["v"] == "(sensitive)"


@pytest.mark.parametrize(
    ("actions", "action", "order"),
    [
        (["delete", "create"], "replace", "destroy_then_create"),
        (["create", "delete"], "replace", "create_then_destroy"),
        (["forget"], "forget", None),
        (["create", "read", "update", "delete", "no-op"], "other", None),
        ([], "other", None),
    ],
)
def test_actions_are_named_and_odd_ones_are_kept(actions, action, order, tmp_path):
    plan = {"resource_changes": [resource(actions, {"a": 1}, {"a": 2})]}

    _, [change] = document_of(plan, tmp_path)

    assert (change["action"], change["order"]) == (action, order)


def test_a_no_op_is_counted_and_left_out_unless_it_moves_or_imports(tmp_path):
    plan = {"resource_changes": [
        resource(["no-op"], {"a": 1}, {"a": 1}),
        resource(["no-op"], {"a": 1}, {"a": 1}, previous_address="a.old"),
        resource(["no-op"], {"a": 1}, {"a": 1}, importing={"id": "i-1"}),
    ]}  # fmt: skip

    document, changes = document_of(plan, tmp_path)

    assert [change["action"] for change in changes] == ["import", "move"]
    assert document["unchanged"] == 1
    assert (document["summary"]["move"], document["summary"]["import"]) == (1, 1)


def test_what_is_lost_comes_first(tmp_path):
    kinds = [["create"], ["update"], ["delete", "create"], ["delete"]]
    plan = {"resource_changes": [resource(actions, {}, {}) for actions in kinds]}

    document, changes = document_of(plan, tmp_path)

    assert [change["action"] for change in changes] == ["delete", "replace", "update", "create"]
    assert document["summary"] == {
        "add": 1, "change": 1, "destroy": 1, "replace": 1, "import": 0, "move": 0, "forget": 0,
        "outputs": 0,
    }  # fmt: skip


def test_old_plans_say_that_nothing_in_them_is_hidden(tmp_path):
    old = {"resource_changes": [resource(["create"], None, {"a": 1})]}
    new = {"resource_changes": [resource(["create"], None, {"a": 1}, after_sensitive={})]}

    notes = [document_of(plan, tmp_path)[0]["notes"] for plan in (old, new)]

    assert "does not say what is sensitive" in notes[0][0]
    assert notes[1] == []


def test_deferred_changes_and_failed_plans_leave_a_note(tmp_path):
    deferred = {"reason": "instance_count_unknown", "resource_change": {"address": "a.b"}}

    document, _ = document_of({"errored": True, "deferred_changes": [deferred]}, tmp_path)

    assert len(document["notes"]) == 2
    assert "a.b is left for a later run (instance count unknown)." in document["notes"]


def test_checks_keep_what_they_found(tmp_path):
    problem = {"message": "name is not y"}
    check = {"address": {"kind": "check", "to_display": "check.c"}, "status": "fail"}

    document, _ = document_of(
        {"checks": [check | {"instances": [{"problems": [problem]}]}]}, tmp_path
    )

    assert document["checks"] == [
        {"address": "check.c", "kind": "check", "status": "fail", "problems": ["name is not y"]}
    ]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format_version":', b"[" * 100_000])
def test_a_file_that_is_no_plan_is_refused_with_a_sentence(content, tmp_path):
    path = tmp_path / "plan.json"
    path.write_bytes(content)

    with pytest.raises(ValueError, match="description of its plan"):
        collect_plan(path, tmp_path / "out", ENGINE)


def test_a_number_of_ten_thousand_digits_does_not_stop_the_reading(tmp_path):
    path = tmp_path / "plan.json"
    digits = "9" * 10_000
    raw = json.dumps(resource(["update"], {"n": 1}, {"n": 0})).replace('"n": 0', f'"n": {digits}')
    path.write_text(f'{{"format_version": "1.2", "resource_changes": [{raw}]}}')

    _, [change] = collected(path, tmp_path / "out")

    assert change["after"]["n"] == digits


def test_what_is_marked_in_one_place_is_hidden_in_every_other(tmp_path):
    secret, rule = "correct-horse-battery", "0.0.0.0/0"
    plan = {
        "format_version": "1.2",
        "configuration": {"root_module": {"variables": {"key": {"sensitive": True}}}},
        "variables": {"key": {"value": "a-variable-of-its-own"}},
        "resource_changes": [
            {
                "address": "terraform_data.a",
                "type": "terraform_data",
                "name": "a",
                "change": {
                    "actions": ["update"],
                    "before": {"input": {"password": secret}, "output": {"password": secret}},
                    "after": {
                        "input": {"password": "new"},
                        "note": "a-variable-of-its-own",
                        "cidr": rule,
                    },
                    "before_sensitive": {"input": {"password": True}},
                    "after_sensitive": {"input": {"password": True}},
                },
            },
            {
                "address": "x_group.b",
                "type": "x_group",
                "name": "b",
                "change": {
                    "actions": ["create"],
                    "before": None,
                    "after": {"rule": [{"cidr": rule}]},
                    "after_sensitive": {"rule": True},
                },
            },
        ],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))

    collect_plan(tmp_path / "plan.json", tmp_path / "out", {"name": "t", "version": "1"})

    written = (tmp_path / "out" / "changes.jsonl").read_text()
    assert secret not in written
    assert "a-variable-of-its-own" not in written
    assert rule in written  # Hidden as part of a set, it is no secret where it stands alone.
