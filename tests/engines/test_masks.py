"""Whatever the mask, nothing under it comes through."""

import json

from hypothesis import given
from hypothesis import strategies as st

from engines.terraform import masks
from tests.engines.test_plan_document import strings, under

KEYS = st.sampled_from(["a", "b", "c.d", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)
MASKS = st.recursive(
    st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(before=VALUES, after=VALUES, before_mask=MASKS, after_mask=MASKS)
def test_no_value_under_either_mask_comes_through(before, after, before_mask, after_mask):
    secrets = {
        text
        for value in (before, after)
        for mask in (before_mask, after_mask)
        for text in under(value, mask)
    }

    hidden = masks.hide(before, after, before_mask, after_mask)

    assert not secrets & set(strings([hidden.before, hidden.after]))


@given(before=VALUES, after=VALUES)
def test_without_marks_nothing_is_touched(before, after):
    hidden = masks.hide(before, after, False, {"a": False, "b": [False]})

    assert (hidden.before, hidden.after, hidden.paths) == (before, after, [])


@given(value=VALUES, mask=MASKS)
def test_every_hidden_place_is_told_and_holds_the_word(value, mask):
    hidden = masks.hide(value, value, mask, None)

    assert all(masks.value_at(hidden.after, path) == "(sensitive)" for path in hidden.paths)
    assert hidden.changed == []
    assert json.dumps(hidden.after).count("(sensitive)") == len(hidden.paths)
