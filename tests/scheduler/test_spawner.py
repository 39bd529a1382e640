"""Starting steps and what comes back: results, logs, secrets, files, limits."""

import hashlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from lib.log_file import LogReader, LogWriter
from scheduler import step
from scheduler.spawner import Spawner, StepNotStarted
from scheduler.step import Limits, StepSpec
from tests.scheduler.waiting import eventually, text_of


def test_a_step_runs_and_its_output_is_the_log(spawner, shell):
    spec = shell("echo out; echo err >&2; exit 3")

    result = spawner.start(spec).wait(10)

    assert (result.exit_code, result.signal, result.return_code) == (3, None, 3)
    assert spec.log_path.read_bytes() == b"out\nerr\n"
    assert (result.log_start, result.log_end) == (0, 8)
    assert result.started_at <= result.finished_at
    assert (result.interrupted_at, result.killed, result.timed_out) == (None, False, False)


def test_a_step_s_place_in_the_log_follows_what_is_there(spawner, shell):
    first = shell("echo first", name="a")
    spawner.start(first).wait(10)
    second = shell("echo second", name="b", log_path=first.log_path)

    result = spawner.start(second).wait(10)

    assert first.log_path.read_bytes() == b"first\nsecond\n"
    assert (result.log_start, result.log_end) == (6, 13)


def test_a_line_is_in_the_log_at_once(spawner, shell):
    spec = shell("echo now; sleep 5")
    handle = spawner.start(spec)

    eventually(lambda: text_of(spec.log_path) == "now\n", within_s=2)

    handle.kill()
    assert handle.wait(10).signal == signal.SIGKILL


def test_wait_gives_up_after_its_time_and_can_be_repeated(spawner, shell):
    handle = spawner.start(shell("sleep 0.5"))

    assert handle.wait(0.05) is None
    eventually(lambda: handle.alive)  # The first step waits for the zygote to be there.
    assert handle.wait(10).exit_code == 0
    assert handle.wait(0).exit_code == 0
    eventually(lambda: not handle.alive)  # The keeper outlives its record by a moment.


def test_a_program_that_is_not_there_is_said_in_the_log(spawner, make_spec):
    spec = make_spec("no-such-program")

    result = spawner.start(spec).wait(10)

    assert result.exit_code == 127
    text = "gantry: no-such-program could not be started: it is not on the PATH\n"
    assert spec.log_path.read_text() == text


def test_the_program_is_looked_for_on_the_step_s_own_path(spawner, make_spec, tmp_path):
    program = tmp_path / "bin" / "mine"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho mine\n")
    program.chmod(0o755)
    spec = make_spec("mine", env={"PATH": str(program.parent)})

    spawner.start(spec).wait(10)

    assert spec.log_path.read_text() == "mine\n"


def test_the_engine_gets_only_its_own_environment(spawner, make_spec):
    spec = make_spec("env", env={"COLOUR": "blue"})

    spawner.start(spec).wait(10)

    names = {line.split("=")[0] for line in spec.log_path.read_text().splitlines()}
    assert names == {"PATH", "COLOUR", "GANTRY_STEP"}


def test_the_engine_finds_signals_and_descriptors_as_a_shell_gives_them(spawner, shell):
    spec = shell("grep Sig /proc/self/status; ls /proc/self/fd")

    spawner.start(spec).wait(10)

    fields = dict(
        line.split(":\t") for line in spec.log_path.read_text().splitlines() if ":" in line
    )
    descriptors = [line for line in spec.log_path.read_text().splitlines() if line.isdigit()]
    assert int(fields["SigIgn"], 16) & 0x7FFFFFFF == 0  # Above 31 are glibc's own.
    assert int(fields["SigBlk"], 16) == 0
    assert descriptors == ["0", "1", "2", "3"]  # The last is ls's own.


def test_stdout_can_go_to_a_file_and_stderr_to_the_log(spawner, shell, tmp_path):
    spec = shell("echo data; echo warning >&2", stdout_file=tmp_path / "plan.json")

    spawner.start(spec).wait(10)

    assert (tmp_path / "plan.json").read_text() == "data\n"
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o600
    assert spec.log_path.read_text() == "warning\n"


def test_secrets_reach_neither_log_nor_disk(spawner, shell, tmp_path):
    secret = "correct-horse-battery"
    spec = shell(
        "printf correct-; sleep 0.1; echo horse-battery; echo $PASSWORD",
        env={"PASSWORD": secret},
        secrets=(secret,),
    )

    result = spawner.start(spec).wait(10)

    assert spec.log_path.read_bytes() == b"[secret]\n[secret]\n"
    kept = [p for p in tmp_path.rglob("*") if p.is_file() and p.name != step.OUTPUT]
    assert not [path for path in kept if secret.encode() in path.read_bytes()]
    assert secret not in repr(spec) + repr(result)


def test_two_hundred_thousand_lines_arrive_exactly(spawner, shell):
    spec = shell("seq -f 'line %.0f: the quick brown fox jumps over the lazy dog' 200000")
    expected = hashlib.sha256()
    for number in range(1, 200_001):
        expected.update(b"line %d: the quick brown fox jumps over the lazy dog\n" % number)

    spawner.start(spec).wait(30)

    with LogReader(spec.log_path) as log:
        assert log.line_count == 200_000
    assert hashlib.sha256(spec.log_path.read_bytes()).digest() == expected.digest()


def test_fifty_steps_at_once_all_end(spawner, shell):
    specs = [shell(f"echo {number}", name=f"step-{number}") for number in range(50)]
    results = {}

    def run(spec):
        results[spec.name] = spawner.start(spec).wait(30)

    threads = [threading.Thread(target=run, args=(spec,)) for spec in specs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {result.exit_code for result in results.values()} == {0}
    assert [s.log_path.read_text() for s in specs] == [f"{number}\n" for number in range(50)]


def test_limits_hold_in_the_engine(spawner, shell):
    spec = shell("ulimit -n; ulimit -c; ulimit -f", limits=Limits(open_files=99, file_bytes=10240))

    spawner.start(spec).wait(10)

    assert spec.log_path.read_text().split() == ["99", "0", "20"]


def test_an_engine_is_started_once_per_directory(spawner, shell, tmp_path):
    spec = shell("echo started >> starts; sleep 0.2")

    handles = [spawner.start(spec), spawner.start(spec)]

    assert {handle.wait(10).exit_code for handle in handles} == {0}
    assert (tmp_path / "starts").read_text() == "started\n"
    assert spec.log_path.read_bytes() == b""


def test_adopting_what_was_never_started_is_refused(spawner, shell):
    spec = shell("echo hi")

    with pytest.raises(StepNotStarted):
        spawner.adopt(spec)


def test_a_dead_zygote_is_replaced(tmp_path, shell):
    with Spawner(tmp_path / "data") as spawner:
        spawner.start(shell("true", name="before")).wait(10)
        os.kill(spawner.zygote_pid, signal.SIGKILL)

        result = spawner.start(shell("echo after", name="after")).wait(10)

        assert result.exit_code == 0


def test_the_zygote_ends_with_its_portal(tmp_path, shell):
    spawner = Spawner(tmp_path / "data")
    handle = spawner.start(shell("sleep 0.3"))
    eventually(lambda: handle.alive)
    pid = spawner.zygote_pid

    spawner.close()

    assert not Path(f"/proc/{pid}").exists()
    assert handle.wait(10).exit_code == 0


def test_a_specification_survives_its_journey(make_spec, tmp_path):
    spec = make_spec(
        "a", "ü", secrets=("x" * 8,), stdout_file=tmp_path / "f", collect=("plan", {"dir": "d"}),
        ok_codes=frozenset({0, 2}), limits=Limits(processes=5), max_duration_s=1.5,
    )  # fmt: skip

    assert StepSpec.from_json(spec.to_json()) == spec


def test_a_failing_collector_is_told_and_leaves_its_trace_in_the_log(spawner, shell):
    spec = shell("echo hi", collect=("no-such-collector", {}))

    result = spawner.start(spec).wait(10)

    assert result.exit_code == 0
    assert result.collect_error
    assert spec.log_path.read_text().startswith("hi\nTraceback")


def test_a_full_disk_is_told_and_stops_nothing(spawner, shell, small_disk):
    spec = shell(
        "seq 1 200000; : > $FULL; echo done >> finished; sleep 0.5; echo room again",
        log_path=small_disk / "run.log",
        env={"FULL": str(small_disk / "ballast")},
    )
    (small_disk / "ballast").write_bytes(bytes(300_000))

    result = spawner.start(spec).wait(20)

    text = spec.log_path.read_text()
    stored, _, rest = text.partition("\n[gantry: ")
    produced = "".join(f"{n}\n" for n in range(1, 200_001)) + "room again\n"
    assert result.exit_code == 0
    assert (spec.cwd / "finished").exists()
    assert rest.startswith(f"{result.missing_log_bytes} bytes of the log are missing here")
    after = rest.partition("]\n")[2]
    assert produced.startswith(stored)
    assert produced.endswith(after)
    assert len(stored) + result.missing_log_bytes + len(after) == len(produced)


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(place)], check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_log_writer_is_waited_for(spawner, shell):
    spec = shell("echo second")
    with LogWriter(spec.log_path) as log:
        handle = spawner.start(spec)
        time.sleep(0.05)
        log.write(b"first\n")

    assert handle.wait(10).log_start == 6
    assert spec.log_path.read_bytes() == b"first\nsecond\n"
