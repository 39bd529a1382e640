"""A spawner with its data directory, and specifications of small steps."""

import os
from pathlib import Path

import pytest

from scheduler.spawner import Spawner
from scheduler.step import StepSpec

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture(scope="package")
def package_spawner(tmp_path_factory):
    with Spawner(tmp_path_factory.mktemp("data")) as spawner:
        yield spawner


@pytest.fixture
def spawner(package_spawner):
    return package_spawner


@pytest.fixture
def make_spec(tmp_path):
    def make(*argv: str, name: str = "step", **others) -> StepSpec:
        return StepSpec(
            run_id="run",
            epoch=1,
            name=name,
            step_dir=tmp_path / "steps" / name,
            argv=argv,
            cwd=tmp_path,
            log_path=others.pop("log_path", tmp_path / "logs" / f"{name}.log"),
            env={**ENVIRONMENT, **others.pop("env", {})},
            **others,
        )

    return make


@pytest.fixture
def shell(make_spec):
    def make(script, **others):
        return make_spec("sh", "-c", script, **others)

    return make


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "ZX" and os.getpid() != pid
