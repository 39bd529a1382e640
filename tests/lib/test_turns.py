"""Turns are handed on in the order in which they were asked for."""

import threading

from lib.turns import Turns


def in_line(turns, name, got):
    """A thread that waits for the turn, notes that it has it, and hands it on."""

    def wait():
        assert turns.take(10)
        got.append(name)
        turns.give()

    before = turns.waiting
    thread = threading.Thread(target=wait)
    thread.start()
    while turns.waiting == before:
        pass
    return thread


def test_who_asks_first_has_the_turn_at_once():
    assert Turns().take(0)


def test_those_who_wait_get_it_in_their_order():
    turns, got = Turns(), []
    turns.take(0)
    threads = [in_line(turns, number, got) for number in range(5)]

    turns.give()
    for thread in threads:
        thread.join(10)

    assert got == [0, 1, 2, 3, 4]


def test_who_gives_it_up_and_asks_again_does_not_pass_those_who_wait():
    turns, got = Turns(), []
    turns.take(0)
    waiting = in_line(turns, "waiting", got)

    turns.give()
    assert turns.take(10)

    assert got == ["waiting"]
    waiting.join(10)


def test_who_waits_in_vain_leaves_the_line_and_the_turn_goes_on_to_others():
    turns = Turns()
    turns.take(0)

    assert not turns.take(0.01)
    turns.give()

    assert turns.waiting == 0
    assert turns.take(0)
