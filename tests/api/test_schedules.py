"""Schedules as programs make, read and drive them."""

import pytest

from models.base import db
from services import schedules
from tests.rules.matrix.schedules import BODY, sourced
from tests.services.schedules.calendar import come, hours, make

pytestmark = pytest.mark.usefixtures("frozen_clock")  # Saturday, 21 November 2026, noon


@pytest.fixture(autouse=True)
def _source(world):
    sourced(world)


def test_a_schedule_is_made_once_per_key_and_told_where_it_is(api):
    caller, headers = api("dave"), {"Idempotency-Key": "k1"}

    first = caller.post("/api/v1/schedules", json=BODY, headers=headers)
    again = caller.post("/api/v1/schedules", json=BODY, headers=headers)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    assert first.headers["Location"].endswith(f"/api/v1/schedules/{first.json['id']}")
    shown = caller.get(first.headers["Location"]).json
    assert shown["name"] == "nightly"
    assert shown["cron"] == "0 3 * * *"
    assert (shown["every"], shown["at"]) == (None, None)
    assert shown["words"] == "At 03:00 every day"
    assert shown["next"] == "2026-11-22T03:00:00Z"
    assert shown["state"] == "active"
    assert shown["owner"]["name"] == "Dave"
    assert (shown["overlap"], shown["missed"], shown["max_delay_s"]) == ("skip", "none", None)


@pytest.mark.parametrize(
    ("way", "first"),
    [
        ({"cron": "0 9 * * MON-FRI", "timezone": "Europe/Berlin"}, "2026-11-23T08:00:00Z"),
        ({"every": "15 minutes"}, "2026-11-21T12:15:00Z"),
        ({"every": {"weeks": 2}, "start": "2026-11-23T08:00"}, "2026-11-23T08:00:00Z"),
        ({"at": "2026-12-24T18:00:00+01:00"}, "2026-12-24T17:00:00Z"),
        ({"at": "2026-12-24T18:00", "timezone": "America/New_York"}, "2026-12-24T23:00:00Z"),
    ],
)
def test_when_is_said_in_one_of_three_ways(api, way, first):
    asked = {k: v for k, v in BODY.items() if k != "cron"} | way

    made = api("dave").post("/api/v1/schedules", json=asked)

    assert made.status_code == 201, made.text
    assert made.json["next"] == first


def test_what_is_wrong_is_said_by_field(api):
    asked = BODY | {"cron": "99 * * * *", "end": "tomorrow", "timezone": "X/Y", "colour": "red"}

    first = api("dave").post("/api/v1/schedules", json=asked)
    del asked["colour"]
    then = api("dave").post("/api/v1/schedules", json=asked)

    assert (first.status_code, set(first.json["errors"])) == (422, {"colour"})
    assert (then.status_code, set(then.json["errors"])) == (422, {"cron", "end", "timezone"})


def test_the_next_times_and_the_ledger_are_lists(api, world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", missed="all")
    frozen_clock.advance(hours(3))
    come()
    caller = api("vera")

    following = caller.get(f"/api/v1/schedules/{row.id}/next").json
    first = caller.get(f"/api/v1/schedules/{row.id}/ledger?limit=2").json
    rest = caller.get(f"/api/v1/schedules/{row.id}/ledger?limit=2&cursor={first['next']}").json
    missed = caller.get(f"/api/v1/schedules/{row.id}/ledger?outcome=missed").json

    assert len(following["items"]) == 10
    assert following["items"][0] == {"scheduled_for": "2026-11-21T16:00:00Z"}
    times = [item["scheduled_for"] for item in first["items"] + rest["items"]]
    assert times == [f"2026-11-21T{hour}:00:00Z" for hour in (15, 14, 13)]
    assert first["items"][0]["outcome"] == "fired"
    assert first["items"][0]["run"]["number"] == 3
    assert rest["next"] is None
    assert missed["items"] == []


def test_a_schedule_is_changed_paused_skipped_and_deleted(api, world):
    row = make(world.dave)
    caller, url = api("dave"), f"/api/v1/schedules/{row.id}"

    changed = caller.patch(url, json={"every": "2 hours", "version": 1})
    late = caller.patch(url, json={"name": "late", "version": 1})
    paused = caller.post(f"{url}/pause")
    resumed = caller.post(f"{url}/resume")
    skipped = caller.post(f"{url}/skip-next")
    gone = caller.delete(url)

    assert (changed.json["every"], changed.json["cron"]) == ("2 hours", None)
    assert late.status_code == 409
    assert (paused.json["state"], paused.json["next"]) == ("paused", None)
    assert resumed.json["state"] == "active"
    assert skipped.json["next"] == "2026-11-21T16:00:00Z"
    assert gone.status_code == 204
    assert caller.get(url).status_code == 404


def test_a_place_is_no_change(api, world):
    row = make(world.dave)

    answer = api("dave").patch(f"/api/v1/schedules/{row.id}", json={"workspace": "prod"})

    assert answer.status_code == 422


def test_run_now_answers_with_the_run(api, world):
    row = make(world.dave)

    answer = api("dave").post(f"/api/v1/schedules/{row.id}/run-now")

    assert answer.status_code == 201
    assert answer.json["trigger"] == {"kind": "schedule", "id": row.id, "name": "nightly"}
    assert answer.json["created_by"]["name"] == "Dave"


def test_a_list_is_narrowed_to_places_and_names(api, world):
    make(world.dave)
    make(world.dave, name="weekly", workspace="prod")
    caller = api("vera")

    def names(query):
        return [item["name"] for item in caller.get(f"/api/v1/schedules?{query}").json["items"]]

    assert names("") == ["nightly", "weekly"]
    assert names("project=shop&stack=web&workspace=prod") == ["weekly"]
    assert names("q=NIGHT") == ["nightly"]
    assert caller.get("/api/v1/schedules?stack=web").status_code == 422
    assert caller.get("/api/v1/schedules?workspace=nowhere").status_code == 404


def test_secret_variables_go_in_and_values_are_for_deployers(api):
    asked = BODY | {
        "variables": {
            "size": "small",
            "password": {"value": "hush hush", "category": "terraform", "secret": True},
        }
    }
    made = api("dave").post("/api/v1/schedules", json=asked)
    seen = api("vera").get(made.headers["Location"])

    assert "hush" not in made.text
    assert made.json["variables"]["size"]["value"] == "small"
    assert made.json["variables"]["password"]["hidden"]
    assert seen.json["variables"]["size"]["value"] is None


def test_the_owner_may_do_no_more_than_when_it_fires(api, world, frozen_clock):
    made = api("dave").post("/api/v1/schedules", json=BODY | {"type": "apply"})
    world.people["dave"].is_active = False
    db.session.commit()
    frozen_clock.advance(hours(15))
    come()

    ledger = api("alice").get(f"/api/v1/schedules/{made.json['id']}/ledger").json["items"]

    assert [(item["outcome"], item["run"]) for item in ledger] == [("refused", None)]
    assert "not here any more" in ledger[0]["reason"]
    assert schedules.get(world.alice, made.json["id"]).next_fire_at is not None
