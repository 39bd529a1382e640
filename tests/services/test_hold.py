"""On hold nothing runs; below the floor of free disk nothing that changes things."""

from dataclasses import replace

import pytest

from models.base import db
from models.run import Run
from services import hold, house, runs
from services.errors import Conflict, Forbidden
from tests.services.runs.workshop import ask, claim, hire


def now(run):
    db.session.rollback()
    return db.session.get_one(Run, run.id, populate_existing=True)


@pytest.fixture
def full_disk(app):
    found = house.house()
    house.move_in(replace(found, disk_floor_bytes=1 << 62))
    yield
    house.move_in(found)


def test_on_hold_nothing_is_claimed_and_every_waiting_run_says_so(world):
    waiting = [ask(world.dave), ask(world.dave), ask(world.dave, "preview")]
    hold.begin(world.ada, "It was restored.")

    assert claim(hire()) is None
    reasons = [runs.waiting_on(now(run)) for run in waiting]
    assert {(reason.kind, reason.text) for reason in reasons} == {
        ("hold", "Gantry is on hold: It was restored.")
    }


def test_released_runs_go_on(world):
    run = ask(world.dave)
    hold.begin(world.ada, "It was restored.")

    hold.release(world.ada)

    assert hold.current() is None
    assert claim(hire()).run_id == run.id


@pytest.mark.parametrize("name", ["alice", "dave", "vera", "sam"])
def test_only_administrators_release(name, world):
    hold.begin(world.ada, "It was restored.")

    with pytest.raises(Forbidden):
        hold.release(world.actor(name))

    assert hold.is_on()


def test_what_is_not_on_hold_cannot_be_released(world):
    with pytest.raises(Conflict, match="Nothing is on hold"):
        hold.release(world.ada)


def test_a_second_hold_keeps_the_reason_of_the_first(world):
    hold.begin(world.ada, "First.")
    hold.begin(world.ada, "Second.")

    assert hold.current().reason == "First."


def test_every_page_says_it_and_an_administrator_releases_it_there(world, browse):
    hold.begin(world.ada, "It was restored.")
    ada, vera = browse("ada"), browse("vera")

    told = vera.get("/").text
    assert "On hold: nothing runs" in told
    assert "no schedule fires, no mail, commit status or comment is sent" in told
    assert "/administration/hold/release" not in vera.get("/projects").text
    assert "/administration/hold/release" in ada.get("/projects").text

    ada.submit("/administration/hold/release")

    assert "On hold" not in ada.get("/").text


def test_below_the_floor_of_free_disk_previews_go_on_and_changes_wait(world, full_disk):
    change, preview = ask(world.dave), ask(world.dave, "preview")

    taken = claim(hire())

    assert taken.run_id == preview.id
    assert claim(hire()) is None
    reason = runs.waiting_on(now(change))
    assert reason.kind == "capacity"
    assert "too little disk" in reason.text
