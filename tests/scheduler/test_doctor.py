"""What `gantry doctor` finds of processes: those that ended runs have left, and no others."""

import subprocess

import pytest

from lib.procfs import identify
from models.base import db
from models.run_state import RunState
from scheduler import doctor, step
from tests import factories


@pytest.fixture
def process():
    """A process that lives until the test is over."""
    with subprocess.Popen(["sleep", "600"]) as alive:
        yield alive
        alive.kill()


@pytest.fixture
def recorded(world, tmp_path, process):
    """`recorded(state)`: a run in this state, the record of whose step names the process."""

    def record(state):
        run = factories.run(world.deployment(), state=state)
        db.session.commit()
        folder = tmp_path / "work" / run.id / "steps" / "04-apply"
        folder.mkdir(parents=True)
        who = identify(process.pid)
        step.write_record(folder / step.ENGINE, {"keeper": who, "engine": who})
        return run

    return record


def test_a_process_that_an_ended_run_has_left_is_named_with_its_run(recorded, tmp_path, process):
    run = recorded(RunState.FAILED)

    finding = doctor.leftovers_of(tmp_path)

    assert not finding.is_well
    assert f"{run.id} (process {process.pid})" in finding.text
    assert "settle" in finding.mend


def test_a_process_of_a_run_that_is_gone_is_left_too(recorded, tmp_path, process):
    run = recorded(RunState.FAILED)
    db.session.delete(run)
    db.session.commit()

    assert not doctor.leftovers_of(tmp_path).is_well


def test_the_process_of_a_run_at_work_is_no_leftover(recorded, tmp_path):
    recorded(RunState.APPLYING)

    assert doctor.leftovers_of(tmp_path).is_well


def test_a_process_that_has_ended_is_no_leftover(recorded, tmp_path, process):
    recorded(RunState.FAILED)
    process.kill()
    process.wait()

    assert doctor.leftovers_of(tmp_path).is_well


def test_another_process_with_the_same_id_is_no_leftover(recorded, tmp_path, process):
    run = recorded(RunState.FAILED)
    who = identify(process.pid)
    record = tmp_path / "work" / run.id / "steps" / "04-apply" / step.ENGINE
    step.write_record(record, {"engine": who._replace(start_ticks=who.start_ticks - 1)})

    assert doctor.leftovers_of(tmp_path).is_well


@pytest.mark.parametrize("written", ["", "{", "[]", '{"engine": null}', '{"engine": [1, 2, 3]}'])
def test_a_record_that_cannot_be_read_stops_no_doctor(recorded, tmp_path, written):
    run = recorded(RunState.FAILED)
    record = tmp_path / "work" / run.id / "steps" / "04-apply" / step.ENGINE
    record.write_text(written)

    assert doctor.leftovers_of(tmp_path).is_well
