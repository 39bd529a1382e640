"""Each line of the recipes for pipelines, run as it stands in the documentation."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.cli.client.conftest import CODE, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.engine]
PAGE = (ROOT / "docs" / "howto" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
SHELL = [text for language, text in BLOCKS if language == "sh"]
GITHUB, GITLAB = (yaml.safe_load(text) for language, text in BLOCKS if language == "yaml")
NUMBERS = {
    "GITHUB_REF_NAME": "12/merge",
    "GITHUB_SHA": "5f0e415a2e5f68efd82284cfbc5790e8a42",
    "GITHUB_RUN_ID": "1001",
    "GITHUB_RUN_ATTEMPT": "1",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_COMMIT_SHORT_SHA": "5f0e415",
    "CI_JOB_ID": "2002",
}


@pytest.fixture(scope="module")
def runner(portal_url, tmp_path_factory):
    """`runner(lines, **numbers)`: a CI's shell in a checkout, signed in as the pipeline."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "infra").mkdir()
    (folder / "infra" / "main.tf").write_text(CODE)
    (folder / "bin").mkdir()
    shim = folder / "bin" / "gantry"
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m cli "$@"\n')
    shim.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if "GANTRY" not in name}

    def run(lines, token, **numbers):
        environment = kept | NUMBERS | numbers
        environment |= {
            "GANTRY_URL": portal_url,
            "GANTRY_TOKEN": token,
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return done

    run.folder = folder
    return run


@pytest.fixture(scope="module")
def pipeline(runner, ada):
    """The token of the pipeline, made as the page says; the demo brings the workspace prod."""
    if not any(each["name"] == "web" for each in ada.get("/projects/shop/stacks")["items"]):
        source = ada.upload("shop", {"main.tf": CODE})
        ada.post("/projects/shop/stacks", {"name": "web", "source": source})
    done = runner(SHELL[0], ada.token)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def steps(job):
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


def test_github_previews_a_pull_request_and_applies_a_merge(runner, pipeline, ada):
    jobs = GITHUB["jobs"]

    preview = runner(steps(jobs["preview"]), pipeline)
    assert preview.returncode == 0, preview.stderr
    assert "create  terraform_data.thing[0]" in (runner.folder / "summary.md").read_text()

    again = runner(steps(jobs["preview"]), pipeline)
    assert again.returncode == 0, again.stderr
    previews = ada.get("/runs?project=shop&workspace=prod&type=preview")["items"]
    assert len(previews) == 1

    apply = runner(steps(jobs["apply"]), pipeline)
    assert apply.returncode == 0, apply.stderr
    [applied] = ada.get("/runs?project=shop&workspace=prod&type=apply")["items"]
    assert applied["state"] == "finished"
    assert applied["created_by"]["name"] == "ci"


def test_gitlab_does_the_same(runner, pipeline):
    for job in ("preview", "apply"):
        done = runner("\n".join(GITLAB[job]["script"]), pipeline, CI_JOB_ID=f"300-{job}")
        assert done.returncode == 0, done.stderr
    assert (runner.folder / "changes.json").read_text().startswith("{")


def test_the_lines_for_any_other_work_too(runner, pipeline):
    for line in SHELL[1].splitlines():
        done = runner(line, pipeline)
        assert done.returncode == 0, (line, done.stderr)


def test_drift_ends_a_nightly_job_with_10(runner, pipeline):
    [line] = re.findall(r"`(gantry run create [^`]*--fail-on-changes)`", PAGE)
    for command in (steps(GITHUB["jobs"]["preview"]), steps(GITHUB["jobs"]["apply"])):
        assert runner(command, pipeline).returncode == 0

    assert runner(line, pipeline).returncode == 0
    (runner.folder / "infra" / "main.tf").write_text(CODE.replace("default = 1", "default = 2"))
    assert runner(f"{line} --local infra", pipeline).returncode == 10


def test_the_recipes_are_whole_pipelines():
    assert set(GITHUB["jobs"]) == {"preview", "apply"}
    assert all(GITLAB[job]["script"] for job in GITLAB["stages"])
