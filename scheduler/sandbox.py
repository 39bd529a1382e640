"""Namespaces around a step, by bubblewrap: what of the machine it sees, and who is who in there.

Nothing is visible that is not named here. The processes have ids of their own, and when the step
ends the kernel ends them all. The network is the machine's: plans and applies need it.
"""

import json
import os
import select
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lib import procfs
from lib.procfs import Identity

#: The descriptor on which bubblewrap tells the id of the namespace's first process.
INFO_FD = 3

_ROOT = Path(__file__).resolve().parent.parent
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt")
# Of /etc only what programs need to know users, names, certificates, time zones and libraries.
_ETC = (
    "alternatives group hosts ld.so.cache localtime nsswitch.conf passwd pki resolv.conf ssl"
).split()
_CERTIFICATES = "/var/lib/ca-certificates"
# What the bundled engine cannot do without: its Python, and the shim that loads it.
_OWN = (sys.prefix, sys.base_prefix, str(_ROOT / "engines"))
#: What every run may read, as far as this machine has it.
SYSTEM = (*_SYSTEM, *(f"/etc/{name}" for name in _ETC), _CERTIFICATES, *_OWN)
_ISOLATED = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    # A session of its own: an interrupt to its group reaches the engine, and not bubblewrap, whose
    # death would take the engine with it.
    *("--new-session", "--cap-drop", "ALL"),
)
_LONGEST_START_S = 10.0
_LOOK_EVERY_S = 0.0005


@dataclass(frozen=True)
class Place:
    """What a step sees: it may write in `work_dir` alone, but for `hidden`, and read `readable`.

    `who` is the user and the group that it takes itself for; None leaves what it is outside.
    """

    work_dir: Path
    hidden: Sequence[Path]
    readable: Sequence[str]
    who: tuple[int, int] | None = None


def prefix(program: Path, place: Place, *, is_watched: bool) -> tuple[str, ...]:
    """The arguments before a step's own. With `is_watched` somebody listens at `INFO_FD`."""
    argv = [str(program), *_ISOLATED]
    if place.who is not None:
        argv += ["--uid", str(place.who[0]), "--gid", str(place.who[1])]
    if is_watched:
        argv += ["--info-fd", str(INFO_FD)]
    for path in place.readable:
        # Each mount costs; /bin and the like are links into /usr on most machines.
        is_link = path in _SYSTEM and Path(path).is_symlink()
        argv += ["--symlink", str(Path(path).readlink())] if is_link else ["--ro-bind-try", path]
        argv.append(path)
    argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - its own
    argv += ["--bind", str(place.work_dir), str(place.work_dir)]
    for own in place.hidden:
        argv += ["--tmpfs", str(own)]
    return (*argv, "--")


def first_process(info_fd: int, outer_pid: int) -> Identity | None:
    """The namespace's first process, once the engine's own program runs; None when it never did.

    Before that an interrupt would end bubblewrap, or be lost on its way.
    """
    deadline = time.monotonic() + _LONGEST_START_S
    pid = _told(info_fd, deadline)
    if pid is None:
        return None
    first = procfs.identify(pid)
    ours = procfs.command_line(outer_pid)
    while first.is_alive and time.monotonic() < deadline:
        inside = procfs.children(pid)
        if inside and procfs.command_line(inside[0]) not in {b"", ours, procfs.command_line(pid)}:
            break
        time.sleep(_LOOK_EVERY_S)
    return first


def _told(info_fd: int, deadline: float) -> int | None:
    said = b""
    while (left_s := deadline - time.monotonic()) > 0:
        if not select.select([info_fd], [], [], left_s)[0]:
            return None
        chunk = os.read(info_fd, 4096)
        said += chunk
        try:
            return int(json.loads(said)["child-pid"])
        except ValueError:
            if not chunk:
                return None
    return None
