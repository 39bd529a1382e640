"""A machine without terraform: the bundled one plans and applies."""

import pytest

from engines.terraform.detection import bundled_library
from services import runs
from services.access import SYSTEM

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("portal-servers")]


@pytest.fixture
def bare_portal(module_portal, monkeypatch, portal):
    """The module's portal, as if nothing were on its PATH."""
    if bundled_library() is None:
        pytest.skip("no engine is bundled for this platform")
    # There is no other way to see it.
    detection = module_portal.app.extensions["gantry_engines"]["terraform"]._detection  # noqa: SLF001
    monkeypatch.setattr(detection, "_search_path", "/nonexistent")
    return portal


def test_the_bundled_engine_plans_applies_and_is_named_on_the_run(bare_portal):
    stack = bare_portal.stack("modules")

    planned = bare_portal.run(stack)
    applied = bare_portal.confirmed(planned)
    destroyed = bare_portal.run(stack, "destroy", auto_apply=True)

    assert (applied.state, destroyed.state) == ("finished", "finished"), applied.error_text
    assert applied.engine_path == "bundled"
    assert applied.engine_version.startswith("terraform 1.")
    assert bare_portal.outputs(applied)["workspace"] == "staging"


def test_a_task_calls_the_bundled_engine_by_its_name(bare_portal):
    stack = bare_portal.stack("checks")

    run = bare_portal.run(stack, "task", command="terraform validate -no-color")

    assert run.state == "finished", bare_portal.log(run)
    assert "Success!" in bare_portal.log(run)


def test_a_plan_is_applied_with_the_version_that_made_it(bare_portal, monkeypatch):
    stack = bare_portal.stack("checks")
    planned = bare_portal.run(stack)
    monkeypatch.undo()

    runs.confirm(SYSTEM, planned.id)
    applied = bare_portal.settled(planned)

    assert applied.state == "finished", applied.error_text
    assert applied.engine_path == "bundled"
