"""What counts of what a drift check found, and what is not to be minded."""

import pytest

from services.drift.judging import MOST_ITEMS, changed, judge, matches


def update(address="aws_instance.web", **sides):
    usual = {"before": {"tags": {"Owner": "core"}, "size": 1}, "after": {"tags": {}, "size": 1}}
    return {"address": address, "action": "update", **usual, **sides}


def rule(address, attribute=""):
    return {"address": address, "attribute": attribute}


def test_without_rules_everything_counts_with_its_attributes():
    found = judge([update(), {"address": "b", "action": "delete"}], [])

    assert (found.count, found.ignored) == (2, 0)
    assert found.items[0] == {
        "address": "aws_instance.web", "action": "update", "attributes": ["tags.Owner"],
    }  # fmt: skip
    assert found.items[1]["attributes"] == []


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        ([rule("aws_instance.web")], 0),
        ([rule("aws_instance.*")], 0),
        ([rule("*", "tags")], 0),
        ([rule("*", "tags.*")], 0),
        ([rule("*", "tags.Own?r")], 0),
        ([rule("*", "size")], 1),
        ([rule("aws_db.*", "tags")], 1),
        ([rule("aws_instance")], 1),
    ],
)
def test_a_rule_leaves_out_a_thing_or_an_attribute(rules, count):
    assert judge([update()], rules).count == count


def test_of_two_attributes_the_one_that_is_left_counts():
    both = update(after={"tags": {}, "size": 2})

    found = judge([both], [rule("*", "tags")])

    assert found.items[0]["attributes"] == ["size"]


def test_a_deletion_is_left_out_only_with_its_thing():
    gone = {"address": "a.b", "action": "delete", "before": {"tags": 1}, "after": None}

    assert judge([gone], [rule("*", "*")]).count == 1
    assert judge([gone], [rule("a.*")]).count == 0


def test_brackets_of_an_address_are_brackets():
    assert matches('aws_instance.web["a"]', 'aws_instance.web["a"]')
    assert matches("aws_instance.web[*]", "aws_instance.web[0]")
    assert not matches("aws_instance.web[0]", "aws_instance.web0")


def test_a_secret_that_changed_counts_by_its_place():
    hidden = update(before={"p": None}, after={"p": None}, sensitive_changed=[["p"]])

    assert judge([hidden], []).items[0]["attributes"] == ["p"]
    assert judge([hidden], [rule("*", "p")]).count == 0


def test_lists_are_compared_place_by_place_when_they_are_as_long():
    assert changed({"r": [{"p": 1}, {"p": 2}]}, {"r": [{"p": 1}, {"p": 3}]}) == ["r.1.p"]
    assert changed({"r": [1]}, {"r": [1, 2]}) == ["r"]


def test_of_ten_thousand_the_first_few_are_kept():
    found = judge([update(f"a.b[{number}]") for number in range(10_000)], [])

    assert (found.count, len(found.items)) == (10_000, MOST_ITEMS)
