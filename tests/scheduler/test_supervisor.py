"""What survives what: supervisors and portals that die, steps that are stopped."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lib.procfs import Identity
from scheduler import step
from scheduler.spawner import Spawner, StepTakenOver
from scheduler.step import StepSpec
from tests.scheduler.conftest import is_running
from tests.scheduler.waiting import eventually, text_of

COUNT = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line $i; sleep 0.002; done"
# In small steps: a shell answers its trap only between two commands.
A_WHILE = "i=0; while [ $i -lt 25 ]; do sleep 0.02; i=$((i+1)); done"
COUNTED = "".join(f"line {number}\n" for number in range(1, 301))
ROOT = Path(__file__).resolve().parents[2]


def supervisor_of(spec):
    record = step.supervisor_record(spec.step_dir)
    return Identity(*record["process"]) if record else None


def engine_of(spec):
    record = eventually(lambda: step.read_record(spec.step_dir / step.ENGINE))
    return Identity(*record["engine"])


def test_a_supervisor_killed_again_and_again_leaves_no_gap_and_no_repeat(spawner, shell):
    spec = shell(COUNT)
    handle = spawner.start(spec)
    for size in (200, 1200, 2000):
        eventually(lambda size=size: len(text_of(spec.log_path)) > size)
        os.kill(supervisor_of(spec).pid, signal.SIGKILL)
        handle.wait(0.15)

    result = handle.wait(20)

    assert result.exit_code == 0
    assert spec.log_path.read_text() == COUNTED
    assert (result.log_start, result.log_end) == (0, len(COUNTED))


def test_a_masked_log_is_continued_in_the_middle_of_a_secret(spawner, shell):
    spec = shell("printf abc; sleep 0.5; echo defgh", secrets=("abcdefgh",))
    handle = spawner.start(spec)
    eventually(lambda: text_of(spec.step_dir / step.OUTPUT) == "abc")
    os.kill(supervisor_of(spec).pid, signal.SIGKILL)

    handle.wait(10)

    assert spec.log_path.read_bytes() == b"[secret]\n"


def test_a_frozen_supervisor_is_replaced_on_adoption(spawner, shell, tmp_path):
    spec = shell(COUNT)
    abandoned = spawner.start(spec)
    eventually(lambda: len(text_of(spec.log_path)) > 100)
    frozen = supervisor_of(spec)
    os.kill(frozen.pid, signal.SIGSTOP)

    with Spawner(tmp_path / "other") as other:
        result = other.adopt(spec).wait(20)

    assert not frozen.is_alive
    assert spec.log_path.read_text() == COUNTED
    assert result.exit_code == 0
    abandoned.close()


def test_a_frozen_supervisor_of_a_later_step_does_not_keep_the_log_from_who_adopts(
    spawner, shell, tmp_path
):
    log_path = tmp_path / "run.log"
    first = shell("echo planned", name="02-plan", log_path=log_path)
    with spawner.start(first) as handle:
        handle.wait(10)
    later = shell("echo shown; sleep 30", name="03-show", log_path=log_path)
    abandoned = spawner.start(later)
    eventually(lambda: "shown" in text_of(log_path))
    frozen = supervisor_of(later)
    os.kill(frozen.pid, signal.SIGSTOP)

    with Spawner(tmp_path / "other") as other:
        again = other.adopt(first).wait(10)
        rest = other.adopt(later)
        rest.kill()
        assert rest.wait(10).killed

    assert again.exit_code == 0
    assert not frozen.is_alive
    assert log_path.read_text() == "planned\nshown\n"
    abandoned.close()


def test_who_lost_a_step_to_another_portal_is_told(spawner, shell, tmp_path):
    spec = shell("sleep 0.6; echo end")
    abandoned = spawner.start(spec)
    eventually(lambda: abandoned.alive)

    with Spawner(tmp_path / "other") as other:
        adopted = other.adopt(spec)
        eventually(lambda: (s := supervisor_of(spec)) and s.is_alive)
        eventually(lambda: step.supervisor_record(spec.step_dir)["owner"] == other.owner)

        with pytest.raises(StepTakenOver):
            abandoned.wait(5)

        assert adopted.wait(10).exit_code == 0
    abandoned.close()


def start_in_another_process(spec: StepSpec, data_dir: Path) -> subprocess.Popen:
    program = (
        "import sys; from pathlib import Path; from scheduler.spawner import Spawner;"
        "from scheduler.step import StepSpec;"
        "handle = Spawner(Path(sys.argv[1])).start(StepSpec.from_json(sys.stdin.buffer.read()));"
        "handle.wait()"
    )
    portal = subprocess.Popen(
        [sys.executable, "-c", program, str(data_dir)], cwd=ROOT, stdin=subprocess.PIPE
    )
    assert portal.stdin
    portal.stdin.write(spec.to_json())
    portal.stdin.close()
    return portal


@pytest.mark.parametrize("is_over", [False, True], ids=["in flight", "after the end"])
def test_a_portal_that_dies_changes_nothing_for_the_engine(spawner, shell, tmp_path, is_over):
    spec = shell(COUNT)
    portal = start_in_another_process(spec, tmp_path / "data")
    eventually(lambda: len(text_of(spec.log_path)) > 100)
    portal.kill()
    portal.wait()
    if is_over:
        eventually(lambda: step.read_record(spec.step_dir / step.EXIT))

    result = spawner.adopt(spec).wait(20)

    assert result.exit_code == 0
    assert spec.log_path.read_text() == COUNTED


def test_an_interrupt_is_sent_once_and_lets_the_engine_finish(spawner, shell):
    spec = shell(f'trap "echo interrupted" INT; {A_WHILE}; echo bye')
    handle = spawner.start(spec)
    eventually(lambda: handle.alive)
    time.sleep(0.1)

    handle.interrupt()
    handle.interrupt()
    result = handle.wait(10)

    assert spec.log_path.read_text() == "interrupted\nbye\n"
    assert result.exit_code == 0
    assert result.started_at < result.interrupted_at < result.finished_at
    assert not result.killed


def test_an_interrupt_is_honoured_by_the_next_supervisor_but_never_twice(spawner, shell):
    spec = shell(f'trap "echo interrupted" INT; echo ready; {A_WHILE}')
    handle = spawner.start(spec)
    eventually(lambda: text_of(spec.log_path) == "ready\n")
    os.kill(supervisor_of(spec).pid, signal.SIGKILL)
    handle.interrupt()
    handle.wait(0.1)
    eventually(lambda: step.read_record(spec.step_dir / step.LADDER))
    os.kill(supervisor_of(spec).pid, signal.SIGKILL)

    result = handle.wait(10)

    assert spec.log_path.read_text() == "ready\ninterrupted\n"
    assert result.interrupted_at


def test_who_does_not_stop_is_killed_after_the_grace(spawner, shell):
    spec = shell("trap '' INT; echo ready; sleep 30", stop_grace_s=0.2)
    handle = spawner.start(spec)
    eventually(lambda: text_of(spec.log_path) == "ready\n")

    handle.interrupt()
    result = handle.wait(10)

    assert (result.signal, result.killed, result.timed_out) == (signal.SIGKILL, True, False)
    assert result.return_code == -signal.SIGKILL


def test_a_step_that_takes_too_long_is_interrupted_and_then_killed(spawner, shell):
    spec = shell("trap '' INT; sleep 30", max_duration_s=0.2, timeout_grace_s=0.2)

    result = spawner.start(spec).wait(10)

    assert (result.killed, result.timed_out) == (True, True)
    assert result.interrupted_at


def test_a_step_that_heeds_the_interrupt_of_its_time_limit_is_not_killed(spawner, shell):
    result = spawner.start(shell("exec sleep 30", max_duration_s=0.2)).wait(10)

    assert (result.signal, result.killed, result.timed_out) == (signal.SIGINT, False, True)


def test_who_adopts_a_step_does_not_change_its_time_limit(spawner, shell):
    spec = shell("sleep 0.4", max_duration_s=60)
    abandoned = spawner.start(spec)
    eventually(lambda: abandoned.alive)

    result = spawner.adopt(replace(spec, max_duration_s=0.01)).wait(10)

    assert (result.exit_code, result.timed_out) == (0, False)
    abandoned.close()


HIDERS = """
setsid sleep 60 & echo $!
(sleep 60 & echo $!)
python3 -c '
import os, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
print(os.getpid(), flush=True)
time.sleep(60)'
"""


@pytest.mark.parametrize("how", ["normal end", "kill"])
def test_no_process_of_a_step_survives_it(spawner, shell, how):
    spec = shell(HIDERS + ("sleep 60" if how == "kill" else "sleep 0.1"))
    handle = spawner.start(spec)
    eventually(lambda: len(text_of(spec.log_path).split()) == 3)
    pids = [int(pid) for pid in text_of(spec.log_path).split()]
    if how == "kill":
        assert all(map(is_running, pids))
        handle.kill()

    result = handle.wait(10)

    assert result.killed == (how == "kill")
    assert not [pid for pid in pids if is_running(pid)]


def test_a_kill_is_carried_out_although_the_supervisor_is_frozen(spawner, shell, monkeypatch):
    monkeypatch.setattr("scheduler.spawner.KILL_PATIENCE_S", 0.2)
    spec = shell("sleep 60")
    handle = spawner.start(spec)
    eventually(lambda: handle.alive)
    os.kill(supervisor_of(spec).pid, signal.SIGSTOP)

    handle.kill()

    assert handle.wait(10).killed


def test_without_its_keeper_a_step_is_lost_when_its_engine_has_ended(spawner, shell):
    spec = shell("echo on; sleep 0.4; echo and on")
    handle = spawner.start(spec)
    engine_of(spec)
    keeper = Identity(*step.read_record(spec.step_dir / step.ENGINE)["keeper"])
    keeper.send(signal.SIGKILL)

    result = handle.wait(10)

    assert result.is_lost
    assert result.return_code is None
    assert spec.log_path.read_text() == "on\nand on\n"


def test_a_step_of_a_machine_that_went_down_is_lost_at_once(spawner, shell):
    spec = shell("true")
    spec.step_dir.mkdir(parents=True)
    gone = Identity(2**22 - 3, 1)
    start = {"marker": "00", "log_start": 0, "started_at": 1.0, "started_mono": 0.0}
    start |= {"process": gone, "owner": "nobody", "max_duration_s": None}
    step.write_record(spec.step_dir / step.START, start)
    step.write_record(spec.step_dir / step.ENGINE, {"keeper": gone, "engine": gone})

    result = spawner.adopt(spec).wait(5)

    assert result.is_lost


def test_an_early_interrupt_always_ends_the_engine(spawner, make_spec):
    for number in range(25):
        handle = spawner.start(make_spec("sleep", "20", name=f"early-{number}"))
        time.sleep(number * 0.0004)
        handle.interrupt()

        result = handle.wait(5)

        assert result is not None, f"interrupt {number} was lost"
        assert (result.signal, result.interrupted_at is not None) == (signal.SIGINT, True)
