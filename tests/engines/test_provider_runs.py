"""Runs with a provider outside terraform: drift, replacement, secrets, failure, interruption."""

import json
import signal
import subprocess
import time

import pytest

pytestmark = pytest.mark.engine


@pytest.fixture
def server_run(configured_run, demo_store, tmp_path):
    """Return a function that starts a run over servers; its cloud outlives its directory."""

    def make(**variables):
        given = {"root": str(tmp_path / "cloud"), **variables}
        return configured_run("servers", plugin_mirror=demo_store, terraform_variables=given)

    return make


def set_variables(run, **variables):
    path = run.context.code_dir / "gantry.auto.tfvars.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | variables))


def changes_of(run):
    lines = (run.engine.changes_dir(run.context) / "changes.jsonl").read_text().splitlines()
    return {change["address"]: change for change in map(json.loads, lines)}


def test_drift_replacement_and_secrets_are_in_the_document(server_run, tmp_path):
    run = server_run()
    run.up()
    (tmp_path / "cloud" / "greeting.txt").write_text("changed by hand\n")
    set_variables(run, image="debian-13", password="second-password")

    assert run.plan().outcome.has_changes
    document = run.show().facts

    assert [(d["address"], d["action"]) for d in document["drift"]] == [
        ("demo_file.greeting", "update")
    ]
    web = changes_of(run)["demo_server.web"]
    assert (web["action"], web["replace_paths"]) == ("replace", [["image"]])
    assert ["password"] in web["sensitive_changed"]
    assert ["token"] in web["sensitive"]
    assert ["ip"] in web["unknown"]
    assert changes_of(run)["data.demo_file.greeting"]["action"] == "read"
    kept = "".join(p.read_text() for p in run.engine.changes_dir(run.context).iterdir())
    assert "first-password" not in kept
    assert "second-password" not in kept


def test_the_lock_file_is_respected(server_run):
    run = server_run()
    run.init()
    program = next(run.context.plugin_mirror.glob("registry.*/*/*/*/*/terraform-provider-*"))
    for twin in run.context.plugin_mirror.glob("registry.*/*/*/*/*/terraform-provider-*"):
        twin.write_text(program.read_text() + "# another program\n")
    run.context.work_dir.joinpath("terraform-data").rename(run.context.work_dir / "old")

    done = run.init(exact=True)

    assert not done.outcome.ok
    assert "checksum" in done.text


def test_a_failing_resource_is_told_with_its_address(server_run):
    run = server_run(fail=True)
    run.init()
    run.plan()

    applied = run.apply()

    assert applied.outcome.failure.kind == "engine"
    assert applied.outcome.failure.text == "quota exceeded (demo_server.web, main.tf line 46)."
    [error] = [d for d in applied.diagnostics if d.severity == "error"]
    assert (error.address, error.detail) == ("demo_server.web", "cannot create web")


def test_one_interrupt_lets_the_creation_finish_and_keeps_its_state(server_run):
    run = server_run(delay=1)
    run.init()
    run.plan()
    step = run.engine.apply_step(run.context)
    output = run.context.work_dir / "apply.out"
    with output.open("wb") as file:
        process = subprocess.Popen(
            step.argv, cwd=step.cwd, env=run.engine.environment(run.context),
            stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    while "demo_server.web: Creating..." not in output.read_text():
        assert process.poll() is None, output.read_text()
        time.sleep(0.02)

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=20) == 1
    assert "demo_server.web" in {r.address for r in run.state().resources}
