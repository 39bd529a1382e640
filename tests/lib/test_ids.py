"""Ids, tokens and slugs."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import clock, ids

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_an_id_has_twenty_characters_that_nobody_confuses():
    new = ids.new_id()

    assert len(new) == 20
    assert set(new) <= set("0123456789abcdefghjkmnpqrstvwxyz")
    assert ids.is_id(new)


@given(st.lists(st.integers(min_value=0, max_value=5_000), min_size=2, max_size=20))
def test_ids_increase_as_time_goes_on(pauses_ms):
    made = []

    with clock.frozen(NOON) as stopped:
        for pause in pauses_ms:
            stopped.advance(pause / 1000)
            made.append(ids.new_id())

    assert made == sorted(set(made))


class JumpingClock(clock.SystemClock):
    """A clock that somebody sets."""

    at = NOON

    def now(self):
        return self.at


def test_ids_increase_when_the_machines_clock_is_set_back():
    jumping = JumpingClock()

    with clock.replaced(jumping):
        first = ids.new_id()
        jumping.at = NOON - timedelta(days=1)
        second = ids.new_id()

    assert second > first


def test_an_id_begins_with_the_time():
    with clock.frozen(NOON) as stopped:
        first = ids.new_id()
        stopped.advance(0.001)
        second = ids.new_id()

    assert first[:8] == second[:8]
    assert second > first


def test_a_test_in_the_future_leaves_no_trace():
    with clock.frozen(NOON + timedelta(days=36_500)):
        future = ids.new_id()
    with clock.frozen(NOON):
        present = ids.new_id()

    assert present < future


def test_the_floor_of_an_instant_parts_older_ids_from_newer():
    with clock.frozen(NOON) as stopped:
        older = ids.new_id()
        stopped.advance(1)
        floor = ids.floor(clock.now())
        newer = ids.new_id()

    assert older < floor <= newer
    assert ids.is_id(floor)


def test_threads_never_make_the_same_id():
    made = [[] for _ in range(4)]

    def make(own):
        own.extend(ids.new_id() for _ in range(500))

    threads = [threading.Thread(target=make, args=(own,)) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one for own in made for one in own}) == 2000
    assert all(own == sorted(own) for own in made)


@pytest.mark.parametrize("text", ["", "short", "i" * 20, "A" * 20, "0" * 21, "0" * 20 + "\n"])
def test_what_is_not_an_id_is_told_apart(text):
    assert not ids.is_id(text)


def test_secrets_differ_and_hold_as_many_bytes_as_asked():
    assert ids.new_secret(32) != ids.new_secret(32)
    assert len(ids.new_secret(32)) == 43


def test_a_token_is_read_back_from_its_text():
    token = ids.make_token("user")

    assert token.text.startswith("gty_user_")
    assert ids.parse_token(token.text) == token


def test_the_secret_of_a_token_is_not_in_its_repr():
    token = ids.make_token("service")

    assert token.secret not in repr(token)


@pytest.mark.parametrize(
    "text",
    ["", "gty_", "gty_user_x_y", "ghp_user_00000000000000000000_" + "a" * 30, " gty_user_"],
)
def test_what_is_not_a_token_is_none(text):
    assert ids.parse_token(text) is None


@given(st.text())
def test_no_text_upsets_the_reader_of_tokens(text):
    assert ids.parse_token(text) is None


def test_the_type_of_a_token_is_a_word():
    with pytest.raises(ValueError, match="lower-case"):
        ids.make_token("user_1")


def test_the_hash_of_a_token_covers_all_of_it():
    text = ids.make_token("user").text

    assert ids.token_hash(text) == ids.token_hash(text)
    assert ids.token_hash(text) != ids.token_hash(text[:-1])
    assert len(ids.token_hash(text)) == 64


@pytest.mark.parametrize("text", ["a", "0", "prod-eu", "a" * 63, "9-lives", "trailing-"])
def test_a_slug_is_accepted(text):
    assert ids.slug_problem(text) is None


@pytest.mark.parametrize(
    "text", ["", "-a", "A", "a_b", "a" * 64, "ä", "a b", "a\n", "../etc", "a/b"]
)
def test_what_is_not_a_slug_is_told_why(text):
    assert "lower-case letters" in ids.slug_problem(text)


@pytest.mark.parametrize("text", ["new", "bulk", "api"])
def test_reserved_words_are_no_slugs(text):
    assert f"“{text}” is reserved" in ids.slug_problem(text)
