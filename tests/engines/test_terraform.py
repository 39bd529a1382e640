"""Real runs of terraform, the one on PATH and the bundled one, over tests/configurations."""

import json
import os
import shutil
import signal
import stat
import subprocess
import time

import pytest

from engines.base import PlanOptions
from tests.engines.conftest import CONFIGURATIONS

pytestmark = pytest.mark.engine


def changes_of(run):
    lines = (run.engine.changes_dir(run.context) / "changes.jsonl").read_text().splitlines()
    return {change["address"]: change for change in map(json.loads, lines)}


def replace_code(run, code):
    for path in (CONFIGURATIONS / code).iterdir():
        shutil.copy(path, run.engine.working_dir(run.context) / path.name)


def test_a_whole_run_of_modules_count_for_each_and_a_command(configured_run):
    run = configured_run("modules")

    applied = run.up()

    assert "out of the command" in applied.text
    assert f"home is {run.context.work_dir / 'home'}" in applied.text
    assert "Apply complete! Resources: 5 added" in applied.text
    assert "@message" not in applied.text
    state = run.state()
    assert {r.address for r in state.resources} == {
        'module.greeting["ada"].terraform_data.this',
        'module.greeting["grace"].terraform_data.this',
        "terraform_data.counted",
        "terraform_data.command",
    }
    counted = next(r for r in state.resources if r.name == "counted")
    assert counted.instances == (0, 1)
    assert counted.provider == "terraform.io/builtin/terraform"
    assert state.outputs["greetings"].value == {"ada": "hello ada", "grace": "hello grace"}


def test_the_workspace_of_the_run_is_the_one_the_code_sees(configured_run):
    run = configured_run("modules", workspace_slug="staging")

    run.up()

    assert run.state().outputs["workspace"].value == "staging"
    assert run.engine.state_file(run.context).parts[-2:] == ("staging", "terraform.tfstate")


def test_a_workspace_called_default_has_its_state_too(configured_run):
    run = configured_run("modules", workspace_slug="default")

    run.up()

    assert run.state().outputs["workspace"].value == "default"


def test_a_plan_without_changes_says_so(configured_run):
    run = configured_run("modules")
    run.up()

    planned = run.plan()

    assert (planned.exit_code, planned.outcome.has_changes) == (0, False)
    assert "No changes." in planned.text


def test_the_change_document_tells_every_kind_of_change(configured_run):
    run = configured_run("changes/before")
    run.up()
    replace_code(run, "changes/after")
    assert run.plan().outcome.has_changes

    document = run.show().facts

    changes = changes_of(run)
    assert {address.partition(".")[2]: c["action"] for address, c in changes.items()} == {
        "replaced": "replace",
        "updated": "update",
        "deleted": "delete",
        "new_name": "move",
        "forgotten": "forget",
        "imported": "import",
        "created": "create",
    }
    assert changes["terraform_data.replaced"]["replace_paths"] == [["triggers_replace"]]
    assert changes["terraform_data.new_name"]["previous_address"] == "terraform_data.old_name"
    assert changes["terraform_data.imported"]["import_id"] == "an-identity"
    assert document["summary"] == {
        "add": 1, "change": 1, "destroy": 1, "replace": 1, "import": 1, "move": 1, "forget": 1,
        "outputs": 1,
    }  # fmt: skip
    assert document["engine"] == {
        "name": run.context.installed.name,
        "version": run.context.installed.version,
    }


def test_the_plan_in_clear_is_gone_once_it_is_collected(configured_run):
    run = configured_run("secrets", terraform_variables={"password": "correct-horse"})
    run.init()
    run.plan()

    shown = run.show()

    assert not shown.outcome.failure
    assert not (run.context.work_dir / "plan.json").exists()


def test_a_sensitive_value_is_in_no_text_and_no_document(configured_run):
    run = configured_run("secrets", terraform_variables={"password": "correct-horse"})
    done = [run.init(), run.plan(), run.show(), run.apply()]

    written = list(run.engine.changes_dir(run.context).iterdir())

    assert all("correct-horse" not in step.text for step in done)
    assert all("correct-horse" not in path.read_text() for path in written)
    state = run.state()
    assert state.outputs["password"].sensitive
    assert state.outputs["password"].value == "correct-horse"


def test_variables_are_a_private_file_and_only_what_the_code_declares(configured_run):
    given = {"password": "correct-horse", "region": "here", "of_another_stack": "x"}

    run = configured_run("secrets", terraform_variables=given)

    path = run.context.code_dir / "gantry.auto.tfvars.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"password": "correct-horse", "region": "here"}
    assert not any(
        "correct-horse" in part for part in run.engine.plan_step(run.context, PlanOptions()).argv
    )


def test_a_variable_of_gantry_wins_over_a_file_of_the_code(configured_run):
    run = configured_run("secrets", terraform_variables={"password": "x", "region": "gantry"})
    (run.context.code_dir / "zzz.auto.tfvars").write_text('region = "code"\n')

    run.up()

    assert run.state().outputs["region"].value == "gantry"


def test_an_ephemeral_variable_is_there_at_apply(configured_run):
    run = configured_run("ephemeral", terraform_variables={"token": "abc"})

    run.up()

    assert b"abc" not in run.engine.plan_file(run.context).read_bytes()


def test_a_check_that_fails_is_a_warning_and_in_the_document(configured_run):
    run = configured_run("checks")
    run.init()

    planned = run.plan()

    assert [(d.severity, d.file) for d in planned.diagnostics] == [("warning", "main.tf")]
    [check] = run.show().facts["checks"]
    assert check["address"] == "check.size"
    assert check["problems"] == ["the size is not more than ten"]


def test_a_destroy_plan_destroys(configured_run):
    run = configured_run("modules")
    run.up()

    assert run.plan(destroy=True).outcome.has_changes
    applied = run.apply()

    assert "5 destroyed" in applied.text
    assert run.state().resources == ()


def test_targets_and_replace_narrow_and_widen_a_plan(configured_run):
    run = configured_run("changes/before")
    run.up()

    planned = run.plan(targets=["terraform_data.updated"], replace=["terraform_data.updated"])

    assert planned.outcome.has_changes
    run.show()
    assert [c["action"] for c in changes_of(run).values()] == ["replace"]


def test_a_refresh_only_plan_has_nothing_to_do_when_nothing_drifted(configured_run):
    run = configured_run("modules")
    run.up()

    planned = run.plan(refresh_only=True)

    assert (planned.outcome.ok, planned.outcome.has_changes) == (True, False)


def test_a_stale_plan_is_refused_in_words(configured_run):
    run = configured_run("changes/before")
    run.init()
    run.plan()
    saved = run.engine.plan_file(run.context).read_bytes()
    run.apply()
    run.engine.plan_file(run.context).write_bytes(saved)

    applied = run.apply()

    assert applied.outcome.failure.text.startswith("The state changed after this plan was made")


def test_a_missing_provider_is_told_in_one_sentence(configured_run):
    run = configured_run("missing_provider")

    done = run.init()

    source = "example.com/acme/cloud"
    assert done.outcome.missing_providers == (source,)
    assert done.outcome.failure.kind == "configuration"
    assert done.outcome.failure.text == f"Provider {source} is not in the provider store."
    assert str(run.context.plugin_mirror) in done.text


def test_a_syntax_error_says_where(configured_run):
    run = configured_run("syntax_error")

    done = run.init()

    assert done.outcome.failure.kind == "configuration"
    assert done.outcome.failure.text == "Invalid expression (main.tf line 2)."
    [diagnostic] = done.diagnostics
    assert (diagnostic.file, diagnostic.line) == ("main.tf", 2)


def test_a_variable_without_a_value_is_an_error_and_never_a_question(configured_run):
    run = configured_run("unset_variable")
    run.init()

    planned = run.plan()

    assert planned.outcome.failure.text == "No value for required variable (main.tf line 1)."


def test_a_failing_command_fails_the_apply_and_keeps_the_state(configured_run):
    run = configured_run("failing")
    run.init()
    run.plan()

    applied = run.apply()

    assert applied.exit_code == 1
    assert applied.outcome.failure.kind == "engine"
    assert "about to fail" in applied.text
    assert [r.address for r in run.state().resources] == ["terraform_data.this"]


def test_a_local_backend_of_the_code_is_respected_and_still_ours(configured_run):
    run = configured_run("backend_local")

    run.up()

    assert run.engine.backend(run.context) is None
    assert run.engine.state_file(run.context) == (
        run.context.code_dir / "kept/by-workspace/prod/terraform.tfstate"
    )
    assert len(run.state().resources) == 1


def test_a_backend_without_workspaces_is_named_and_gets_none(configured_run):
    run = configured_run("backend_http")

    done = run.init()

    declared = run.engine.backend(run.context)
    assert (declared.type, declared.has_workspaces) == ("http", False)
    assert run.engine.state_file(run.context) is None
    assert "workspaces not supported" not in done.text


def test_a_state_in_the_repository_is_not_believed(configured_run, tmp_path):
    code = tmp_path / "code"
    shutil.copytree(CONFIGURATIONS / "modules", code)
    committed = code / "terraform.tfstate.d" / "prod" / "terraform.tfstate"
    committed.parent.mkdir(parents=True)
    committed.write_text("{}")

    run = configured_run(code)

    assert not run.engine.state_file(run.context).exists()


def test_preparing_again_keeps_the_state_that_is_there(configured_run):
    run = configured_run("modules")
    run.up()

    run.engine.prepare(run.context)

    assert run.state().serial >= 1


def test_a_terraform_directory_in_the_repository_is_not_believed(configured_run, tmp_path):
    code = tmp_path / "code"
    shutil.copytree(CONFIGURATIONS / "modules", code)
    (code / ".terraform").mkdir()
    (code / ".terraform" / "environment").write_text("production")

    run = configured_run(code)
    run.up()

    assert run.state().outputs["workspace"].value == "prod"


def test_tasks_find_the_same_terraform_by_its_name(configured_run):
    run = configured_run("modules")

    done = subprocess.run(
        ["/bin/sh", "-c", "terraform version"],
        env=run.engine.environment(run.context), capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert f"v{run.context.installed.version}" in done.stdout


def test_interrupted_before_it_began_is_said_so(configured_run):
    run = configured_run("modules")
    run.init()
    step = run.engine.plan_step(run.context, PlanOptions())
    process = subprocess.Popen(
        step.argv, cwd=step.cwd, env=run.engine.environment(run.context),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip

    # Again and again, from the first moment on: whenever it comes, it must count.
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    process.communicate()

    assert process.returncode in {1, -signal.SIGINT}
    assert not run.engine.outcome("plan", process.returncode, []).ok


def test_the_process_that_is_started_is_terraform_itself(configured_run):
    run = configured_run("modules")
    step = run.engine.init_step(run.context)

    process = subprocess.Popen(
        step.argv, cwd=step.cwd, env=run.engine.environment(run.context),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    seen = set()
    while process.poll() is None:
        with open(children) as file:  # noqa: PTH123 - it vanishes with the process
            seen |= set(file.read().split())
        os.sched_yield()
    process.communicate()

    assert process.returncode == 0
    assert not seen
