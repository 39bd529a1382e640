"""How runs are kept apart from the portal and from each other: the tier in force, and its price.

Three tiers, each with a process group per step and limits: *namespaces* (bubblewrap: a run sees the
system's programs and its own directory), *user* (each run has the number of a user of its own, who
owns nothing but the run's directory) and *none* (the portal's own user). What is asked for and
cannot be had stops the start: nothing is ever weaker than it says.
"""

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from config import Settings
from lib import process
from scheduler import run_numbers, sandbox
from scheduler.step import Limits
from services import tiers
from services.errors import GantryError

#: What lies in a run's directory and is not the run's: out of its reach in every tier but *none*.
PORTAL_OWN = ("steps", "changes")

_WHERE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROBE = 'test ! -r "$1" && echo "a run was here" > probe'
_WHICH_READABLE = 'for path; do test -r "$path" && echo "$path"; done; true'
_PROBE_TIMEOUT_S = 20.0
_PROBE_OUTPUT_BYTES = 10_000
_ENTER_ONLY = 0o711
_SHARED = 0o1770


class NotIsolated(GantryError):
    """The isolation that the settings ask for is not possible here."""

    title = "Runs cannot be kept apart as asked"


@dataclass(frozen=True)
class RunUser:
    """The user of the system that stands for all runs: each has its group beside its own number.

    What that group may read, every run may. Inside namespaces the runs bear its name.
    """

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Isolation:
    """The tier in force. `shortfall` says why it is not the strongest one, if it is not."""

    tier: str = "none"
    user: RunUser | None = None
    bubblewrap: Path | None = None
    setpriv: Path | None = None
    readable: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    shortfall: str = ""

    @property
    def label(self) -> str:
        """What a run's page says, in 32 letters or fewer; `services.tiers` says what it means."""
        if self.bubblewrap is not None:
            return tiers.BOTH if self.user is not None else tiers.NAMESPACES
        return tiers.SEPARATE_USER if self.user is not None else tiers.NEITHER

    def prefix(self, work_dir: Path, *, is_probe: bool = False) -> tuple[str, ...]:
        """The arguments that keep a step apart whose run works in `work_dir`, once handed over."""
        argv: tuple[str, ...] = ()
        if self.user is not None:
            found = run_numbers.of(work_dir) or (run_numbers.FIRST if is_probe else None)
            if found is None:
                raise ValueError("This directory has not been handed over to its run.")
            number = str(found)
            argv += (str(self.setpriv), "--reuid", number, "--regid", number)
            argv += ("--groups", str(self.user.gid), "--no-new-privs", "--")
        if self.bubblewrap is not None:
            hidden = [work_dir / name for name in PORTAL_OWN]
            who = (self.user.uid, self.user.gid) if self.user else None
            place = sandbox.Place(work_dir, hidden, self.readable, who)
            argv += sandbox.prefix(self.bubblewrap, place, is_watched=not is_probe)
        return argv

    def hand_over(self, work_dir: Path, providers: Path) -> None:
        """Make a run's directory the run's own, before its first step. Later calls do no more.

        Once only: after a run's own code has run, what lies there may be a link to anything.
        """
        for name in PORTAL_OWN:
            (work_dir / name).mkdir(mode=0o700, exist_ok=True)
        if self.user is None:
            return
        _let_read(providers)
        if stat.S_IMODE(work_dir.stat().st_mode) == _SHARED:
            return
        number = run_numbers.of(work_dir) or run_numbers.allot(work_dir)
        for parent, folders, files in os.walk(work_dir):
            if Path(parent) == work_dir:
                folders[:] = [name for name in folders if name not in PORTAL_OWN]
            for name in (*folders, *files):
                os.chown(Path(parent, name), number, number, follow_symlinks=False)
        # Owned by the portal and sticky: the run adds to it, and removes nothing of the portal's.
        # Last, because it is the sign that all of this is done.
        work_dir.chmod(_SHARED)


def choose(settings: Settings) -> Isolation:
    """The tier that the settings ask for; with `auto` the strongest that works here.

    Raises:
        NotIsolated: when what is asked for cannot be had, with the reason.
    """
    wanted = settings.isolation
    user = _run_user(settings)
    base = Isolation(
        user=user,
        setpriv=_program("setpriv") if user else None,
        limits=_limits(settings, user),
    )
    if user is not None:
        _make_room(settings.data_dir)
        _demand(replace(base, tier="user"), settings.data_dir)
    if wanted in {"auto", "namespaces"}:
        confined, trouble = _in_namespaces(base, settings)
        if confined is not None:
            return confined
        if wanted == "namespaces":
            raise NotIsolated(f"GANTRY_ISOLATION asks for namespaces, but {trouble}")
        base = replace(base, shortfall=f"No namespaces: {trouble}")
    return replace(base, tier="user" if user else "none")


def _run_user(settings: Settings) -> RunUser | None:
    name, wanted = settings.run_user, settings.isolation
    if name is None:
        if wanted == "user":
            raise NotIsolated(
                "GANTRY_ISOLATION asks for a separate user: name it, GANTRY_RUN_USER."
            )
        return None
    if wanted == "none":
        raise NotIsolated("GANTRY_RUN_USER and GANTRY_ISOLATION=none contradict each other.")
    if os.geteuid() != 0:
        raise NotIsolated(
            "GANTRY_RUN_USER needs a portal that was started as root: nobody else may change to "
            "another user."
        )
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise NotIsolated(f"GANTRY_RUN_USER names {name}, whom nobody here knows.") from None
    if found.pw_uid == 0:
        raise NotIsolated("GANTRY_RUN_USER must not be root.")
    return RunUser(name, found.pw_uid, found.pw_gid)


def _limits(settings: Settings, user: RunUser | None) -> Limits:
    """Processes are counted per user: of the portal's own they would limit the portal."""
    return Limits(
        file_bytes=settings.run_file_mb << 20 or None,
        memory_bytes=settings.run_memory_mb << 20 or None,
        processes=(settings.run_processes or None) if user else None,
    )


def _in_namespaces(base: Isolation, settings: Settings) -> tuple[Isolation | None, str]:
    """The tier *namespaces*, or why it cannot be had."""
    program = _program("bwrap")
    if program is None:
        return None, "bubblewrap (bwrap) is not installed."
    providers = settings.data_dir / "providers"
    providers.mkdir(mode=0o755, parents=True, exist_ok=True)
    wanted = (*sandbox.SYSTEM, *map(str, settings.run_paths), str(providers))
    confined = replace(
        base,
        tier="namespaces",
        bubblewrap=program,
        readable=_those_readable(base, wanted),
    )
    trouble = _try(confined, settings.data_dir)
    return (None, f"bubblewrap does not work here: {trouble}") if trouble else (confined, "")


def _those_readable(base: Isolation, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the paths that are there and that the run's user may read."""
    work_dir = Path("/")
    done = process.run(
        (*base.prefix(work_dir, is_probe=True), "/bin/sh", "-c", _WHICH_READABLE, "sh", *paths),
        cwd=work_dir,
        env={"PATH": _WHERE},
        timeout_s=_PROBE_TIMEOUT_S,
        limit_bytes=_PROBE_OUTPUT_BYTES,
    )
    return tuple(done.stdout.decode().splitlines())


def _demand(isolation: Isolation, data_dir: Path) -> None:
    if isolation.setpriv is None:
        raise NotIsolated("GANTRY_RUN_USER needs the program setpriv (of util-linux).")
    trouble = _try(isolation, data_dir)
    if trouble and isolation.user:
        raise NotIsolated(f"Runs cannot be carried out as {isolation.user.name}: {trouble}")


def _try(isolation: Isolation, data_dir: Path) -> str:
    """Have something small done in the tier; return what is the matter, or ""."""
    (data_dir / "work").mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="probe-", dir=data_dir / "work") as name:
        work_dir = Path(name)
        isolation.hand_over(work_dir, data_dir / "providers")
        argv = ("/bin/sh", "-c", _PROBE, "sh", str(data_dir / "secret.key"))
        try:
            done = process.run(
                (*isolation.prefix(work_dir, is_probe=True), *argv),
                cwd=work_dir,
                env={"PATH": _WHERE},
                timeout_s=_PROBE_TIMEOUT_S,
                limit_bytes=_PROBE_OUTPUT_BYTES,
            )
        except process.CannotStart as error:
            return str(error)
        if done.succeeded and (work_dir / "probe").exists():
            return ""
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return said[-1] if said else "a probe could read the secret key, or could not write."


def _make_room(data_dir: Path) -> None:
    """Let the run user pass through the data directory, and read nothing of it."""
    (data_dir / "work").mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (data_dir, data_dir / "work"):
        path.chmod(_ENTER_ONLY)
    for path in data_dir.iterdir():
        if path.name not in {"work", "providers"} and not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)


def _let_read(providers: Path) -> None:
    """Providers are programs that runs share: everybody may read them, the portal alone writes."""
    for pattern in ("", "*", "*/*", "*/*/*", "*/*/*/*"):
        for path in providers.glob(pattern) if pattern else [providers]:
            if path.is_dir() and path.stat().st_mode & 0o055 != 0o055:
                path.chmod(0o755)


def _program(name: str) -> Path | None:
    found = shutil.which(name, path=_WHERE)
    return Path(found) if found else None
