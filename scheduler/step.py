"""One process of a run: what to start, where its traces are kept, and how it ended."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

#: Names in a step's directory. Requests come from the portal, the other files from the step.
OUTPUT = "output"
SUPERVISOR = "supervisor.json"
START = "start.json"
ENGINE = "engine.json"
LADDER = "ladder.json"
EXIT = "exit.json"
INTERRUPT = "interrupt"
KILL = "kill"

#: The variable that every process of a step inherits, so that none can hide from a kill.
MARKER = "GANTRY_STEP"
MARKER_BYTES = 16

_RECORD_LIMIT_BYTES = 1 << 16


@dataclass(frozen=True)
class Limits:
    """Limits of every process of a step; None leaves the machine's own. Core files are never made.

    `memory_bytes` is the address space (Go needs no terabytes: 1 GiB is enough for terraform), of
    which Gantry's own small process needs 64 MiB. `processes` counts per user, not per step.
    """

    open_files: int | None = 4096
    file_bytes: int | None = None
    memory_bytes: int | None = None
    processes: int | None = None


@dataclass(frozen=True)
class StepSpec:
    """What a supervisor is to start and watch. `step_dir` and the log's folder belong to Gantry.

    `renderer` is "text" (as it comes) or a name that `engines.registry.renderer` knows.
    `stdout_file` takes stdout alone; stderr then is what goes to the log. After an end with a code
    in `ok_codes`, `collect` (name, arguments) is handed to `engines.registry.collect`.

    `stop_grace_s` after an interrupt every process is killed; None leaves that to a request.
    After `max_duration_s` the step is interrupted, and killed when it still is there after
    `stop_grace_s`, or else after `timeout_grace_s`.

    When a step is adopted, the `max_duration_s` with which it was started still holds.

    `prefix` stands before `argv` and keeps the step apart (see `scheduler.isolation`); with
    `is_sandboxed` it ends in bubblewrap's arguments.

    `env` and `secrets` travel over a socket only and are never written to a disk.
    """

    run_id: str
    epoch: int
    name: str
    step_dir: Path
    argv: tuple[str, ...]
    cwd: Path
    log_path: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    renderer: str = "text"
    stdout_file: Path | None = None
    stop_grace_s: float | None = None
    max_duration_s: float | None = None
    timeout_grace_s: float = 1800.0
    limits: Limits = Limits()
    collect: tuple[str, Mapping[str, Any]] | None = None
    ok_codes: frozenset[int] = frozenset({0})
    prefix: tuple[str, ...] = ()
    is_sandboxed: bool = False

    def to_json(self) -> bytes:
        """The specification as it travels to the zygote. Holds secrets."""
        record = {name: getattr(self, name) for name in self.__dataclass_fields__}
        record["limits"] = asdict(self.limits)
        return json.dumps(record, default=_plain).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """The specification that `to_json` wrote."""
        record = json.loads(data)
        for name in ("step_dir", "cwd", "log_path"):
            record[name] = Path(record[name])
        stdout_file, collect = record["stdout_file"], record["collect"]
        record["stdout_file"] = Path(stdout_file) if stdout_file else None
        record["collect"] = (collect[0], collect[1]) if collect else None
        record["limits"] = Limits(**record["limits"])
        record["ok_codes"] = frozenset(record["ok_codes"])
        for name in ("argv", "secrets", "prefix"):
            record[name] = tuple(record[name])
        return cls(**record)


@dataclass(frozen=True)
class StepResult:
    """How a step ended. Times are seconds since 1970, the log's part is [log_start, log_end).

    Exactly one of `exit_code` and `signal` is set; neither is when nobody saw the end (the machine
    went down, or somebody killed Gantry's own process): then `is_lost`, and nothing is proven.
    `interrupted_at` is when Gantry, not somebody else, sent an interrupt. `diagnostics` are masked.
    `collected` is what the step's collector found, `collect_error` why it found nothing.
    """

    exit_code: int | None
    signal: int | None
    started_at: float
    finished_at: float
    log_start: int
    log_end: int
    interrupted_at: float | None = None
    killed: bool = False
    timed_out: bool = False
    missing_log_bytes: int = 0
    diagnostics: tuple[Any, ...] = ()
    collected: Any = None
    collect_error: str | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the end of the engine was seen by nobody."""
        return self.exit_code is None and self.signal is None

    @property
    def return_code(self) -> int | None:
        """The exit code, or the signal as a negative number; None when the end is not known."""
        return -self.signal if self.signal is not None else self.exit_code

    def to_json(self) -> bytes:
        """The result as it travels to the portal."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """The result that `to_json` wrote."""
        record = json.loads(data)
        record["diagnostics"] = tuple(record["diagnostics"])
        return cls(**record)


def read_record(path: Path) -> dict[str, Any] | None:
    """A small JSON file of a step, or None when it is not there or not whole."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        record = json.loads(os.read(fd, _RECORD_LIMIT_BYTES))
    except ValueError:
        return None
    finally:
        os.close(fd)
    return record if isinstance(record, dict) else None


def supervisor_record(step_dir: Path) -> dict[str, Any] | None:
    """Who supervises a step (`process`, `owner`), or None when nobody has yet.

    The first one stands in the start record: each file costs, and most steps have no second one.
    """
    return read_record(step_dir / SUPERVISOR) or read_record(step_dir / START)


def write_record(path: Path, record: Mapping[str, Any], *, durable: bool = False) -> None:
    """Put a small JSON file in place at once; `durable`: also when the machine goes down then.

    It is written beside the step's directory: whoever watches that is woken once, by the renaming.
    """
    unfinished = f"{path.parent}.{path.name}.tmp"
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, json.dumps(record).encode())
        if durable:
            os.fdatasync(fd)
    finally:
        os.close(fd)
    os.rename(unfinished, path)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else str(value)
