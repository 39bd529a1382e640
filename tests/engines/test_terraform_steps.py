"""What steps and environments are made of; nothing is started."""

import dataclasses
from pathlib import Path

import pytest

from engines import registry
from engines.base import Installed, PlanOptions, RunContext
from engines.terraform.detection import Detection
from engines.terraform.engine import Terraform

ENGINE = Terraform(Detection(None, "/nonexistent"))


def installed(version="1.11.4", name="terraform"):
    return Installed(name, version, Path("/usr/bin/terraform"), False, "0" * 64, ("terraform",))


@pytest.fixture
def context(tmp_path):
    code = tmp_path / "run" / "src"
    (code / "live").mkdir(parents=True)
    return RunContext(
        installed=installed(),
        work_dir=tmp_path / "run",
        code_dir=code,
        path_in_code="live",
        workspace_slug="prod",
        plugin_mirror=tmp_path / "providers",
    )


def with_code(context, text):
    (context.code_dir / "live" / "main.tf").write_text(text)
    return context


def test_the_environment_is_made_and_not_inherited(context):
    context = dataclasses.replace(
        context,
        environment={"AWS_REGION": "here", "LD_PRELOAD": "/evil.so", "PATH": "/evil"},
        inherited_env={"HTTPS_PROXY": "http://proxy", "AWS_REGION": "there"},
    )

    environment = ENGINE.environment(context)

    work_dir = str(context.work_dir)
    assert environment == {
        "LANG": "C.UTF-8",
        "HTTPS_PROXY": "http://proxy",
        "AWS_REGION": "here",
        "PATH": f"{work_dir}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": f"{work_dir}/home",
        "TMPDIR": f"{work_dir}/tmp",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": f"{work_dir}/engine.tfrc",
        "TF_DATA_DIR": f"{work_dir}/terraform-data",
        "TF_WORKSPACE": "prod",
    }


@pytest.mark.parametrize(
    ("backend", "names_workspace"),
    [
        ('backend "s3" {}', True),
        ('backend "http" {}', False),
        ("cloud {}", False),
    ],
)
def test_a_backend_without_workspaces_is_not_given_one(backend, names_workspace, context):
    with_code(context, f"terraform {{\n {backend}\n}}")

    assert ("TF_WORKSPACE" in ENGINE.environment(context)) is names_workspace
    assert ENGINE.state_file(context) is None


def test_a_local_backend_outside_the_run_is_its_owners(context):
    with_code(context, 'terraform {\n backend "local" {\n workspace_dir = "/srv/states"\n }\n}')

    assert ENGINE.state_file(context) is None
    assert ENGINE.backend(context).type == "local"


@pytest.mark.parametrize("path", ["..", "../..", "nothing", "live/../../.."])
def test_a_path_that_leads_out_of_the_code_is_refused(path, context):
    with pytest.raises(ValueError, match="has no directory"):
        ENGINE.working_dir(dataclasses.replace(context, path_in_code=path))


def test_a_link_that_leads_out_of_the_code_is_refused(context):
    (context.code_dir / "out").symlink_to("/etc")

    with pytest.raises(ValueError, match="has no directory"):
        ENGINE.working_dir(dataclasses.replace(context, path_in_code="out"))


def test_prepare_writes_through_no_link_of_the_code(context, tmp_path):
    target = tmp_path / "target"
    target.write_text("untouched")
    (context.code_dir / "live" / "gantry.auto.tfvars.json").symlink_to(target)

    ENGINE.prepare(context)

    assert target.read_text() == "untouched"


def test_targets_can_never_be_options(context):
    step = ENGINE.plan_step(context, PlanOptions(targets=["-destroy"], replace=["--help"]))

    assert {"-target=-destroy", "-replace=--help"} <= set(step.argv)
    assert "-destroy" not in step.argv


def test_what_was_locked_is_only_readonly_when_a_saved_plan_is_applied(context):
    ENGINE.lock_file(context).write_text("")

    assert "-lockfile=readonly" in ENGINE.init_step(context, exact=True).argv
    assert "-lockfile=readonly" not in ENGINE.init_step(context).argv


@pytest.mark.parametrize(
    ("name", "version", "renderer"),
    [
        ("terraform", "1.5.7", "verbatim"),
        ("terraform", "1.10.0", "terraform"),
        ("terraform", "1.16.0-beta2", "terraform"),
        ("tofu", "1.8.3", "verbatim"),
        ("tofu", "1.10.1", "terraform"),
    ],
)
def test_an_old_engine_prints_its_init_as_text(name, version, renderer, context):
    context = dataclasses.replace(context, installed=installed(version, name))

    assert ENGINE.init_step(context).renderer == renderer


def test_providers_are_fetched_only_if_that_is_allowed(context):
    assert ENGINE.fetch_step(context) is None
    assert ENGINE.fetch_step(dataclasses.replace(context, allow_download=True)).collect


def test_every_renderer_and_collector_a_step_names_is_there(context, tmp_path):
    context = dataclasses.replace(context, allow_download=True)
    steps = [
        ENGINE.init_step(context),
        ENGINE.fetch_step(context),
        ENGINE.plan_step(context, PlanOptions()),
        ENGINE.show_step(context),
        ENGINE.apply_step(context),
    ]

    for step in steps:
        assert registry.renderer(step.renderer).finish() == b""
        if step.collect:
            with pytest.raises((OSError, ValueError)):
                registry.collect(step.collect.name, {**step.collect.arguments, "store": "/proc/no"})


def test_the_registry_knows_the_engines():
    engines = registry.engines(registry.EngineOptions(with_fake=True))

    assert list(engines) == ["terraform", "fake"]
    assert "preview" in engines["terraform"].run_types
