"""A real terraform outside, with this portal as its state backend."""

import json
import shutil
import subprocess
import threading

import pytest
from werkzeug.serving import make_server

from models.base import db
from services import states
from tests.blueprints.hooks.test_state_backend import URL, info, lock, unlock
from tests.services.states.shelf import fresh

TERRAFORM = shutil.which("terraform")
CODE = """
terraform {
  backend "http" {}
}
variable "size" { default = 1 }
resource "terraform_data" "one" {
  input = { size = var.size }
}
"""

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(TERRAFORM is None, reason="no terraform on PATH"),
]


class Trouble:
    """Lets requests through, or answers all but the first `after` of one method with 500."""

    def __init__(self, app):
        self._app, self.method, self.left = app, None, 0

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == self.method and self.left:
            self.left -= 1
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        return self._app(environ, start_response)


@pytest.fixture
def server(app, world):
    """The portal on a port of its own: (its trouble, its address)."""
    trouble = Trouble(app.wsgi_app)
    listening = make_server("127.0.0.1", 0, trouble, threaded=True)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield trouble, f"http://127.0.0.1:{listening.port}{URL}"
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def outside(server, world, tmp_path):
    """`outside("plan", …)` runs terraform beside some code; it answers (code, said)."""
    (tmp_path / "main.tf").write_text(CODE)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "CHECKPOINT_DISABLE": "1",
        "TF_HTTP_ADDRESS": server[1],
        "TF_HTTP_LOCK_ADDRESS": server[1],
        "TF_HTTP_UNLOCK_ADDRESS": server[1],
        "TF_HTTP_LOCK_METHOD": "LOCK",
        "TF_HTTP_UNLOCK_METHOD": "UNLOCK",
        "TF_HTTP_USERNAME": "alice",
        "TF_HTTP_PASSWORD": world.token_of("alice"),
        "TF_HTTP_RETRY_WAIT_MIN": "1",
        "TF_HTTP_RETRY_MAX": "1",
    }
    db.session.commit()

    def run(*words, **more):
        done = subprocess.run(
            [TERRAFORM, *words, "-no-color"],
            cwd=tmp_path,
            env=environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    run.folder = tmp_path
    assert run("init")[0] == 0
    return run


def serial(world):
    version = states.current_version(fresh(world.deployment()))
    return version.serial if version else None


def test_init_plan_apply_and_change(outside, world):
    assert outside("plan", "-detailed-exitcode")[0] == 2

    code, said = outside("apply", "-auto-approve")
    assert code == 0, said
    first = serial(world)
    assert outside("plan", "-detailed-exitcode")[0] == 0, "nothing is left to do"
    code, said = outside("apply", "-auto-approve", "-var", "size=2")

    assert code == 0, said
    assert serial(world) > first
    held = json.loads(states.content(world.deployment().id))
    assert held["resources"][0]["name"] == "one"
    assert not (outside.folder / "terraform.tfstate").exists()


def test_a_lock_keeps_terraform_out_until_it_is_given_back(outside, world, api):
    lock(api("ada"), "theirs")
    code, said = outside("apply", "-auto-approve")
    assert code == 1
    assert "state lock" in said
    assert serial(world) is None

    timer = threading.Timer(2.0, lambda: unlock(api("ada"), "theirs"))
    timer.start()
    code, said = outside("apply", "-auto-approve", "-lock-timeout=30s")

    timer.join()
    assert code == 0, said


def test_force_unlock_opens_the_lock(outside, world, api):
    assert outside("apply", "-auto-approve")[0] == 0
    lock(api("ada"), info("11111111-2222-3333-4444-555555555555")["ID"])

    code, said = outside("force-unlock", "-force", "11111111-2222-3333-4444-555555555555")

    assert code == 0, said
    assert outside("apply", "-auto-approve", "-var", "size=2")[0] == 0


def test_a_token_that_may_not_is_never_mistaken_for_no_state(outside, world):
    assert outside("apply", "-auto-approve")[0] == 0

    for name in ("dave", "sam"):
        code, said = outside("plan", "-lock=false", TF_HTTP_PASSWORD=world.token_of(name))

        assert code == 1, said
        assert "will be created" not in said


def test_an_outage_shorter_than_the_client_s_patience_is_survived(outside, world, server):
    server[0].method, server[0].left = "POST", 3

    code, said = outside("apply", "-auto-approve", TF_HTTP_RETRY_MAX="6")

    assert code == 0, said
    assert serial(world) is not None


def test_after_a_longer_outage_the_state_left_behind_can_be_pushed(outside, world, server):
    server[0].method, server[0].left = "POST", 1000
    code, said = outside("apply", "-auto-approve")
    assert code == 1
    assert (outside.folder / "errored.tfstate").exists(), said
    assert serial(world) is None

    server[0].left = 0
    code, said = outside("state", "push", "errored.tfstate")

    assert code == 0, said
    assert serial(world) is not None
    assert outside("plan", "-detailed-exitcode")[0] == 0
