"""The clocks, and how a test stops them."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lib import clock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_now_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC


def test_a_frozen_clock_stands_still():
    with clock.frozen(NOON):
        first, second = clock.now(), clock.now()

    assert first == second == NOON


def test_advancing_moves_both_clocks():
    with clock.frozen(NOON) as stopped:
        before = clock.monotonic()
        stopped.advance(90)

        assert clock.now() == NOON + timedelta(seconds=90)
        assert clock.monotonic() - before == 90


def test_a_frozen_clock_answers_in_utc_whatever_it_was_given():
    with clock.frozen(datetime(2026, 11, 21, 14, tzinfo=timezone(timedelta(hours=2)))):
        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC


def test_every_thread_sees_the_frozen_clock():
    seen = []

    with clock.frozen(NOON):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()

    assert seen == [NOON]


def test_time_goes_on_after_the_block_even_when_it_fails():
    with pytest.raises(RuntimeError), clock.frozen(NOON):
        raise RuntimeError

    assert clock.now() != NOON


def test_frozen_blocks_nest():
    later = NOON + timedelta(hours=1)

    with clock.frozen(NOON), clock.frozen(later):
        inner = clock.now()

    assert inner == later


def test_time_does_not_run_back():
    with clock.frozen(NOON) as stopped, pytest.raises(ValueError, match="back"):
        stopped.advance(-1)


def test_a_clock_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"), clock.frozen(datetime(2026, 11, 21)):  # noqa: DTZ001 - the naive time is what is refused.
        pass
