"""Alive, ready, numbers: what machines are told, and which of them."""

import dataclasses
import datetime as dt

import pytest
import structlog

from lib import clock
from models.worker import Lease, Worker
from services import tokens
from tests import factories

WHO = "a-text-for-prometheus-and-nobody-else"


@pytest.fixture
def settings(app):
    """Change settings of the app for one test."""
    before = app.extensions["gantry_settings"]

    def change(**values):
        app.extensions["gantry_settings"] = dataclasses.replace(before, **values)

    yield change
    app.extensions["gantry_settings"] = before


@pytest.fixture
def leading(world):
    factories.add(Lease(name="timetable", owner="o", until=clock.now() + dt.timedelta(seconds=60)))


def test_the_process_is_alive_without_asking_anybody(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"alive": True})


def test_each_part_says_how_it_is(client, leading):
    factories.add(Worker(name="w", host="h", pid=1, slots=4))

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert list(answer.json) == ["database", "disk", "migrations", "scheduler", "workers"]
    assert all(part["ok"] and part["text"] for part in answer.json.values())


def test_without_a_scheduler_it_is_not_ready(client, world):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["scheduler"]["ok"] is False
    assert "gantry scheduler" in answer.json["scheduler"]["text"]


def test_without_a_worker_it_is_ready_and_says_so(client, leading):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json["workers"] == {
        "needed": False,
        "ok": False,
        "text": "No worker is connected: runs wait. See GANTRY_WORKERS, or start a worker.",
    }


def test_numbers_are_for_administrators(api, client, world):
    assert api("ada").get("/metrics").status_code == 200
    assert api("alice").get("/metrics").status_code == 403
    assert client.get("/metrics").status_code == 401


def test_a_text_of_the_settings_lets_prometheus_in(client, world, settings):
    settings(metrics_token=WHO)

    right = client.get("/metrics", headers={"Authorization": f"Bearer {WHO}"})
    wrong = client.get("/metrics", headers={"Authorization": "Bearer something-else"})

    assert right.status_code == 200
    assert right.mimetype == "text/plain"
    assert wrong.status_code == 401


def test_a_setting_opens_the_numbers_to_everybody(client, world, settings):
    settings(metrics_open=True)

    assert client.get("/metrics").status_code == 200


def test_requests_are_counted_by_endpoint_and_status(api, world):
    ada = api("ada")
    ada.get("/api/v1/projects/shop")
    ada.get("/api/v1/projects/nowhere")

    said = ada.get("/metrics").text

    of_projects = 'endpoint="api_projects.show",method="GET",status='
    assert f'gantry_http_requests_total{{{of_projects}"200"}}' in said
    assert f'gantry_http_requests_total{{{of_projects}"404"}}' in said
    assert 'gantry_http_request_seconds_bucket{endpoint="api_projects.show",le="0.005"' in said


def test_a_line_of_the_log_says_who_asked_and_with_which_token(api, world):
    made = tokens.create(world.dave, "ci")
    caller = api("")
    caller.bearer = made.text

    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        caller.post("/api/v1/projects", json={"name": "mine"})

    (line,) = [line for line in lines if line["event"] == "request"]
    dave = world.people["dave"].id
    assert (line["actor_kind"], line["actor_id"], line["token_id"]) == (
        "user",
        dave,
        made.token.id,
    )
    assert (line["status"], line["path"]) == (403, "/api/v1/projects")
    assert line["request_id"]
    assert made.text not in str(line)


def test_nobody_s_ids_stay_for_the_next_request(api, client, world):
    api("dave").post("/api/v1/projects", json={"name": "mine"})

    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        client.get("/no-such-page")

    assert [line.get("actor_id") for line in lines if line["event"] == "request"] == [None]
