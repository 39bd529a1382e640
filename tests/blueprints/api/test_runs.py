"""Runs over the API: its words to the letter, who may do what, and input nobody should send."""

import gzip
import io
import json
import tarfile

import pytest

from lib import clock
from models.audit import AuditEvent
from models.base import db
from models.run import Run
from models.run_state import RunState, RunType
from services.runs.create import search_words
from tests import factories
from tests import run_stories as stories

S, T = RunState, RunType
TASK = {"project": "shop", "stack": "web", "workspace": "staging", "type": "task", "command": "ls"}
WORDS = (
    "id number type state status project stack workspace source message created_at started_at "
    "finished_at auto_apply priority archived rerun_of outdated drift plan_sha256 "
    "cancel_requested_at force_cancel_at outputs trigger created_by waiting_on changes result "
    "error actions"
).split()


def run_in(world, place=None, **fields):
    made = factories.run(place or world.deployment(), **fields)
    made.search = search_words(made)
    db.session.commit()
    return made


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


# Reading one.

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


# Doing something to one.


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
    assert items(api("dave").get("/api/v1/runs")) == []
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
