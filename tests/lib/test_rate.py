"""Buckets: bursts, refilling, and names that are forgotten."""

from lib import clock
from lib.rate import Limiter
from tests.conftest import NOON


def test_a_burst_is_allowed_and_one_more_is_not():
    limiter = Limiter(3)

    with clock.frozen(NOON):
        taken = [limiter.take("a") for _ in range(4)]

    assert [each.is_allowed for each in taken] == [True, True, True, False]
    assert [each.left for each in taken] == [2, 1, 0, 0]
    assert taken[3].retry_after_s == 1


def test_what_was_taken_comes_back_with_time():
    limiter = Limiter(10)

    with clock.frozen(NOON) as stopped:
        for _ in range(10):
            limiter.take("a")
        stopped.advance(0.1)

        assert limiter.take("a").is_allowed
        assert not limiter.take("a").is_allowed


def test_names_are_counted_apart_and_the_oldest_is_forgotten():
    limiter = Limiter(1, most_buckets=2)

    with clock.frozen(NOON):
        assert [limiter.take(name).is_allowed for name in "aba"] == [True, True, False]
        limiter.take("c")

        assert limiter.take("b").is_allowed
