"""One scene for the quick set, on SQLite, with a portal at work."""

import random

import pytest

from tests.faults.harness import scene as make_scene
from tests.faults.judge import judge


@pytest.fixture(scope="module")
def module_scene():
    with make_scene() as made:
        yield made


@pytest.fixture
def scene(module_scene):
    """The scene; what the test has left in it is judged."""
    if not module_scene.servers:
        module_scene.start()
    yield module_scene
    found = judge(module_scene)
    module_scene.forget()
    assert found == []


@pytest.fixture
def rng():
    return random.Random(20261127)  # noqa: S311 - the same moments each time
