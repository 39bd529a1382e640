"""Reading a run over the API: who sees what of it, and its parts."""

import json

import pytest

from models.base import db
from tests import run_stories as stories
from tests.blueprints.api.runs_here import TASK, S, T, run_in

READS = "history variables outputs changes logs".split()


@pytest.mark.parametrize("part", ["", *(f"/{part}" for part in READS)])
def test_a_run_is_seen_by_members_and_by_nobody_else(api, world, part):
    run = run_in(world)

    assert api("vera").get(f"/api/v1/runs/{run.id}{part}").status_code == 200
    assert api("sam").get(f"/api/v1/runs/{run.id}{part}").status_code == 404
    assert api("").get(f"/api/v1/runs/{run.id}{part}").status_code == 401


@pytest.mark.parametrize("run_id", ["nothing", "0" * 20, "%00", "..%2f..", "x" * 3000])
def test_what_is_no_run_is_404(api, run_id):
    assert api("ada").get(f"/api/v1/runs/{run_id}").status_code == 404


def test_history_tells_who_moved_a_run_and_how_long_each_state_lasted(api, world):
    run = stories.told(world.deployment(), stories.FINISHED_PREVIEW)
    db.session.commit()

    told = api("vera").get(f"/api/v1/runs/{run.id}/history").json["items"]

    assert [each["state"] for each in told] == [
        "queued", "ready", "preparing", "initializing", "planning", "finished",
    ]  # fmt: skip
    assert told[4]["duration_ms"] == 40_000
    assert told[5]["duration_ms"] is None
    assert told[0]["actor"]["kind"] == "user"


def test_viewers_see_names_of_variables_and_deployers_their_values(api, world):
    api("alice").put(
        "/api/v1/projects/shop/variables/size", json={"value": "big", "category": "terraform"}
    )
    run = api("dave").post("/api/v1/runs", json=TASK).json

    seen = api("vera").get(f"/api/v1/runs/{run['id']}/variables").json["items"][0]
    open_to = api("dave").get(f"/api/v1/runs/{run['id']}/variables").json["items"][0]

    assert (seen["name"], seen["value"], seen["hidden"]) == ("size", None, True)
    assert (open_to["value"], open_to["source"]) == ("big", "project")


def test_changes_come_by_the_page_with_the_summary_on_each(api, world):
    run = stories.told(world.deployment(), stories.UNCONFIRMED)
    stories.with_changes(run, [stories.change(f"a.b{n}") for n in range(5)], drift=[])
    db.session.commit()
    caller = api("vera")

    first = caller.get(f"/api/v1/runs/{run.id}/changes?limit=3").json
    rest = caller.get(f"/api/v1/runs/{run.id}/changes?limit=3&cursor={first['next']}").json

    addresses = [each["address"] for each in [*first["changes"], *rest["changes"]]]
    assert addresses == [f"a.b{n}" for n in range(5)]
    assert (first["summary"], rest["next"]) == (stories.SUMMARY, None)
    assert {"drift", "outputs", "checks"} <= set(first)


def test_the_result_of_a_preview_is_its_change_document(api, world):
    run = stories.told(world.deployment(), stories.FINISHED_PREVIEW, type=T.PREVIEW)
    stories.with_changes(run, [stories.change()])
    db.session.commit()

    document = json.loads(api("vera").get(f"/api/v1/runs/{run.id}/result").data)

    assert [each["address"] for each in document["changes"]] == ["aws_instance.web"]
    assert document["summary"] == stories.SUMMARY


def test_the_result_of_other_runs_is_a_sentence(api, world):
    run = run_in(world, type=T.APPLY, state=S.FINISHED, result="apply completed")
    young = run_in(world)

    assert api("vera").get(f"/api/v1/runs/{run.id}/result").json == {"result": "apply completed"}
    assert api("vera").get(f"/api/v1/runs/{young.id}/result").status_code == 404


def test_a_log_is_read_on_from_an_offset(api, world):
    run = stories.told(world.deployment(), stories.TO_A_PLAN)
    stories.write_log(run, "größer\n".encode())
    db.session.commit()
    caller = api("vera")

    whole = caller.get(f"/api/v1/runs/{run.id}/logs")
    rest = caller.get(f"/api/v1/runs/{run.id}/logs?offset=4")
    beyond = caller.get(f"/api/v1/runs/{run.id}/logs?offset=9999")

    assert whole.data == "größer\n".encode()
    assert whole.mimetype == "text/plain"
    assert whole.headers["Gantry-Log-Offset"] == str(len(whole.data))
    assert whole.headers["Gantry-Log-Complete"] == "false"
    assert rest.data == whole.data[4:]
    assert (beyond.data, beyond.headers["Gantry-Log-Offset"]) == (b"", str(len(whole.data)))


def test_the_log_of_a_run_that_is_over_is_complete(api, world):
    run = run_in(world, state=S.DISCARDED)

    assert api("vera").get(f"/api/v1/runs/{run.id}/logs").headers["Gantry-Log-Complete"] == "true"


@pytest.mark.parametrize("offset", ["-1", "x", "1e9", "9" * 30, "٣"])
def test_an_offset_that_is_none_is_422(api, world, offset):
    run = run_in(world)

    assert api("vera").get(f"/api/v1/runs/{run.id}/logs?offset={offset}").status_code == 422


def test_an_error_says_of_what_kind_it_is(api, world):
    run = run_in(world, state=S.FAILED, error_kind="engine", error_text="Unsupported attribute")

    error = api("vera").get(f"/api/v1/runs/{run.id}").json["error"]

    assert error == {"kind": "engine", "text": "Unsupported attribute"}
