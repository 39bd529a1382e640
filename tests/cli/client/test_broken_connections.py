"""The command line while the way to its portal breaks, and when Ctrl-C is pressed."""

import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from tests.cli.client.conftest import ROOT
from tests.cli.client.servers import Breaking

pytestmark = [pytest.mark.slow, pytest.mark.engine]


def one(ada, run_id):
    return ada.get(f"/runs/{run_id.strip()}")


def port_of(url):
    return urlsplit(url).port


@pytest.mark.parametrize("after", [(0,), (40, 0), (300,)])
def test_a_create_whose_answer_gets_lost_makes_one_run(gantry, ada, web, portal_url, after):
    before = {run["id"] for run in ada.get("/runs?limit=200")["items"]}

    with Breaking(port_of(portal_url), *after) as way:
        done = gantry("run", "create", f"{web}/dev", "-q", GANTRY_URL=way.url)

    assert way.broken == len(after)
    assert done.exit_code == 0, done.stderr
    made = {run["id"] for run in ada.get("/runs?limit=200")["items"]} - before
    assert made == {done.stdout.strip()}


def test_a_followed_log_goes_on_at_the_byte_where_it_broke(typed, ada, slow, portal_url):
    made = ada.run(Place("shop", slow.partition("/")[2], "dev"), auto_apply=True)

    with Breaking(port_of(portal_url), 2_500, 900, 1_700, 400, 5_000, 0, 700, 3_100) as way:
        done = typed("run", "logs", "-f", made["id"], GANTRY_URL=way.url)

    assert way.broken >= 4
    assert done.returncode == 0, done.stderr
    assert done.stdout == ada.get(f"/runs/{made['id']}/logs")
    assert "step 200" in done.stdout


def test_a_confirmation_whose_answer_gets_lost_is_looked_up(gantry, ada, web, portal_url):
    stack = web.partition("/")[2]
    ada.run(Place("shop", stack, "live"))
    found = ada.get(f"/runs?project=shop&workspace=live&stack={stack}&limit=1")["items"][0]
    run = ada.until(found, "unconfirmed")

    # show, changes, workspace and stack come first; the fifth answer is that to the confirmation.
    with Breaking(port_of(portal_url), None, 0) as way:
        done = gantry("run", "confirm", run["id"], "--yes", "--wait", GANTRY_URL=way.url)

    assert done.exit_code == 0, done.stderr
    states = [each["state"] for each in ada.get(f"/runs/{run['id']}/history")["items"]]
    assert states.count("confirmed") == 1


def test_ctrl_c_says_that_the_run_goes_on_and_the_second_leaves(signed_in, ada, slow):
    run = ada.run(Place("shop", slow.partition("/")[2], "live"), auto_apply=True)
    ada.until(run, "applying")

    following = subprocess.Popen(
        [sys.executable, "-m", "cli", "run", "logs", "-f", run["id"]],
        cwd=ROOT, env=signed_in, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(1.5)
    following.send_signal(signal.SIGINT)
    time.sleep(0.7)
    assert following.poll() is None
    following.send_signal(signal.SIGINT)
    _, said = following.communicate(timeout=20)

    assert following.returncode == 130
    assert f"gantry run cancel {run['id']}" in said
    assert one(ada, run["id"])["state"] == "applying"


class Place:
    """A place by its names, as the journeys' caller takes it."""

    def __init__(self, project, stack, workspace):
        self.names = {"project": project, "stack": stack, "workspace": workspace}
