"""What is done to runs over the API: who may, when, and many at once."""

import pytest

from models.audit import AuditEvent
from models.base import db
from tests import run_stories as stories
from tests.blueprints.api.runs_here import S, T, run_in


def unconfirmed(world, **fields):
    run = stories.told(world.deployment(), stories.UNCONFIRMED, plan_sha256=stories.SHA, **fields)
    db.session.commit()
    return run


VERBS = "confirm discard cancel force-cancel rerun promote archive unarchive prioritize".split()


@pytest.mark.parametrize("verb", VERBS)
def test_viewers_may_do_nothing_and_strangers_find_nothing(api, world, verb):
    run = unconfirmed(world)

    assert api("vera").post(f"/api/v1/runs/{run.id}/{verb}", json={}).status_code == 403
    assert api("sam").post(f"/api/v1/runs/{run.id}/{verb}", json={}).status_code == 404
    assert api("").post(f"/api/v1/runs/{run.id}/{verb}", json={}).status_code == 401
    assert api("dave").post(f"/api/v1/runs/{'0' * 20}/{verb}", json={}).status_code == 404


@pytest.mark.parametrize("verb", VERBS)
def test_actions_of_a_run_are_just_the_verbs_the_server_accepts(api, world, verb):
    run = unconfirmed(world)
    offered = api("dave").get(f"/api/v1/runs/{run.id}").json["actions"]

    answer = api("dave").post(f"/api/v1/runs/{run.id}/{verb}", json={})

    assert answer.status_code == (200 if verb in offered else 409), answer.text
    if verb not in offered:
        assert answer.json["detail"].endswith(".")


def test_confirming_takes_the_plan_that_was_seen(api, world):
    run = unconfirmed(world)
    url = f"/api/v1/runs/{run.id}/confirm"

    wrong = api("dave").post(url, json={"plan_sha256": "00" * 32})
    right = api("dave").post(url, json={"plan_sha256": stories.SHA, "metadata": ["signed"]})

    assert (wrong.status_code, right.status_code) == (409, 200)
    assert (right.json["state"], right.json["status"]) == ("confirmed", "pending")
    assert api("dave").post(url, json={}).status_code == 409


def test_a_run_is_archived_once_and_comes_back(api, world):
    run = run_in(world)
    url = f"/api/v1/runs/{run.id}"

    assert api("dave").post(f"{url}/archive").json["archived"] is True
    assert api("dave").post(f"{url}/archive").status_code == 409
    assert api("dave").get("/api/v1/runs").json["items"] == []
    assert api("dave").post(f"{url}/unarchive").json["archived"] is False


def test_a_run_that_is_run_again_links_to_the_old_one(api, world):
    run = run_in(world, type=T.TASK, state=S.FINISHED, command="ls", source=None)

    again = api("dave").post(f"/api/v1/runs/{run.id}/rerun")

    assert again.status_code == 200
    assert again.json["rerun_of"] == run.id
    assert again.headers["Location"].endswith(again.json["id"])


def test_priority_is_set_and_lifted(api, world):
    run = run_in(world)
    url = f"/api/v1/runs/{run.id}/prioritize"

    assert api("dave").post(url, json={"priority": 9}).json["priority"] == 9
    assert api("dave").post(url, json={"priority": 0}).json["priority"] == 0
    assert api("dave").post(url, json={"priority": -1}).status_code == 422


def test_a_comment_is_kept(api, world):
    run = run_in(world)
    url = f"/api/v1/runs/{run.id}/comments"

    said = api("dave").post(url, json={"text": " Looks good. "})

    assert said.json["comment"]["text"] == "Looks good."
    assert api("dave").post(url, json={"text": "  "}).status_code == 422
    assert api("dave").post(url, json={"text": "a", "note": "b"}).status_code == 422


def test_many_runs_at_once_each_with_its_own_answer(api, world):
    ended, waiting = run_in(world, state=S.FAILED), run_in(world, state=S.READY)
    asked = {"action": "discard", "runs": [ended.id, waiting.id, "nothing"]}

    answer = api("dave").post("/api/v1/runs/bulk", json=asked).json["items"]

    assert [(each["run"], each["ok"]) for each in answer] == [
        (ended.id, False),
        (waiting.id, True),
        ("nothing", False),
    ]
    assert "failed" in answer[0]["reason"]


def test_many_runs_at_once_are_dealt_with_once_per_key(api, world):
    dave, first, second = api("dave"), run_in(world, state=S.READY), run_in(world, state=S.READY)
    key = {"Idempotency-Key": "all"}
    asked = {"action": "discard", "runs": [first.id, second.id]}

    answers = [dave.post("/api/v1/runs/bulk", json=asked, headers=key).json for _ in range(2)]
    keyless = dave.post("/api/v1/runs/bulk", json=asked).json["items"]
    other = dave.post("/api/v1/runs/bulk", json={**asked, "runs": [first.id]}, headers=key)

    assert answers[0] == answers[1]
    assert [each["ok"] for each in answers[0]["items"]] == [True, True]
    assert [each["ok"] for each in keyless] == [False, False]
    assert other.json["type"] == "/docs/problems/idempotency-key-reused"


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "explode", "runs": ["a"]},
        {"action": "archive", "runs": []},
        {"action": "archive", "runs": "all"},
        {"action": "archive", "runs": ["x"] * 501},
        {"action": "archive", "runs": [1]},
        {"runs": ["a"]},
    ],
)
def test_a_bulk_request_that_does_not_hold_is_422(api, asked):
    assert api("dave").post("/api/v1/runs/bulk", json=asked).status_code == 422


def test_each_verb_leaves_one_row_in_the_audit_log(api, world):
    run = unconfirmed(world)
    before = db.session.query(AuditEvent).count()

    api("dave").post(f"/api/v1/runs/{run.id}/prioritize", json={"priority": 2})
    api("dave").post(f"/api/v1/runs/{run.id}/confirm", json={})

    made = db.session.query(AuditEvent).order_by(AuditEvent.id).all()[before:]
    runs_of = [row for row in made if row.target_kind == "run"]
    assert [row.action for row in runs_of] == ["run.prioritize", "run.confirm"]
