"""What a person sees in a terminal: tables as wide as it is, the progress, the question."""

import re
import shutil
import subprocess
import sys
import time

import pytest

from tests.cli.client.conftest import ROOT, SLOW

pytestmark = [
    pytest.mark.slow,
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not there"),
]


class Pane:
    """A terminal in tmux, on a server of its own."""

    def __init__(self, folder, environment, columns):
        self._tmux = ["tmux", "-f", "/dev/null", "-S", str(folder / "tmux")]
        size = ["-x", str(columns), "-y", "40"]
        shell = ["env", "PS1=$ ", "bash", "--norc", "--noprofile"]
        subprocess.run(
            [*self._tmux, "new-session", "-d", *size, "-s", "one", *shell],
            env=environment | {"TERM": "xterm-256color"}, cwd=ROOT, check=True,
        )  # fmt: skip

    def type(self, text, *, enter=True):
        keys = ["send-keys", "-t", "one", "-l", text]
        subprocess.run([*self._tmux, *keys], check=True)
        if enter:
            self.press("Enter")

    def press(self, key):
        subprocess.run([*self._tmux, "send-keys", "-t", "one", key], check=True)

    def gantry(self, words):
        self.type(f"clear; {sys.executable} -m cli {words}; echo ended with $?")

    def text(self, *, colours=False):
        extra = ["-e"] if colours else []
        shown = [*self._tmux, "capture-pane", "-t", "one", "-p", "-J", *extra]
        return subprocess.run(shown, check=True, capture_output=True, text=True).stdout

    def until(self, pattern, within_s=40, **how):
        """What is shown as soon as it holds this."""
        ends = time.monotonic() + within_s
        while not re.search(pattern, shown := self.text(**how)):
            assert time.monotonic() < ends, shown
            time.sleep(0.05)
        return shown

    def close(self):
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminal(signed_in, tmp_path_factory):
    panes = []

    def opened(columns=110, **environment):
        panes.append(Pane(tmp_path_factory.mktemp("p"), signed_in | environment, columns))
        return panes[-1]

    yield opened
    for pane in panes:
        pane.close()


@pytest.fixture(scope="module")
def place(stacks):
    return f"{stacks('shown', SLOW)}/dev"


def test_a_plan_is_shown_asked_for_and_followed_to_its_end(terminal, place):
    pane = terminal()

    pane.gantry(f"run create {place} -t apply --follow")

    pane.until(r"(preparing|initializing|planning) · run \d+, shop/shown in dev · \d+ s")
    asked = pane.until(r"Apply this plan\? \[y/N\]:")
    assert "  + terraform_data.slow" in asked
    assert "  1 to add, 0 to change, 0 to destroy." in asked
    pane.type("y")
    applying = pane.until(r"applying · run \d+, shop/shown in dev · [1-9] s")
    lines = applying.rstrip().splitlines()
    assert "applying ·" in lines[-1]
    assert "step" in lines[-2]
    ended = pane.until("ended with 0")
    assert "apply completed" in ended
    assert "applying ·" not in ended
    assert "step 200" in pane.text()


def test_no_leaves_the_plan_waiting_and_says_how_to_go_on(terminal, ada, place):
    pane = terminal()
    pane.gantry(f"run create {place.replace('dev', 'live')} -t apply --follow")
    pane.until("Apply this plan")

    pane.type("n")

    ended = pane.until("ended with 6")
    [run] = ada.get("/runs?stack=shown&workspace=live&state=unconfirmed")["items"]
    assert f"gantry run confirm {run['id']}" in ended.replace("\n", " ")
    ada.post(f"/runs/{run['id']}/discard")


def test_ctrl_c_tells_how_to_cancel_and_a_second_one_leaves(terminal, ada, place):
    run = ada.post("/runs", {**names(place), "type": "task", "command": "sleep 20"})
    pane = terminal()
    pane.gantry(f"run logs -f {run['id']}")
    pane.until("performing ·")

    pane.press("C-c")

    pane.until(f"The run goes on. To cancel it: gantry run cancel {run['id']}")
    pane.until("performing ·")
    pane.press("C-c")
    pane.until("ended with 130")
    ada.post(f"/runs/{run['id']}/cancel")


@pytest.mark.parametrize("columns", [60, 160])
def test_lists_are_as_wide_as_the_terminal(terminal, ada, place, columns):
    ada.post("/runs", {**names(place), "type": "preview", "message": "A long message " * 12})
    pane = terminal(columns)

    pane.gantry("run list --limit 5")

    shown = pane.until("ended with 0")
    table = [line for line in shown.splitlines() if line.strip()]
    assert table[0].split()[:3] == ["RUN", "TYPE", "STATE"]
    assert ("MESSAGE" in table[0]) is (columns > 100)
    rows = [line for line in table if re.match(r"(shop|demo)#\d", line)]
    assert 0 < len(rows) <= 5
    assert all(len(row.rstrip()) <= columns for row in rows)


def test_colours_are_for_terminals_and_for_those_who_want_them(terminal, ada, place):
    states = r"\x1b\[[0-9;]*m(queued|ready|finished|preparing|planning)"

    plain = terminal(NO_COLOR="1")
    plain.gantry("run list --limit 5")
    plain.until("ended with 0")
    coloured = terminal()
    coloured.gantry("run list --limit 5")
    coloured.until("ended with 0")

    assert not re.search(r"\x1b\[[0-9;]*3[1-6]m", plain.text(colours=True))
    assert re.search(states, coloured.text(colours=True))


def test_what_a_log_orders_a_terminal_to_do_is_not_done(terminal, ada, place):
    command = r"printf 'safe\033]0;owned\007 \033[2J\033[31mred\033[0m end\n'"
    run = ada.post("/runs", {**names(place), "type": "task", "command": command})
    ada.until(run)
    pane = terminal()

    pane.gantry(f"run logs {run['id']}")

    shown = pane.until("ended with 0")
    assert "safe red end" in shown
    assert shown.lstrip().splitlines()[0] != "safe"


def test_a_token_is_asked_for_without_showing_it(terminal, portal_url, signed_in):
    token = signed_in["GANTRY_TOKEN"]
    pane = terminal(GANTRY_TOKEN="", GANTRY_URL="")
    pane.gantry(f"login {portal_url}")
    pane.until("Token:")

    pane.type(token)

    shown = pane.until("ended with 0")
    assert token not in shown
    assert "Signed in to" in shown


def names(place):
    project, stack, workspace = place.split("/")
    return {"project": project, "stack": stack, "workspace": workspace}
