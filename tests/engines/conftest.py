"""Runs of steps as a supervisor would do them, without one."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from engines import registry
from engines.base import EngineMissing, PlanOptions, RunContext
from engines.terraform.detection import Detection
from engines.terraform.engine import Terraform
from lib import process
from tests.provider.fixtures import demo_store

__all__ = ["demo_store"]

CONFIGURATIONS = Path(__file__).parents[1] / "configurations"
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclasses.dataclass
class Done:
    """What a step left behind: text for people, diagnostics, exit code, outcome, facts."""

    text: str
    diagnostics: list
    exit_code: int
    outcome: object
    facts: dict | None


class Runner:
    """One run in a directory of its own."""

    def __init__(self, engine, context):
        self.engine = engine
        self.context = context

    def do(self, step):
        done = process.run(
            step.argv,
            cwd=step.cwd,
            env=self.engine.environment(self.context),
            timeout_s=60,
            limit_bytes=50 << 20,
        )
        output = done.stdout + done.stderr
        if step.stdout_file:
            step.stdout_file.write_bytes(done.stdout)
            output = done.stderr
        renderer = registry.renderer(step.renderer)
        text = renderer.feed(output) + renderer.finish()
        facts = None
        if step.collect and done.exit_code in step.ok_codes:
            facts = registry.collect(step.collect.name, step.collect.arguments)
        outcome = self.engine.outcome(step.name, done.exit_code, renderer.diagnostics)
        return Done(text.decode(), renderer.diagnostics, done.exit_code, outcome, facts)

    def init(self, **options):
        return self.do(self.engine.init_step(self.context, **options))

    def plan(self, **options):
        return self.do(self.engine.plan_step(self.context, PlanOptions(**options)))

    def show(self):
        return self.do(self.engine.show_step(self.context))

    def apply(self):
        return self.do(self.engine.apply_step(self.context))

    def up(self):
        """Init, plan and apply; every step must end well."""
        for done in (self.init(), self.plan(), self.apply()):
            assert done.outcome.ok, done.text
        return done

    def state(self):
        return self.engine.read_state(self.engine.state_file(self.context).read_bytes())


@pytest.fixture
def new_run(tmp_path):
    """Return a function that lays out a run of an engine over a copy of some code."""

    def make(engine, code, **given):
        work_dir = tmp_path / given.pop("name", "run")
        shutil.copytree(code, work_dir / "src")
        context = RunContext(
            **{
                "installed": engine.installed(),
                "work_dir": work_dir,
                "code_dir": work_dir / "src",
                "path_in_code": "",
                "workspace_slug": "prod",
                "plugin_mirror": tmp_path / "providers",
                **given,
            }
        )
        engine.prepare(context)
        return Runner(engine, context)

    return make


@pytest.fixture(params=["native", "bundled"])
def terraform(request):
    """Return the engine as it is with a terraform on PATH, and without any."""
    path = SEARCH_PATH if request.param == "native" else "/nonexistent"
    engine = Terraform(Detection(None, path))
    try:
        installed = engine.installed()
    except EngineMissing:
        installed = None
    if installed is None or installed.bundled != (request.param == "bundled"):
        pytest.skip(f"this machine has no {request.param} terraform")
    return engine


@pytest.fixture
def configured_run(terraform, new_run):
    """Return a function that starts a run over one of tests/configurations."""
    return lambda name, **given: new_run(terraform, CONFIGURATIONS / name, **given)
