"""A few faults of each kind, on real portals and a real terraform; `make faults` does them all."""

import pytest

from tests.faults import kills, outages, races, stopping

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("faults")]


def test_of_fifty_parallel_confirms_one_is_accepted_and_applied_once(scene):
    answers = races.confirm_many(scene, 50)

    assert answers == [200] + [409] * 49


def test_confirm_against_discard_leaves_one_of_both(scene):
    confirm, discard, state = races.confirm_against_discard(scene)

    assert 200 in (confirm, discard)
    assert (state == "discarded") is (discard == 200)


def test_a_cancel_at_the_natural_end_stops_the_run_or_is_refused(scene, rng):
    outcomes = races.cancel_against_end(scene, rng, 6, stack=scene.stack())

    assert races.unexpected(outcomes) == []


def test_all_that_works_on_an_apply_is_killed_at_once(scene, rng):
    struck = kills.strike(scene, rng, "all", "applying")

    first, behind = scene.accepted
    assert struck.state == "applying"
    assert (scene.now(first).state, first.was_blocked) == ("failed", True)
    assert scene.now(behind).state == "finished"


def test_a_portal_is_killed_while_an_apply_goes_on_under_a_frozen_supervisor(scene, rng):
    struck = kills.strike(scene, rng, "frozen", "applying")

    assert struck.state in {"applying", "finished"}
    assert {scene.now(run).state for run in scene.accepted} == {"finished"}


def test_a_directory_that_is_deleted_with_its_processes_costs_the_resource_in_hand(scene):
    run, names = outages.directory_gone(scene)

    assert (scene.now(run).state, run.was_blocked) == ("failed", True)
    assert names == ["first"]


def test_a_database_that_is_locked_for_a_while_loses_nothing(scene):
    answers = outages.database_away(scene, outages.sqlite_locked, 3)

    assert set(answers) <= {200, 409, 503}


def test_nothing_is_left_of_a_run_that_was_ended_by_force(scene):
    early, state, left = stopping.forced_end(scene)

    assert (early, state, left) == (409, "canceled", [])


def test_a_portal_that_is_told_to_end_lets_a_short_apply_end_first(scene):
    _, state = stopping.drained(scene)

    assert state == "finished"


def test_nothing_that_changes_things_starts_on_a_full_disk():
    with outages.small_disk(160) as disk:
        if disk is None:
            pytest.skip("no file system can be mounted here")
        _on_a_full_disk(disk)


def _on_a_full_disk(disk):
    from tests.faults.harness import scene as make_scene  # noqa: PLC0415 - the fixture's name
    from tests.faults.judge import judge  # noqa: PLC0415 - beside it

    with make_scene(data_dir=disk / "data") as scene:
        scene.start(disk_floor_mb=40)

        waits, preview = outages.below_the_floor(scene)
        state, _, was_blocked = outages.full_while_applying(scene)

        assert (waits, preview) == (["capacity", "capacity"], "finished")
        assert state == "finished" or was_blocked
        assert judge(scene) == []
