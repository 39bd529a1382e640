"""Each tier that this machine can do, against a run that reads what is not its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from config import Settings
from scheduler import isolation, run_numbers, sandbox
from scheduler.isolation import NotIsolated
from scheduler.step import StepSpec
from tests.scheduler.conftest import ENVIRONMENT, is_running
from tests.scheduler.waiting import eventually, text_of

NOBODY = "nobody"
SECRET = "correct horse battery staple"


def possible_tiers():
    """(wanted tier, run user) of all that can be had here; CI has them all."""
    tiers = [("namespaces", None)]
    if os.geteuid() == 0:
        tiers += [("user", NOBODY), ("namespaces", NOBODY)]
    return tiers


@pytest.fixture
def data_dir():
    """A data directory that another user could reach, were it not shut."""
    path = Path(tempfile.mkdtemp(prefix="gantry-isolation-", dir="/tmp"))
    path.chmod(0o755)
    (path / "secret.key").write_text(SECRET)
    (path / "gantry.db").write_text(SECRET)
    yield path
    shutil.rmtree(path)


def chosen(tier, data_dir):
    wanted, user = tier
    readable = () if user else (Path(__file__).parents[1],)
    settings = Settings(data_dir=data_dir, isolation=wanted, run_user=user, run_paths=readable)
    return isolation.choose(settings)


def name_of(tier):
    return "-as-".join(filter(None, tier))


@pytest.fixture(params=possible_tiers(), ids=name_of)
def tier(request, data_dir):
    return chosen(request.param, data_dir)


@pytest.fixture(params=possible_tiers(), ids=name_of)
def other_tier(request, data_dir):
    return chosen(request.param, data_dir)


@pytest.fixture
def step(spawner, tier, data_dir):
    """`step(script, run="run-1")` starts a shell in a run's directory, kept apart by the tier."""
    usual = tier

    def start(script="", *, argv=(), run="run-1", tier=usual, **others):
        work_dir = data_dir / "work" / run
        work_dir.mkdir(mode=0o700, exist_ok=True)
        tier.hand_over(work_dir, data_dir / "providers")
        return spawner.start(
            StepSpec(
                run_id=run,
                epoch=1,
                name="step",
                argv=argv or ("sh", "-c", script),
                step_dir=work_dir / "steps" / f"{time.monotonic_ns()}",
                cwd=work_dir,
                log_path=data_dir / "logs" / f"{run}.log",
                prefix=tier.prefix(work_dir),
                is_sandboxed=tier.bubblewrap is not None,
                env={**ENVIRONMENT, **others.pop("env", {})},
                **others,
            )
        )

    return start


@pytest.fixture
def said(step, data_dir):
    """What a script prints in a run, and how it ends."""

    def say(script, **others):
        with step(script, **others) as handle:
            result = handle.wait(20)
        log = (data_dir / "logs" / f"{others.get('run', 'run-1')}.log").read_text()
        return result.exit_code, log[result.log_start :]

    return say


def test_a_run_works_in_its_own_directory(said, data_dir):
    code, text = said("echo hi > made && cat made && pwd")

    assert (code, text) == (0, f"hi\n{data_dir}/work/run-1\n")
    assert (data_dir / "work/run-1/made").read_text() == "hi\n"


@pytest.mark.parametrize("name", ["secret.key", "gantry.db", "logs/run-1.log", "work/run-2/plan"])
def test_a_run_cannot_read_what_is_the_portals_or_another_runs(name, said, data_dir):
    said("echo theirs > plan", run="run-2")

    code, text = said(f"cat {data_dir / name}")

    assert code != 0
    assert SECRET not in text
    assert "theirs" not in text


def test_a_run_cannot_read_the_portals_environment(said):
    env = {**os.environ, "GANTRY_SECRET_KEY": SECRET}
    with subprocess.Popen([sys.executable, "-c", "input()"], env=env, stdin=-1) as portal:
        _, text = said(f"cat /proc/{portal.pid}/environ /proc/*/environ | tr '\\0' '\\n'")
        portal.communicate(b"\n")

    assert SECRET not in text
    assert "GANTRY_STEP=" in text  # Its own, at least, it can read.


def test_a_run_cannot_look_into_another_run_at_work(step, said, other_tier, data_dir):
    # Whatever tier that one is in: it may have begun before the settings were changed, or be
    # another portal's. A user may look into every namespace of users that he has made himself.
    script = "echo begun; sleep 30"
    with step(script, run="run-2", tier=other_tier, env={"TOKEN": SECRET}) as other:
        eventually(lambda: "begun" in text_of(data_dir / "logs/run-2.log"))

        _, text = said("cat /proc/[0-9]*/environ /proc/[0-9]*/cwd/* 2>/dev/null | tr '\\0' '\\n'")

        other.kill()
        other.wait(10)
    assert SECRET not in text


def test_a_run_cannot_look_into_a_run_that_is_just_starting(step, tier, data_dir):
    looking = "while :; do cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; done"
    with step(f"echo begun; {looking}", run="run-1") as spy:
        eventually(lambda: "begun" in text_of(data_dir / "logs/run-1.log"))

        for _ in range(25):
            with step("true", run="run-2", env={"TOKEN": SECRET}) as other:
                other.wait(10)

        spy.kill()
        spy.wait(10)
    assert SECRET not in text_of(data_dir / "logs/run-1.log")


def test_a_run_cannot_signal_another_run(step, said, data_dir):
    with step("echo begun; sleep 30; echo over", run="run-2") as other:
        eventually(lambda: "begun" in text_of(data_dir / "logs/run-2.log"))

        said("kill -9 -1")

        still_there = other.alive
        other.kill()
        other.wait(10)
    assert still_there


def test_a_run_cannot_read_what_another_leaves_in_a_shared_place(said):
    with tempfile.TemporaryDirectory(prefix="gantry-shared-", dir="/tmp") as shared:
        Path(shared).chmod(0o1777)
        said(f"umask 077; echo {SECRET} > {shared}/token", run="run-2")

        _, text = said(f"cat {shared}/token")

    assert SECRET not in text


def test_each_run_with_a_user_of_its_own_has_a_number_of_its_own(data_dir):
    numbers = set()
    for name in range(50):
        work_dir = data_dir / "work" / f"run-{name}"
        work_dir.mkdir(parents=True)
        numbers.add(run_numbers.allot(work_dir))
        assert run_numbers.of(work_dir) in numbers

    assert len(numbers) == 50


def test_a_number_that_is_taken_is_not_given_out_again(data_dir):
    work = data_dir / "work"
    for name in ("run-1", "run-2"):
        (work / name).mkdir(parents=True)
    first = run_numbers.allot(work / "run-1")
    (work / "run-1").rename(work / "run-0")
    (work / "run-1").mkdir()

    assert run_numbers.allot(work / "run-1") == first + 1


def test_a_run_cannot_touch_what_the_portal_keeps_of_it(said, data_dir):
    _, text = said("cat steps/*/*; rm -rf steps changes; mv steps stolen; ls -la")

    assert "exit_code" not in text
    assert not (data_dir / "work/run-1/stolen").exists()
    assert list((data_dir / "work/run-1/steps").iterdir())


def test_output_that_is_data_never_follows_a_link_a_run_has_laid(said, data_dir):
    said("ln -s ../../secret.key plan.json")

    said("echo overwritten", stdout_file=data_dir / "work/run-1/plan.json")

    assert (data_dir / "secret.key").read_text() == SECRET


def test_an_interrupt_is_answered_by_the_program_itself(step, data_dir):
    with step("trap 'echo saved; exit 7' INT; echo begun; while :; do sleep 0.05; done") as handle:
        eventually(lambda: "begun" in text_of(data_dir / "logs/run-1.log"))

        handle.interrupt()
        result = handle.wait(10)

    assert (result.exit_code, result.killed) == (7, False)
    assert "saved" in (data_dir / "logs/run-1.log").read_text()


@pytest.mark.parametrize("attempt", range(5))
def test_an_interrupt_is_never_too_early(attempt, step):
    # Not by a shell: dash itself loses an interrupt that comes while it starts its command.
    with step(argv=("sleep", "30")) as handle:
        time.sleep(attempt * 0.003)

        handle.interrupt()
        result = handle.wait(10)

    assert (result.killed, result.return_code in {-2, 130}) == (False, True)


def test_a_kill_leaves_nothing(step, data_dir):
    script = "setsid sh -c 'sleep 987654' & (sleep 987655 &) ; echo begun; sleep 987656"
    with step(script) as handle:
        eventually(lambda: len(_sleepers()) == 3)
        before = _sleepers()

        handle.kill()
        handle.wait(10)

    eventually(lambda: not any(map(is_running, before)))


def test_an_end_leaves_nothing(said):
    code, _ = said("setsid sleep 987657 & exit 0")

    assert code == 0
    eventually(lambda: not _sleepers())


def test_a_run_gains_no_rights(said):
    _, text = said("grep -E 'NoNewPrivs|CapEff|CapBnd' /proc/self/status")

    assert "NoNewPrivs:\t1" in text
    assert "CapEff:\t0000000000000000" in text


def test_what_is_asked_for_and_cannot_be_had_stops_the_start(data_dir):
    cases = {
        "GANTRY_RUN_USER": Settings(data_dir=data_dir, isolation="user"),
        "contradict": Settings(data_dir=data_dir, isolation="none", run_user=NOBODY),
        "nobody here knows": Settings(data_dir=data_dir, run_user="no-such-user"),
        "must not be root": Settings(data_dir=data_dir, run_user="root"),
    }
    for words, settings in cases.items():
        with pytest.raises(NotIsolated, match=words):
            isolation.choose(settings)


def test_a_sandbox_that_does_not_work_is_named_and_never_passed_over(data_dir, monkeypatch):
    monkeypatch.setattr(sandbox, "_ISOLATED", ("--no-such-option",))

    with pytest.raises(NotIsolated, match="bubblewrap does not work here"):
        isolation.choose(Settings(data_dir=data_dir, isolation="namespaces"))
    found = isolation.choose(Settings(data_dir=data_dir))

    assert (found.tier, found.label) == ("none", "process group")
    assert "bubblewrap does not work here" in found.shortfall


def _sleepers():
    found = subprocess.run(
        ["pgrep", "-f", "^sleep 98765"], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]
