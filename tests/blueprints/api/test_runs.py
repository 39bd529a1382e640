"""Runs over the API: its words to the letter, who may do what, and input nobody should send."""

import gzip
import io
import tarfile

import pytest

from lib import clock
from models.base import db
from models.run import Run
from tests import factories
from tests import run_stories as stories
from tests.blueprints.api.runs_here import TASK, WORDS, S, T, run_in


def archive(name="main.tf", text=b"# nothing\n"):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    packed.seek(0)
    return packed


def items(answer):
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


# Making one.


def test_a_task_is_made_and_says_what_it_waits_for(api):
    made = api("dave").post("/api/v1/runs", json=TASK)

    assert made.status_code == 201
    run = made.json
    assert made.headers["Location"].endswith(f"/api/v1/runs/{run['id']}")
    assert set(WORDS) <= set(run)
    assert (run["number"], run["state"], run["status"]) == (1, "ready", "pending")
    assert run["waiting_on"]["kind"] in {"worker", "capacity"}
    assert run["created_by"]["name"] == "Dave"
    assert run["trigger"]["kind"] == "api"
    assert (run["changes"], run["error"], run["outputs"]) == (None, None, {})
    assert {"discard", "prioritize", "archive", "comments"} == set(run["actions"])


def test_the_second_run_of_a_deployment_waits_for_the_first(api):
    first = api("dave").post("/api/v1/runs", json=TASK).json

    second = api("dave").post("/api/v1/runs", json=TASK).json

    assert second["state"] == "queued"
    assert (second["waiting_on"]["kind"], second["waiting_on"]["run"]) == ("lock", first["id"])


def test_a_preview_of_uploaded_code_with_every_option(api):
    caller = api("dave")
    upload = {"project": "shop", "file": (archive(), "code.tar.gz")}
    version = caller.post("/api/v1/configuration-versions", data=upload).json
    asked = TASK | {
        "type": "preview",
        "source": {"kind": "configuration_version", "id": version["id"]},
        "variables": {
            "size": 3,
            "tags": {"a": 1},
            "token": {"value": "hunter2-hunter2", "category": "environment", "secret": True},
        },
        "destroy": True,
        "targets": ["module.web.aws_instance.one[0]"],
        "priority": 7,
        "message": "Look",
        "metadata": ["signed"],
    }
    del asked["command"]

    made = caller.post("/api/v1/runs", json=asked)

    assert made.status_code == 201, made.text
    assert made.json["source"]["digest"] == version["digest"]
    assert (made.json["priority"], made.json["message"]) == (7, "Look")
    seen = caller.get(f"/api/v1/runs/{made.json['id']}/variables")
    assert "hunter2" not in seen.text
    found = {item["name"]: item for item in seen.json["items"]}
    assert found["size"]["value"] == 3
    assert found["tags"]["value"] == {"a": 1}
    assert (found["token"]["secret"], found["token"]["value"]) == (True, None)
    assert "hunter2" not in api("ada").get("/api/v1/audit").text


def test_a_key_makes_a_request_count_once(api):
    caller = api("dave")
    key = {"Idempotency-Key": "again-and-again"}

    first = caller.post("/api/v1/runs", json=TASK, headers=key)
    second = caller.post("/api/v1/runs", json=TASK, headers=key)
    other = caller.post("/api/v1/runs", json=TASK | {"message": "Other"}, headers=key)

    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 409)
    assert first.json["id"] == second.json["id"]
    assert db.session.query(Run).count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "explode"}, "type"),
        ({"type": None}, "type"),
        ({"command": ""}, "command"),
        ({"command": 7}, "command"),
        ({"priority": True}, "priority"),
        ({"priority": 101}, "priority"),
        ({"priority": 10**40}, "priority"),
        ({"auto_apply": "yes"}, "auto_apply"),
        ({"auto_apply": True}, "auto_apply"),
        ({"targets": ["x; rm -rf /"]}, "targets"),
        ({"targets": {"a": 1}}, "targets"),
        ({"message": "x" * 5000}, "message"),
        ({"message": "a\x00b"}, "message"),
        ({"stack": "a\x00b"}, "stack"),
        ({"variables": []}, "variables"),
        ({"variables": {"a b": 1}}, "variables.a b"),
        ({"variables": {"TF_CLI_ARGS": {"value": "-x", "category": "environment"}}}, None),
        ({"variables": {"a": {"value": 1, "category": "moon"}}}, "variables.a"),
        ({"source": "here"}, "source"),
        ({"source": {"kind": "moon"}}, "source.kind"),
        ({"source": {"kind": "configuration_version", "id": "../../x"}}, "source.id"),
        ({"colour": "red"}, "colour"),
        ({"metadata": [1]}, "metadata.0"),
        ({"init": False, "type": "preview"}, "init"),
    ],
)
def test_what_does_not_hold_is_refused_by_name_and_creates_nothing(api, change, field):
    answer = api("dave").post("/api/v1/runs", json=TASK | change)

    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert field is None or field in answer.json["errors"]
    assert db.session.query(Run).count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 413),
        (b'{"a":' * 200 + b"1" + b"}" * 200, 413),
        (b'{"message": "' + b"x" * (3 << 20) + b'"}', 413),
        (b'{"message": "\\ud800"}', 422),
        (b'{"priority": NaN}', 400),
        (gzip.compress(b"{}", mtime=0), 400),
    ],
)
def test_unreadable_bodies_are_answered_in_words(api, body, status):
    answer = api("dave").post("/api/v1/runs", data=body, content_type="application/json")

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_a_protected_workspace_refuses_to_be_destroyed(api):
    asked = {"project": "shop", "stack": "web", "workspace": "prod", "type": "destroy"}

    answer = api("alice").post("/api/v1/runs", json=asked | {"source": None})

    assert answer.status_code in {409, 422}


@pytest.mark.parametrize(
    ("name", "status"), [("alice", 201), ("dave", 201), ("vera", 403), ("sam", 404), ("", 401)]
)
def test_who_may_make_a_run(api, name, status):
    assert api(name).post("/api/v1/runs", json=TASK).status_code == status


# Listing them.


@pytest.mark.parametrize(
    ("query", "wanted", "other"),
    [
        ("status=failed", {"state": S.FAILED}, {}),
        ("status=cancelled", {"state": S.STOPPED}, {}),
        ("state=canceled", {"state": S.CANCELED}, {"state": S.STOPPED}),
        ("type=task&type=apply", {"type": T.TASK}, {}),
        ("trigger=schedule", {"trigger_kind": "schedule"}, {}),
        ("branch=b", {"branch": "b"}, {}),
        ("drift=true", {"drift": True}, {}),
        ("archived=true", {"archived_at": clock.now()}, {}),
        ("q=needle", {"message": "a needle"}, {}),
        ("created_by=erin@example.com", {"created_by_id": "erin"}, {"created_by_id": "dave"}),
        ("workspace=prod", {"where": "prod"}, {}),
    ],
)
def test_each_filter_over_the_api(api, world, query, wanted, other):
    world.people["erin"] = factories.user("erin")
    kept, left = (dict(fields) for fields in (wanted, other))
    for fields in (kept, left):
        if "created_by_id" in fields:
            fields["created_by_id"] = world.people[fields["created_by_id"]].id
    place = world.deployment(world.prod) if kept.pop("where", None) else None
    run = run_in(world, place, **kept)
    run_in(world, **left)

    assert items(api("vera").get(f"/api/v1/runs?{query}")) == [run.id]


def test_pages_follow_each_other_while_runs_come_in(api, world):
    runs = [run_in(world).id for _ in range(5)]
    caller = api("vera")
    first = caller.get("/api/v1/runs?limit=2")
    run_in(world)

    second = caller.get(f"/api/v1/runs?limit=2&cursor={first.json['next']}")
    third = caller.get(f"/api/v1/runs?limit=2&cursor={second.json['next']}")

    assert items(first) + items(second) + items(third) == runs[::-1]
    assert third.json["next"] is None


@pytest.mark.parametrize(
    "query",
    ["status=green", "limit=0", "limit=x", "limit=1000", "since=soon", "stack=../x", "q=%00"],
)
def test_a_wrong_filter_is_422(api, query):
    assert api("vera").get(f"/api/v1/runs?{query}").status_code == 422


def test_a_foreign_cursor_is_400(api):
    assert api("vera").get("/api/v1/runs?cursor=abc").status_code == 400


def test_a_list_says_of_each_run_what_the_run_itself_says(api, world):
    stories.told(world.deployment(), stories.UNCONFIRMED, changes=stories.SUMMARY)
    run_in(world, type=T.APPLY)
    db.session.commit()
    caller = api("dave")

    listed = caller.get("/api/v1/runs").json["items"]

    assert listed == [caller.get(f"/api/v1/runs/{run['id']}").json for run in listed]


def test_strangers_see_an_empty_list(api, world):
    run_in(world)

    assert items(api("sam").get("/api/v1/runs")) == []
