"""States copied while an apply goes on, and what becomes of them when the worker is lost."""

import contextlib
import json

import pytest

from services import blobs, settling, states
from services.access import SYSTEM
from services.runs import work
from services.transaction import session

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SLOW = {
    "main.tf": """
resource "terraform_data" "one" {}
resource "terraform_data" "two" {
  depends_on = [terraform_data.one]
  provisioner "local-exec" {
    command = "while [ ! -e ${path.root}/go ]; do sleep 0.1; done"
  }
}
"""
}


def go_on(portal, run):
    (portal.work_dir(run) / "src" / "go").touch()


def copied(portal, stack):
    return [row for row in portal.versions(stack) if row.kind == "progress"]


def names(content):
    return sorted(each["name"] for each in json.loads(content)["resources"])


@pytest.fixture
def slow(portal):
    """A run whose apply has made one resource of two and hangs on the second: (stack, run)."""
    stack = portal.stack(SLOW)
    run = portal.create(stack, auto_apply=True)
    portal.until(run, lambda found: found.is_over or bool(copied(portal, stack)))
    yield stack, run
    with contextlib.suppress(FileNotFoundError):
        go_on(portal, run)


def test_what_was_made_so_far_is_kept_while_the_apply_goes_on(portal, slow):
    stack, run = slow

    copy = copied(portal, stack)[-1]

    assert portal.now(run).state == "applying"
    assert portal.deployment(stack).current_state_id is None
    assert names(blobs.read(copy.blob_id)) == ["one"]
    go_on(portal, run)
    assert portal.settled(run).state == "finished"
    assert [row.kind for row in portal.versions(stack)] == ["run"]


def test_a_machine_that_dies_takes_at_most_the_resource_in_hand(portal, slow):
    stack, run = slow
    work.lose(run.id)

    found = settling.doubt(SYSTEM, portal.deployment(stack))

    assert portal.now(run).error_text == "Worker lost, state unknown."
    assert [names(blobs.read(row.blob_id)) for row in found.candidates] == [["one"]]


def test_the_state_of_a_worker_that_lost_its_run_is_offered_and_can_be_taken(portal, slow):
    stack, run = slow
    work.lose(run.id)
    go_on(portal, run)

    portal.until(run, lambda _: len(states.candidates(portal.deployment(stack).id)) == 2)

    assert portal.deployment(stack).current_state_id is None
    settling.settle(SYSTEM, portal.deployment(stack), "take_candidate", "both exist")
    deployment = portal.deployment(stack)
    assert deployment.blocked_at is None
    assert names(states.content(deployment.id)) == ["one", "two"]
    assert portal.run(stack, "preview").result.startswith("No changes")


def test_the_directory_of_a_lost_run_goes_once_it_is_settled(portal, slow):
    stack, run = slow
    work.lose(run.id)
    assert not work.may_clear(run.id)

    settling.settle(SYSTEM, portal.deployment(stack), "keep_current")

    assert work.may_clear(run.id)


def test_a_state_that_terraform_could_not_store_is_offered(portal):
    stack = portal.stack({"main.tf": 'resource "terraform_data" "one" {}\n'})
    portal.applied(stack)
    errored = json.loads(states.content(portal.deployment(stack).id))
    errored |= {"serial": errored["serial"] + 1, "resources": []}
    session().rollback()

    run = portal.run(
        stack, "task", command=f"cat > errored.tfstate <<'END'\n{json.dumps(errored)}\nEND"
    )

    assert "errored.tfstate" in portal.deployment(stack).blocked_reason
    assert portal.now(run).state == "failed"
    found = states.candidates(portal.deployment(stack).id)
    assert [row.serial for row in found] == [errored["serial"]]
    assert names(states.content(portal.deployment(stack).id)) == ["one"]
