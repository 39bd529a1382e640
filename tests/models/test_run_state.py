import re
from pathlib import Path

import pytest

from models.run_state import (
    CHANGING,
    FINAL,
    MOVED_BY,
    MOVES,
    REPEATABLE,
    STATUS,
    WAITING,
    WORKING,
    Mover,
    RunState,
    RunStatus,
    can_move,
    states_of,
)

PAGE = (Path(__file__).parents[2] / "docs" / "run-states.md").read_text(encoding="utf-8")
INTERRUPTED = {RunState.STOPPED, RunState.CANCELED, RunState.TIMED_OUT, RunState.FAILED}


def test_every_state_waits_works_or_is_an_end_and_only_one_of_them():
    kinds = [WAITING, WORKING, FINAL]

    assert sorted(state for kind in kinds for state in kind) == sorted(RunState)


@pytest.mark.parametrize("state", sorted(set(RunState) - FINAL))
def test_every_state_but_an_end_has_a_way_out_and_somebody_who_takes_it(state):
    assert MOVES[state]
    assert MOVED_BY[state] is not Mover.NOBODY
    assert RunState.FAILED in MOVES[state]


@pytest.mark.parametrize("state", sorted(FINAL))
def test_no_road_leads_out_of_an_end(state):
    assert not MOVES[state]
    assert MOVED_BY[state] is Mover.NOBODY


@pytest.mark.parametrize("state", sorted(WORKING))
def test_any_state_with_work_may_be_interrupted(state):
    assert MOVES[state] >= INTERRUPTED


def test_every_state_can_be_reached_from_the_first():
    reached, ahead = set(), [RunState.QUEUED]

    while ahead:
        state = ahead.pop()
        if state not in reached:
            reached.add(state)
            ahead.extend(MOVES[state])

    assert reached == set(RunState)


def test_what_changes_things_is_never_sent_back_to_be_started_again():
    assert not CHANGING & REPEATABLE
    assert all(RunState.READY not in MOVES[state] for state in CHANGING)


def test_a_plan_is_applied_only_after_planning_or_a_confirmation():
    before_applying = {state for state in RunState if can_move(state, RunState.APPLYING)}

    assert before_applying == {RunState.PLANNING, RunState.CONFIRMED, RunState.INITIALIZING}


def test_coarse_statuses_part_the_states_among_them():
    assert sorted(s for status in RunStatus for s in states_of(status)) == sorted(STATUS)


def test_the_page_lists_every_road_of_the_table():
    listed = {
        before: set(after.split(", "))
        for before, after in re.findall(r"^- (\w+) → (.+)$", PAGE, re.MULTILINE)
    }

    assert listed == {
        state.value: {s.value for s in MOVES[state]} for state in RunState if MOVES[state]
    }


def test_the_diagram_draws_every_road_but_those_to_an_interrupted_end():
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))

    assert drawn == {
        (before.value, after.value) for before in RunState for after in MOVES[before] - INTERRUPTED
    }


def test_the_page_says_of_every_state_what_kind_it_is_and_who_moves_it_on():
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| (\w+) \| (\w+) \| (\w+) \|$", PAGE, re.MULTILINE)

    kind = {
        state: word
        for word, states in (("waits", WAITING), ("works", WORKING), ("end", FINAL))
        for state in states
    }
    assert rows == [
        (state.value, kind[state], MOVED_BY[state].value, STATUS[state].value) for state in RunState
    ]
