"""One key makes one thing: when it is sent several times at once, and when a request dies half way.

Against a server with threads, on both databases; and with a process that is killed while it makes
a run, before its commit or right after it.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import urllib3
from sqlalchemy import func, select
from werkzeug.serving import make_server

from models.base import db
from models.run import Run
from models.run_state import RunState, RunType
from tests import factories
from tests.services.runs.workshop import SOURCE

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).parents[3]
AT_ONCE = 4
TASK = {"project": "shop", "stack": "web", "workspace": "staging", "type": "task", "command": "ls"}


@pytest.fixture
def served(app, world):
    """`served(path, body)` sends one request several times at the same moment, with one key."""
    token = world.token_of("alice")
    db.session.commit()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    listening = threading.Thread(target=server.serve_forever, daemon=True)
    listening.start()

    def send(path, body):
        gate, answers = threading.Barrier(AT_ONCE), []

        def one():
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "together"}
            url = f"http://127.0.0.1:{server.server_port}/api/v1{path}"
            gate.wait(20)
            answer = urllib3.request("POST", url, json=body, headers=headers, retries=False)
            answers.append((answer.status, answer.json()))

        threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return answers

    yield send
    server.shutdown()
    listening.join(20)
    server.server_close()


def ended(world):
    run = factories.run(
        world.deployment(), state=RunState.FINISHED, type=RunType.APPLY, source=SOURCE
    )
    db.session.commit()
    return run


def runs():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Run))


def test_a_run_is_made_once_by_requests_that_come_at_the_same_moment(served):
    answers = served("/runs", TASK)

    assert sorted(status for status, _ in answers) == [200, 200, 200, 201], answers
    assert len({body["id"] for _, body in answers}) == 1
    assert runs() == 1


def test_a_run_is_run_again_once_by_requests_that_come_at_the_same_moment(served, world):
    answers = served(f"/runs/{ended(world).id}/rerun", {})

    assert [status for status, _ in answers] == [200] * AT_ONCE, answers
    assert len({body["id"] for _, body in answers}) == 1
    assert runs() == 2


def test_many_are_run_again_once_by_requests_that_come_at_the_same_moment(served, world):
    wanted = [ended(world).id, ended(world).id]

    answers = served("/runs/bulk", {"action": "rerun", "runs": wanted})

    assert [status for status, _ in answers] == [200] * AT_ONCE, answers
    assert len({json.dumps(body) for _, body in answers}) == 1
    assert all(each["ok"] for each in answers[0][1]["items"])
    assert runs() == 4


def test_a_workspace_is_destroyed_once_by_requests_that_come_at_the_same_moment(served, world):
    world.deployment().resource_count = 3
    world.stack.source = SOURCE
    db.session.commit()

    answers = served("/workspaces/staging/destroy", {"confirm": "staging"})

    assert [status for status, _ in answers] == [200] * AT_ONCE, answers
    assert len({body["items"][0]["run"]["id"] for _, body in answers}) == 1
    assert runs() == 1


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_request_that_was_killed_is_sent_again_and_makes_one_run(app, api, world, moment):
    caller, settings = api("alice"), app.extensions["gantry_settings"]
    sent = {"moment": moment, "token": caller.bearer, "body": TASK}
    place = {"data_dir": str(settings.data_dir), "database_url": settings.database_url}
    db.session.commit()

    dead = subprocess.run(
        [sys.executable, "-m", "tests.blueprints.api.dying", json.dumps(sent | place)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        timeout=120,
    )
    kept = runs()
    answer = caller.post("/api/v1/runs", json=TASK, headers={"Idempotency-Key": "dying"})

    assert dead.returncode == -9, dead.stderr
    assert kept == (moment == "after_commit")
    assert answer.status_code == (200 if kept else 201)
    assert runs() == 1
