"""What Gantry asks of an infrastructure-as-code engine, and the facts that pass between them.

An engine turns a run into *steps*: argument lists for a supervisor to start, each with the name of
a renderer (raw output → what a person reads) and perhaps of a collector (a file the engine wrote →
facts Gantry keeps). An engine starts no process of a run itself and knows neither database nor web.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

#: Any value JSON can carry. Spelled once, because walking a precise recursive type helps nobody.
Json = Any
#: A place inside a JSON value: keys and list positions, never a dotted string (keys hold dots).
JsonPath = tuple[str | int, ...]
#: Who is to blame, as the API's ``error.kind`` says it.
FailureKind = Literal["configuration", "policy", "engine", "worker", "gantry"]


class EngineMissing(Exception):
    """No program for an engine, or not the version asked for; its text is a sentence for people."""


@dataclass(frozen=True)
class Installed:
    """One engine program of this machine. ``command`` is the argv it begins with."""

    name: str
    version: str
    path: Path
    bundled: bool
    sha256: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Collect:
    """What a supervisor does after a step ended well: ``registry.collect(name, arguments)``."""

    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One process of a run.

    ``stdout_file``, when set, takes stdout alone (it is data, and secret); stderr then is the
    step's output. ``ok_codes`` are the exit codes after which ``collect`` is done.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    renderer: str
    stdout_file: Path | None = None
    collect: Collect | None = None
    ok_codes: frozenset[int] = frozenset({0})


@dataclass(frozen=True)
class RunContext:
    """Everything an engine may know of a run. ``work_dir`` is the run's own, mode 0700."""

    installed: Installed
    work_dir: Path
    code_dir: Path
    path_in_code: str
    workspace_slug: str
    plugin_mirror: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    terraform_variables: Mapping[str, Json] = field(default_factory=dict)
    allow_download: bool = False
    inherited_env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanOptions:
    """How a plan differs from the ordinary one."""

    destroy: bool = False
    refresh_only: bool = False
    targets: Sequence[str] = ()
    replace: Sequence[str] = ()


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning of an engine, to be shown above the log. ``line`` counts from one."""

    severity: Literal["error", "warning"]
    summary: str
    detail: str = ""
    address: str | None = None
    file: str | None = None
    line: int | None = None
    snippet: str | None = None
    context: str | None = None

    def as_dict(self) -> dict[str, Json]:
        """Return the record as JSON keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Failure:
    """Why a step did not succeed, in one sentence."""

    kind: FailureKind
    text: str


@dataclass(frozen=True)
class Outcome:
    """How a step ended. ``missing_providers`` are sources that a download could bring.

    ``is_state_unsaved``: what the step made may stand in no state.
    """

    ok: bool
    has_changes: bool = False
    failure: Failure | None = None
    missing_providers: tuple[str, ...] = ()
    is_state_unsaved: bool = False


@dataclass(frozen=True)
class StateResource:
    """One resource of a state; ``instances`` are the keys of its instances (None, int or str)."""

    address: str
    module: str
    mode: str
    type: str
    name: str
    provider: str
    instances: tuple[str | int | None, ...]
    ids: tuple[str | None, ...]


@dataclass(frozen=True)
class StateOutput:
    """One output of a state. ``value`` is in clear even when ``sensitive``."""

    value: Json
    type: Json
    sensitive: bool


@dataclass(frozen=True)
class StateFacts:
    """What a state file says of itself."""

    serial: int
    lineage: str
    terraform_version: str
    resources: tuple[StateResource, ...]
    outputs: Mapping[str, StateOutput]


@dataclass(frozen=True)
class Backend:
    """Where the code itself says its state is kept; without workspaces, for one deployment only."""

    type: str
    has_workspaces: bool


class Renderer(Protocol):
    """Raw output in, a person's text out: the same bytes, however cut, give the same text."""

    diagnostics: list[Diagnostic]

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes of the engine's output; return the text that is complete by now."""
        ...

    def finish(self) -> bytes:
        """Return what is left once the engine has ended."""
        ...


class Engine(Protocol):
    """One infrastructure-as-code tool. ``run_types`` are the types of run it can do."""

    name: str
    run_types: frozenset[str]

    def installed(self, version: str | None = None, name: str | None = None) -> Installed:
        """Return the program to use, or exactly the named one; raise EngineMissing."""
        ...

    def refused_variable(self, name: str, category: str) -> str | None:
        """Say why a ``terraform`` or ``environment`` variable may not be set, or None."""
        ...

    def prepare(self, context: RunContext) -> None:
        """Lay out the run's directory: private HOME and TMPDIR, configuration, variables.

        A state is written to ``state_file`` after this, never before: the first call removes what
        the code may have brought. Raises ValueError with a sentence when the path is no directory
        of the code.
        """
        ...

    def environment(self, context: RunContext) -> dict[str, str]:
        """Return the whole environment of every process of the run."""
        ...

    def working_dir(self, context: RunContext) -> Path:
        """Return the directory in which the engine (and a task) starts."""
        ...

    def init_step(self, context: RunContext, *, exact: bool = False) -> Step:
        """Return the step that readies the directory; ``exact``: with the locked dependencies."""
        ...

    def fetch_step(self, context: RunContext) -> Step | None:
        """Return the step that brings missing providers into the store, or None if not allowed."""
        ...

    def plan_step(self, context: RunContext, options: PlanOptions) -> Step:
        """Return the step that saves a plan to ``plan_file``."""
        ...

    def show_step(self, context: RunContext) -> Step:
        """Return the step that turns the saved plan into the change document."""
        ...

    def apply_step(self, context: RunContext) -> Step:
        """Return the step that applies exactly the saved plan."""
        ...

    def plan_file(self, context: RunContext) -> Path:
        """Return where the saved plan is (a secret)."""
        ...

    def changes_dir(self, context: RunContext) -> Path:
        """Return where ``show_step`` leaves ``document.json`` and ``changes.jsonl``."""
        ...

    def lock_file(self, context: RunContext) -> Path:
        """Return where the dependency lock file is, to be kept beside the plan."""
        ...

    def backend(self, context: RunContext) -> Backend | None:
        """Return the backend declared in the code, or None when Gantry keeps the state."""
        ...

    def state_file(self, context: RunContext) -> Path | None:
        """Return where the state lies, or None when a backend of the code keeps it elsewhere."""
        ...

    def errored_state_file(self, context: RunContext) -> Path:
        """Return where the engine leaves a state it could not store."""
        ...

    def read_state(self, content: bytes) -> StateFacts | None:
        """Return what a state file says; None for an empty one; raise ValueError if unreadable."""
        ...

    def outcome(self, step: str, exit_code: int, diagnostics: Sequence[Diagnostic]) -> Outcome:
        """Judge a step by its exit code (negative, or above 128: a signal) and its diagnostics."""
        ...
