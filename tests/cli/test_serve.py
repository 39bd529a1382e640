"""gantry serve, as a person starts it: ready in seconds, says how to sign in, stops cleanly."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path):
    """A first start's environment: a fresh data directory, a free port, nothing that executes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GANTRY_")}
    return kept | {
        "GANTRY_DATA_DIR": str(tmp_path / "data"),
        "GANTRY_PORT": str(port),
        "GANTRY_WORKERS": "0",
        "GANTRY_DRAIN_S": "1",
    }


def gantry(*arguments, environment):
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(environment):
    """The portal, until the block ends; then its output is in `.said`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{environment['GANTRY_PORT']}/readyz", process)
        yield process
    finally:
        process.terminate()
        process.said, process.errors = process.communicate(timeout=30)


def wait_for(url, process):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return urllib.request.urlopen(url, timeout=30).status  # noqa: S310 - our own portal
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError("the portal did not come up")


def test_a_first_start_makes_all_it_needs_and_says_how_to_sign_in(environment):
    data = Path(environment["GANTRY_DATA_DIR"])

    with serving(environment) as portal:
        pass

    assert portal.returncode == 0, portal.errors
    assert f"http://127.0.0.1:{environment['GANTRY_PORT']}" in portal.said
    password = (data / "first-password").read_text().splitlines()[1]
    assert f"Sign in as admin@example.com with the password {password}" in portal.said
    for name in ("first-password", "secret.key", "gantry.db"):
        assert (data / name).stat().st_mode & 0o077 == 0, name


def test_ctrl_c_stops_it_as_cleanly(environment):
    with serving(environment) as portal:
        portal.send_signal(signal.SIGINT)
        portal.wait(timeout=20)

    assert "Traceback" not in portal.errors


@pytest.mark.parametrize(
    ("name", "value"), [("GANTRY_PORT", "eighty"), ("GANTRY_ADMIN_TOKEN", "short")]
)
def test_a_bad_setting_stops_the_start_with_a_sentence(environment, name, value):
    ended = gantry("serve", environment=environment | {name: value})

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"gantry: {name}: ")
    assert "Traceback" not in ended.stderr


def test_another_secret_key_is_refused(environment):
    assert gantry("user", "list", environment=environment).returncode != 0  # No tables yet.
    with serving(environment):
        pass

    ended = gantry("serve", environment=environment | {"GANTRY_SECRET_KEY": "x" * 40})

    assert ended.returncode != 0
    assert "The secret key is not the one" in ended.stderr


def test_the_server_s_own_commands(environment):
    assert gantry("db", "check", environment=environment).returncode == 1
    assert gantry("db", "upgrade", environment=environment).returncode == 0
    assert gantry("db", "check", environment=environment).returncode == 0

    made = gantry("user", "create", "nia@example.com", "--admin", environment=environment)
    assert "Password, to be changed at first sign-in: " in made.stdout
    assert "nia@example.com\t" in gantry("user", "list", environment=environment).stdout
    assert gantry("user", "create", "nia", environment=environment).returncode == 1
    assert gantry("doctor", environment=environment).returncode == 0
    assert gantry("version", environment=environment).stdout.startswith("Gantry ")
