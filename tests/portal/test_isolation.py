"""Runs of a real portal that are kept apart: they work, stop as they should, and read nothing."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from services import runs
from services.access import SYSTEM
from tests.portal.portal import opened

SLOW = """
resource "terraform_data" "first" { input = "done" }
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo begun; sleep 60" }
}
"""
TIERS = {
    "namespaces": {"isolation": "namespaces"},
    "namespaces, separate user": {"isolation": "namespaces", "run_user": "nobody"},
    "separate user": {"isolation": "user", "run_user": "nobody"},
}


@pytest.fixture(scope="module")
def portal_in(make_portal):
    """`portal_in(label)`: a portal whose runs are in this tier."""
    made = {}

    def get(label):
        if label not in made:
            data_dir = Path(tempfile.mkdtemp(prefix="gantry-portal-", dir="/tmp"))
            portal = make_portal(data_dir, **TIERS[label])
            with opened(portal):
                portal.furnish()
            made[label] = portal.start()
        return made[label]

    yield get
    for portal in made.values():
        with opened(portal):
            portal.stop()
        shutil.rmtree(portal.data_dir, ignore_errors=True)


@pytest.fixture(params=TIERS if os.geteuid() == 0 else ["namespaces"])
def portal(request, portal_in):
    portal = portal_in(request.param)
    with opened(portal):
        portal.label = request.param
        yield portal


@pytest.fixture
def with_terraform(portal_in):
    """The tier in which the bundled engine, too, can be read on every machine."""
    portal = portal_in("namespaces")
    with opened(portal):
        yield portal


def task(portal, command):
    stack = portal.stack({"main.tf": ""})
    return portal.run(stack, "task", command=command, init=False)


def test_a_task_works_and_its_run_says_how_it_was_kept_apart(portal):
    run = task(portal, "pwd; id -u; echo hi > made; cat made")

    assert (run.state, run.isolation) == ("finished", portal.label)
    assert f"{portal.work_dir(run)}/src" in portal.log(run)
    assert "hi" in portal.log(run)


def test_a_task_reads_neither_key_nor_database_nor_other_logs(portal):
    other = task(portal, "echo the other run")
    names = ["secret.key", "gantry.db", f"logs/{other.id[-2:]}/{other.id}.log"]

    run = task(portal, "; ".join(f"cat {portal.data_dir / name}" for name in names))

    text = portal.log(run)
    assert run.state == "failed"
    assert (portal.data_dir / "secret.key").read_text().strip() not in text
    assert "SQLite format" not in text
    assert "the other run" not in text


def test_a_plan_reads_neither_the_key_nor_the_portals_environment(with_terraform):
    code = """
    output "environ" {{ value = try(file("/proc/{pid}/environ"), "nothing") }}
    output "key" {{ value = try(file("{key}"), "nothing") }}
    """.format(pid=os.getpid(), key=with_terraform.data_dir / "secret.key")

    run = with_terraform.applied(with_terraform.stack({"main.tf": code}))

    assert with_terraform.outputs(run) == {"environ": "nothing", "key": "nothing"}


def test_a_cancelled_apply_saves_what_it_has_made(with_terraform):
    stack = with_terraform.stack({"main.tf": SLOW})
    run = with_terraform.create(stack, "apply", auto_apply=True)
    with_terraform.until_logged(run, "begun")

    runs.cancel(SYSTEM, run.id)
    run = with_terraform.settled(run)

    assert run.state == "stopped"
    assert "terraform_data.first" in with_terraform.resources(stack)
    assert with_terraform.deployment(stack).blocked_at is None


def test_a_confirmed_plan_is_applied_in_the_directory_it_was_made_in(with_terraform):
    code = {"main.tf": 'resource "terraform_data" "one" { input = "x" }'}
    run = with_terraform.run(with_terraform.stack(code))

    done = with_terraform.confirmed(run)

    assert (done.state, done.result) == ("finished", "apply completed")


def test_a_state_that_is_a_link_is_not_read_and_blocks_the_deployment(portal):
    stack = portal.stack({"main.tf": ""})
    command = (
        "mkdir -p terraform.tfstate.d/staging && "
        f"ln -s {portal.data_dir}/secret.key terraform.tfstate.d/staging/terraform.tfstate"
    )

    run = portal.run(stack, "task", command=command, init=False)

    place = portal.deployment(stack)
    assert (run.state, place.current_state_id) == ("failed", None)
    assert place.blocked_at is not None
