"""States, settling, pools and destroying a workspace, as programs meet them."""

import json

import pytest

from models.base import db
from services import states, workers
from tests.services.runs.workshop import ask, claim, hire
from tests.services.states.shelf import applied, content, fresh, lost, state

PLACE = "/api/v1/projects/shop/stacks/web/workspaces/staging"
VERSIONS = f"{PLACE}/state-versions"


@pytest.fixture
def kept(world):
    applied(world, 1)
    applied(world, 2, things=("one", "two"))
    db.session.commit()
    return world


def test_versions_are_listed_by_cursor(kept, api):
    first = api("vera").get(f"{VERSIONS}?limit=1").json
    rest = api("vera").get(f"{VERSIONS}?limit=1&cursor={first['next']}").json

    assert [item["serial"] for item in (*first["items"], *rest["items"])] == [2, 1]
    assert first["items"][0]["current"] is True
    assert first["items"][0]["run"]["number"] == 2
    assert first["items"][0]["resource_count"] == 2
    assert rest["next"] is None


def test_a_version_is_shown_without_its_content(kept, api):
    answer = api("vera").get(f"{VERSIONS}/1")

    assert answer.json["serial"] == 1
    assert "id-one" not in answer.text


def test_an_owner_downloads_it(kept, api):
    answer = api("alice").get(f"{VERSIONS}/1/download")

    assert answer.data == content(1)
    assert 'filename="shop-web-staging-1.tfstate"' in answer.headers["Content-Disposition"]


def test_a_rollback_counts_once_per_key(kept, api):
    key = {"Idempotency-Key": "back-1"}

    answers = [
        api("alice").post(f"{VERSIONS}/1/rollback", json={"note": "oops"}, headers=key)
        for _ in range(2)
    ]

    assert [answer.json["serial"] for answer in answers] == [3, 3]
    assert answers[0].json["kind"] == "rollback"
    assert api("alice").get(VERSIONS).json["items"][0]["note"] == "oops"


def test_an_import_is_a_new_version_once(kept, api):
    answers = [api("alice").post(VERSIONS, data=content(7)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert answers[0].headers["Location"].endswith(answers[0].json["id"])


@pytest.mark.parametrize(
    ("body", "status"),
    [(content(1), 409), (content(9, lineage="other"), 409), (b"", 422), (b"nonsense", 422)],
)
def test_an_import_that_does_not_hold_is_refused(kept, api, body, status):
    answer = api("alice").post(VERSIONS, data=body)

    assert answer.status_code == status
    assert answer.json["detail"].endswith(".")


def test_two_versions_are_compared(kept, api):
    found = api("dave").get(f"{VERSIONS}/1/compare/2").json

    assert found["summary"] == {"create": 1, "update": 0, "delete": 0}
    assert found["changes"][0]["address"] == "terraform_data.two"


def test_a_blocked_deployment_says_so_and_is_settled(kept, api):
    run = lost(kept)
    states.offer(run.id, state(3))

    assert api("vera").get(PLACE).json["blocked"]["run"] == run.id
    answer = api("dave").post(f"{PLACE}/settle", json={"decision": "take_candidate", "note": "ok"})

    assert answer.json["blocked"] is None
    assert states.current_version(fresh(kept.deployment())).serial == 3
    assert api("dave").post(f"{PLACE}/settle", json={"decision": "keep_current"}).status_code == 409


@pytest.mark.parametrize("body", [{}, {"decision": "maybe"}, {"decision": "keep_current", "x": 1}])
def test_a_settle_that_does_not_hold_is_422(kept, api, body):
    lost(kept)

    assert api("dave").post(f"{PLACE}/settle", json=body).status_code == 422


def test_a_pool_says_what_it_can_do_and_does(world, api):
    ask(world.dave, "preview")
    ask(world.dave, "preview")
    worker = hire("embedded pool")
    claim(worker)

    pool = api("vera").get("/api/v1/worker-pools").json["items"][0]

    assert (pool["name"], pool["slots"], pool["busy"]) == ("embedded", 4, 1)
    assert (pool["running"], pool["waiting"]) == (1, 1)
    assert pool["workers"][0]["busy"] == 1


def test_a_worker_that_signed_off_is_no_part_of_its_pool(world, api):
    workers.sign_off(hire())

    assert api("vera").get("/api/v1/worker-pools/embedded").json["slots"] == 0


def test_a_queue_lists_what_runs_then_what_waits_in_the_order_of_claims(world, api):
    first, second = ask(world.dave, "preview"), ask(world.dave)
    third = ask(world.dave, "preview", workspace="prod")
    blocked = ask(world.dave)
    api("dave").post(f"/api/v1/runs/{third.id}/prioritize", json={"priority": 1})
    claim(hire())

    found = api("vera").get("/api/v1/worker-pools/embedded/queue").json

    assert [item["id"] for item in found["items"]] == [third.id, second.id, first.id, blocked.id]
    assert found["items"][1]["waiting_on"]["position"] == 1
    assert found["items"][3]["waiting_on"]["kind"] == "lock"


def test_strangers_see_an_empty_queue_and_no_other_pool(world, api):
    ask(world.dave)

    assert api("sam").get("/api/v1/worker-pools/embedded/queue").json["items"] == []
    assert api("sam").get("/api/v1/worker-pools/none").status_code == 404


def test_a_workspace_is_destroyed_by_its_name(kept, api):
    url = "/api/v1/workspaces/staging/destroy"
    assert api("dave").post(url, json={"confirm": "prod"}).status_code == 422

    made = api("dave").post(url, json={"confirm": "staging"}).json

    assert [(item["stack"], item["run"]["type"]) for item in made["items"]] == [("web", "destroy")]
    assert json.dumps(made["items"][0]["reason"]) == "null"
