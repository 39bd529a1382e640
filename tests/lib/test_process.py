"""Running a program: its end, its limits, and what it may not see."""

import sys
import time
from pathlib import Path

import pytest

from lib import process

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture
def run(tmp_path):
    def run_in_tmp(*argv, env=PATH, timeout_s=10, limit_bytes=100_000, stdin=None):
        return process.run(
            list(argv),
            cwd=tmp_path,
            env=env,
            timeout_s=timeout_s,
            limit_bytes=limit_bytes,
            stdin=stdin,
        )

    return run_in_tmp


def is_alive(pid):
    """Whether `pid` still runs; a zombie that nobody has reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def is_gone_soon(pid):
    """Whether `pid` ends in a moment: a kill takes effect a little after it was sent."""
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(pid)


def count_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_both_outputs_and_the_exit_code_come_back(run):
    finished = run("sh", "-c", "echo out; echo err >&2; exit 3")

    assert (finished.exit_code, finished.stdout, finished.stderr) == (3, b"out\n", b"err\n")
    assert not finished.succeeded
    assert not finished.timed_out
    assert not finished.truncated


def test_exit_code_zero_is_a_success(run):
    assert run("true").succeeded


def test_the_signal_that_ended_it_is_a_negative_exit_code(run):
    assert run("sh", "-c", "kill -TERM $$").exit_code == -15


def test_nothing_is_inherited_from_the_environment(run, monkeypatch):
    monkeypatch.setenv("GANTRY_SECRET_KEY", "not for children")

    finished = run("/usr/bin/env", env={"ONLY": "this"})

    assert finished.stdout == b"ONLY=this\n"


def test_arguments_are_not_read_by_a_shell(run):
    assert run("echo", "$HOME; `id` | *").stdout == b"$HOME; `id` | *\n"


def test_a_line_for_a_shell_is_refused(tmp_path):
    with pytest.raises(TypeError, match="list"):
        process.run("echo hi", cwd=tmp_path, env={}, timeout_s=1, limit_bytes=1)


def test_input_reaches_the_program(run):
    assert run("cat", stdin=b"x" * 90_000).stdout == b"x" * 90_000


def test_without_input_it_reads_an_end(run):
    assert run("cat").stdout == b""


def test_a_program_past_its_time_is_killed_with_its_children(run):
    begun = time.monotonic()

    finished = run("sh", "-c", "sleep 60 & echo $!; wait", timeout_s=0.3)

    assert finished.timed_out
    assert not finished.succeeded
    assert time.monotonic() - begun < 5
    assert is_gone_soon(int(finished.stdout))


def test_what_it_had_written_before_the_timeout_is_kept(run):
    assert run("sh", "-c", "echo so far; sleep 60", timeout_s=0.3).stdout == b"so far\n"


def test_children_left_behind_are_killed_and_not_waited_for(run):
    begun = time.monotonic()

    finished = run("sh", "-c", "sleep 60 & echo $!")

    assert finished.succeeded
    assert time.monotonic() - begun < 5
    assert is_gone_soon(int(finished.stdout))


def test_a_child_that_left_the_session_does_not_hold_up_the_end(run):
    begun = time.monotonic()

    finished = run("sh", "-c", "setsid sleep 4 & exit 0")

    assert finished.succeeded
    assert time.monotonic() - begun < 3.5


def test_output_beyond_the_limit_is_read_and_dropped(run):
    finished = run(sys.executable, "-c", "print('x' * 3_000_000)", limit_bytes=1000)

    assert finished.stdout == b"x" * 1000
    assert finished.truncated
    assert finished.succeeded


def test_output_that_just_fits_is_not_truncated(run):
    finished = run("printf", "1234", limit_bytes=4)

    assert finished.stdout == b"1234"
    assert not finished.truncated


def test_a_program_that_is_not_there_is_named(run):
    with pytest.raises(process.CannotStart, match="“no-such-program” could not be started"):
        run("no-such-program")


def test_no_descriptor_is_leaked(run):
    run("true")
    before = count_descriptors()

    for _ in range(5):
        run("sh", "-c", "cat", stdin=b"x")

    assert count_descriptors() == before


def test_a_file_cannot_grow_beyond_its_limit(run, tmp_path):
    writer = ["sh", "-c", "head -c 100000 /dev/zero > big; echo $?"]

    run(*process.with_file_limit(writer, 10_240))

    assert (tmp_path / "big").stat().st_size <= 10_240


def test_the_file_limit_leaves_arguments_alone(run):
    argv = process.with_file_limit(["echo", "$1; a  b", "--", "-n"], 10_240)

    assert run(*argv).stdout == b"$1; a  b -- -n\n"
