"""A portal at work in a process of its own, and commands typed at it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import gantry as command
from tests.journeys.portal import ADMIN_TOKEN, Caller, served

ROOT = Path(__file__).parents[3]
CODE = """
variable "size" {
  default = 1
}

resource "terraform_data" "thing" {
  count = tonumber(var.size)
  input = "thing ${count.index}"
}

output "things" {
  value = terraform_data.thing[*].output
}
"""
SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "for i in $(seq 200); do echo step $i; sleep 0.05; done"
  }
}
"""


@pytest.fixture(scope="package")
def portal_url(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served")) as url:
        yield url


@pytest.fixture(scope="package")
def ada(portal_url):
    """An administrator's API, with a project `shop` and the workspaces `dev` and `live`."""
    caller = Caller(portal_url, ADMIN_TOKEN)
    caller.post("/projects", {"name": "shop"})
    caller.post("/workspaces", {"name": "dev"})
    caller.post("/workspaces", {"name": "live", "protected": True})
    return caller


@pytest.fixture(scope="package")
def stacks(ada):
    """`stacks(name, text)` is a stack of this code in the project, as PROJECT/STACK."""

    def made(name, text=CODE):
        source = ada.upload("shop", {"main.tf": text})
        ada.post("/projects/shop/stacks", {"name": name, "source": source})
        return f"shop/{name}"

    return made


@pytest.fixture(scope="module")
def own_stack(stacks, request):
    """`own_stack("web", text)` is a stack of the module's own: what others did is nothing to it."""
    module = request.module.__name__.rpartition("test_")[2].replace("_", "-")
    return lambda name, text: stacks(f"{name}-{module}", text)


@pytest.fixture(scope="module")
def web(own_stack):
    return own_stack("web", CODE)


@pytest.fixture(scope="module")
def slow(own_stack):
    return own_stack("slow", SLOW)


@pytest.fixture
def signed_in(portal_url, tmp_path):
    """The environment of somebody who is signed in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GANTRY_")}
    return kept | {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "GANTRY_URL": portal_url,
        "GANTRY_TOKEN": ADMIN_TOKEN,
        "TZ": "UTC",
    }


@pytest.fixture
def gantry(signed_in):
    """`gantry("run", "list")`: the command in this process; `.exit_code`, `.stdout`, `.stderr`."""

    def run(*words, stdin=None, **environment):
        return CliRunner().invoke(
            command, [str(word) for word in words], input=stdin, env=signed_in | environment
        )

    return run


@pytest.fixture
def typed(signed_in):
    """`typed("run", "list")`: the command as a process of its own."""

    def run(*words, stdin="", **environment):
        return subprocess.run(
            [sys.executable, "-m", "cli", *map(str, words)],
            cwd=ROOT,
            env=signed_in | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
