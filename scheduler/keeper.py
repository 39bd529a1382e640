"""The keeper: parent of one engine process, and the witness of its end.

It does next to nothing, so that nothing can go wrong in it: it starts the engine with its output
going to a file, waits, ends what the engine left behind, and writes the exit record, which alone
is the end of the step. It outlives the portal, the zygote and the supervisor.
"""

import fcntl
import os
import resource
import signal
import traceback
from pathlib import Path
from typing import NoReturn

from lib import clock, procfs
from lib.procfs import Identity
from scheduler import sandbox, step
from scheduler.step import Limits, StepSpec

CANNOT_START = 127

_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
# What the engine must not inherit as ignored: the above, and what Python or the zygote ignores.
_DEFAULTED = (*_IGNORED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)
# Above what an engine is given, and what a shell takes for itself.
_FREE_FD = 20
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
        pid, engine = _start(spec, marker, output)
    except OSError as error:
        _explain(spec, output, error)
        _write_exit(spec, CANNOT_START)
        return
    me = procfs.identify(os.getpid())
    step.write_record(spec.step_dir / step.ENGINE, {"keeper": me, "engine": engine})
    status = _wait(pid)
    _end_orphans()
    _write_exit(spec, os.waitstatus_to_exitcode(status))


def _start(spec: StepSpec, marker: str, output: int) -> tuple[int, Identity]:
    """Start the engine; return whom to wait for, and the leader of the engine's process group.

    These are one process, unless the engine is in a sandbox.
    """
    stdout = _new_file(spec.stdout_file) if spec.stdout_file else output
    os.chdir(spec.cwd)
    _limit(spec.limits)
    if not spec.is_sandboxed:
        pid = _spawn(spec, marker, (stdout, output))
        return pid, procfs.identify(pid)
    told, tell = os.pipe2(os.O_CLOEXEC)
    pid = _spawn(spec, marker, (stdout, output, tell))
    os.close(tell)
    return pid, sandbox.first_process(told, pid) or procfs.identify(pid)


def _spawn(spec: StepSpec, marker: str, descriptors: tuple[int, ...]) -> int:
    """Start the program in a process group of its own, with these as its descriptors from 1 on.

    posix_spawn holds every signal back until the engine's own program begins: an early interrupt
    is neither lost nor answered by Python, it ends the engine before it has begun.
    """
    argv = (*spec.prefix, _program(spec), *spec.argv[1:]) if spec.prefix else spec.argv
    # Out of the way first, so that none is overwritten before it is copied.
    free = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FREE_FD) for fd in descriptors]
    try:
        return os.posix_spawn(
            argv[0] if spec.prefix else _program(spec),
            argv,
            {**spec.env, step.MARKER: marker},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                *((os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(free, 1)),
            ],
            setpgroup=0,
            setsigmask=(),
            setsigdef=_DEFAULTED,
        )
    finally:
        for fd in free:
            os.close(fd)


def _new_file(path: Path) -> int:
    """A new file where a run may have laid something of its own, such as a link elsewhere."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o600)


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
