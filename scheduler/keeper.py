"""The keeper: parent of one engine process, and the witness of its end.

It does next to nothing, so that nothing can go wrong in it: it starts the engine with its output
going to a file, waits, ends what the engine left behind, and writes the exit record, which alone
is the end of the step. It outlives the portal, the zygote and the supervisor.
"""

import os
import resource
import signal
import traceback
from pathlib import Path
from typing import NoReturn

from lib import clock, procfs
from scheduler import step
from scheduler.step import Limits, StepSpec

CANNOT_START = 127

_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
# What the engine must not inherit as ignored: the above, and what Python or the zygote ignores.
_DEFAULTED = (*_IGNORED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


def run(spec: StepSpec, marker: str) -> NoReturn:
    """Be the keeper: called in a process forked for it, which ends here whatever happens."""
    try:
        _keep(spec, marker)
    except BaseException:  # noqa: BLE001 - nothing above this may run in the forked process.
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _keep(spec: StepSpec, marker: str) -> None:
    """Run the step's engine from start to exit record."""
    os.setsid()
    os.closerange(3, 256)
    procfs.set_name("gantry-keeper")
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    procfs.adopt_orphans()
    output = os.open(spec.step_dir / step.OUTPUT, _APPEND, 0o600)
    try:
        pid = _start(spec, marker, output)
    except OSError as error:
        _explain(spec, output, error)
        _write_exit(spec, CANNOT_START)
        return
    me, engine = procfs.identify(os.getpid()), procfs.identify(pid)
    step.write_record(spec.step_dir / step.ENGINE, {"keeper": me, "engine": engine})
    status = _wait(pid)
    _end_orphans()
    _write_exit(spec, os.waitstatus_to_exitcode(status))


def _start(spec: StepSpec, marker: str, output: int) -> int:
    """Start the engine in a process group of its own; return its id.

    posix_spawn holds every signal back until the engine's own program begins: an early interrupt
    is neither lost nor answered by Python, it ends the engine before it has begun.
    """
    stdout = output
    if spec.stdout_file:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        stdout = os.open(spec.stdout_file, flags, 0o600)
    os.chdir(spec.cwd)
    _limit(spec.limits)
    return os.posix_spawn(
        _program(spec),
        spec.argv,
        {**spec.env, step.MARKER: marker},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
        ],
        setpgroup=0,
        setsigmask=(),
        setsigdef=_DEFAULTED,
    )


def _program(spec: StepSpec) -> str:
    """The file to execute: looked for on the engine's own PATH, never on the portal's."""
    name = spec.argv[0]
    if "/" in name:
        return name
    for folder in spec.env.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    raise FileNotFoundError(2, "it is not on the PATH")


def _limit(limits: Limits) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_NPROC: limits.processes,
    }
    for number, value in wanted.items():
        if value is not None:
            ceiling = resource.getrlimit(number)[1]
            allowed = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
            resource.setrlimit(number, (allowed, allowed))


def _wait(engine: int) -> int:
    """The wait status of the engine; orphans of it that end meanwhile are reaped on the way."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == engine:
            return status


def _end_orphans() -> None:
    """Kill every process the engine left behind, however it detached itself.

    Whatever loses its parent becomes ours, so killing our children until there are none ends all.
    """
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid:
                continue
        except ChildProcessError:
            return
        for child in procfs.children():
            os.kill(child, signal.SIGKILL)
        os.waitpid(-1, 0)


def _write_exit(spec: StepSpec, exit_code: int) -> None:
    record = {
        "exit_code": exit_code if exit_code >= 0 else None,
        "signal": -exit_code if exit_code < 0 else None,
        "finished_at": clock.now().timestamp(),
    }
    step.write_record(spec.step_dir / step.EXIT, record, durable=True)


def _explain(spec: StepSpec, output: int, error: OSError) -> None:
    """Say in the step's output why nothing was started."""
    name = Path(spec.argv[0]).name
    os.write(output, f"gantry: {name} could not be started: {error.strerror}\n".encode())
