"""Runs carried out by the pool with real processes: stopped, killed, timed out, confirmed late."""

import json
import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import update

from models.project import Stack
from models.run import Run
from services import runs
from services.access import SYSTEM
from services.errors import Conflict
from services.transaction import transaction
from tests.portal.fixtures import make_portal, module_portal, portal, portal_settings

__all__ = ["make_portal", "module_portal", "portal", "portal_settings"]

pytestmark = pytest.mark.xdist_group("execution")


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def portal_kind(request):
    return request.param


def scripted(portal, **settings):
    """A stack of the fake engine; keywords that name steps are its script."""
    steps = {name: settings.pop(name) for name in ("init", "plan", "apply") if name in settings}
    return portal.stack({"fake.json": json.dumps(steps)}, engine="fake", **settings)


def grown_impatient(run):
    """Let the grace period of a run be over."""
    write(update(Run).where(Run.id == run.id).values(cancel_grace_s=0))


def write(statement):
    """Change what no service would."""
    with transaction() as here:
        here.execute(statement.execution_options(synchronize_session=False))


def processes_of(run):
    """The processes whose environment or command names the run's directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                traces = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if run.id.encode() in traces:
                found.append(int(entry.name))
    return found


def test_cancelling_while_planning_stops_the_run(portal):
    stack = scripted(portal, plan={"output": ["thinking", {"sleep_s": 60}]})
    run = portal.create(stack)
    portal.until_logged(run, "thinking")

    runs.cancel(SYSTEM, run.id)
    stopped = portal.settled(run)

    assert (stopped.state, stopped.result) == ("stopped", "Stopped on request.")
    assert processes_of(run) == []
    assert portal.deployment(stack).blocked_at is None


def test_cancelling_before_the_engine_begins_stops_the_run(portal):
    stack = scripted(portal, init={"output": [{"sleep_s": 60}]})
    run = portal.create(stack)
    portal.wait(run, "preparing", "initializing")

    runs.cancel(SYSTEM, run.id)

    assert portal.settled(run).state == "stopped"


def test_cancelling_while_applying_lets_the_engine_save_its_state(portal):
    stack = scripted(portal, apply={"output": ["applying now", {"sleep_s": 60}]})
    run = portal.create(stack, auto_apply=True)
    portal.until_logged(run, "applying now")

    runs.cancel(SYSTEM, run.id)
    stopped = portal.settled(run)

    assert stopped.state == "stopped"
    assert "Stopping gracefully" in portal.log(run)
    assert len(portal.versions(stack)) == 1
    assert portal.deployment(stack).blocked_at is None


def test_an_apply_that_was_done_before_the_interrupt_reached_it_is_finished(portal):
    script = {"output": ["deaf", {"sleep_s": 0.5}], "on_interrupt": "ignore"}
    stack = scripted(portal, apply=script)
    run = portal.create(stack, auto_apply=True)
    portal.until_logged(run, "deaf")

    runs.cancel(SYSTEM, run.id)

    assert portal.settled(run).state == "finished"
    assert len(portal.versions(stack)) == 1


def test_a_kill_is_refused_before_its_time_and_leaves_nothing_alive_after(portal):
    stack = portal.stack(engine="fake")
    command = "trap '' INT TERM; echo deaf; sleep 300 & setsid sleep 300 & sleep 300"
    run = portal.create(stack, "task", command=command, init=False)
    portal.until_logged(run, "deaf")
    runs.cancel(SYSTEM, run.id)

    with pytest.raises(Conflict, match="not earlier"):
        runs.force_cancel(SYSTEM, run.id)
    grown_impatient(run)
    runs.force_cancel(SYSTEM, run.id)
    killed = portal.settled(run)

    assert killed.state == "canceled"
    assert processes_of(run) == []
    blocked = portal.deployment(stack)
    assert (blocked.blocked_run_id, blocked.blocked_reason) == (
        run.id,
        "The run was killed while it was performing.",
    )


def test_a_blocked_deployment_plans_but_changes_nothing(portal):
    stack = scripted(portal)
    run = portal.create(stack, "task", command="trap '' INT; echo deaf; sleep 300", init=False)
    portal.until_logged(run, "deaf")
    runs.cancel(SYSTEM, run.id)
    grown_impatient(run)
    runs.force_cancel(SYSTEM, run.id)
    portal.wait(run, "canceled")

    waiting = portal.create(stack)
    preview = portal.run(stack, "preview")

    assert preview.state == "finished"
    assert portal.now(waiting).state == "queued"
    assert runs.waiting_on(portal.now(waiting)).kind == "blocked"
    assert portal.work_dir(run).exists()  # What it left is kept until somebody has settled it.


def test_a_run_that_takes_too_long_is_timed_out(portal):
    stack = scripted(portal, plan={"output": ["thinking", {"sleep_s": 60}]})
    write(update(Stack).where(Stack.name == stack).values(max_duration_s=1))

    run = portal.create(stack)
    ended = portal.settled(run)

    assert ended.state == "timed_out"
    assert processes_of(run) == []


def test_a_plan_is_applied_exactly_although_its_directory_is_gone(portal):
    stack = scripted(portal, apply={"output": ["applied from the bundle"]})
    planned = portal.run(stack)
    shutil.rmtree(portal.work_dir(planned))

    applied = portal.confirmed(planned)

    assert applied.state == "finished"
    assert portal.states(applied)[-5:] == [
        "confirmed", "preparing", "initializing", "applying", "finished",
    ]  # fmt: skip
    assert "applied from the bundle" in portal.log(applied)


def test_a_plan_that_is_not_the_confirmed_one_is_never_applied(portal):
    stack = scripted(portal)
    planned = portal.run(stack)

    with pytest.raises(Conflict):
        runs.confirm(SYSTEM, planned.id, plan_sha256="0" * 64)

    assert portal.now(planned).state == "unconfirmed"


def test_a_step_that_kills_itself_fails_the_run(portal):
    stack = scripted(portal, plan={"output": ["about to die", {"signal": 9}]})

    run = portal.run(stack)

    assert (run.state, run.error_kind) == ("failed", "engine")
    assert processes_of(run) == []


def test_an_errored_state_blocks_the_deployment(portal):
    script = {"output": [{"write": "errored.tfstate", "text": "{}"}], "exit_code": 1}
    stack = scripted(portal, apply=script)

    run = portal.run(stack, auto_apply=True)

    assert run.state == "failed"
    assert "errored.tfstate" in portal.deployment(stack).blocked_reason


def test_an_engine_that_is_killed_at_its_work_blocks_the_deployment(portal):
    # As the kernel does when memory is short: what was in hand may be in no state.
    stack = scripted(portal, apply={"output": ["making it", {"signal": 9}]})

    run = portal.run(stack, auto_apply=True)

    assert (run.state, run.error_kind) == ("failed", "engine")
    assert "may be in no state" in portal.deployment(stack).blocked_reason


def test_orphans_of_a_task_are_gone_when_it_ends(portal):
    stack = portal.stack(engine="fake")

    run = portal.run(
        stack, "task", command="(setsid sleep 300 &) ; sleep 300 & echo done", init=False
    )

    assert (run.state, portal.log(run)) == ("finished", "done\n")
    assert processes_of(run) == []
