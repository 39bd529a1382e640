"""The fake engine plays a whole run, quickly."""

import json

import pytest

from engines.fake import Fake


@pytest.fixture
def fake_run(new_run, tmp_path):
    def make(script=None):
        code = tmp_path / "code"
        code.mkdir()
        if script:
            (code / "fake.json").write_text(json.dumps(script))
        return new_run(Fake(), code)

    return make


def test_without_a_script_it_creates_one_thing(fake_run):
    run = fake_run()

    run.up()

    assert run.plan(destroy=False).outcome.has_changes
    assert run.show().facts["summary"]["add"] == 1
    assert run.state().serial == 1


def test_it_says_what_the_script_says_and_fails_as_it_fails(fake_run):
    error = {"severity": "error", "summary": "out of luck"}
    message = {"@message": "x", "type": "diagnostic", "diagnostic": error}
    run = fake_run(
        {"apply": {"output": ["hello", {"print": message}], "exit_code": 1, "state": False}}
    )

    applied = run.apply()

    assert applied.text.startswith("hello\n")
    assert applied.outcome.failure.text == "out of luck."
    assert not run.engine.state_file(run.context).exists()


def test_each_apply_writes_the_next_serial(fake_run):
    run = fake_run()

    run.up()
    run.apply()

    assert run.state().serial == 2


def test_its_variables_are_refused_as_terraforms_are():
    assert Fake().refused_variable("LD_PRELOAD", "environment")
