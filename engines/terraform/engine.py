"""Terraform and OpenTofu: where a run's files lie, and the argument lists of its steps."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from engines import variables
from engines.base import (
    Backend,
    Collect,
    Diagnostic,
    Installed,
    Outcome,
    PlanOptions,
    RunContext,
    StateFacts,
    Step,
)
from engines.terraform import failures, hcl, providers, state
from engines.terraform.detection import Detection

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOCK_TIMEOUT = "-lock-timeout=60s"
_VARIABLES = "gantry.auto.tfvars.json"
_PLAN_EXIT_CODES = frozenset({0, failures.PLAN_HAS_CHANGES})
# The first versions whose init speaks JSON; older ones are shown as they print.
_INIT_SPEAKS_JSON = {"terraform": (1, 10), "tofu": (1, 9)}
_WITHOUT_WORKSPACES = frozenset({"http", "artifactory", "etcd", "manta"})
# Workspaces of a cloud block are its own affair, and TF_WORKSPACE may contradict it.
_OWN_WORKSPACES = frozenset({"cloud", "remote"})


class Terraform:
    """The engine ``terraform``, by whichever program does it."""

    name = "terraform"
    run_types = frozenset({"preview", "apply", "destroy", "task", "test"})

    def __init__(self, detection: Detection) -> None:
        """Use the programs that ``detection`` finds."""
        self._detection = detection

    def installed(self, version: str | None = None, name: str | None = None) -> Installed:
        """Return the program to use, or exactly this version of it; raise EngineMissing."""
        return self._detection.find(version, name)

    def refused_variable(self, name: str, category: str) -> str | None:
        """Say why a variable may not be set, or None."""
        return variables.refused(name, category)

    def prepare(self, context: RunContext) -> None:
        """Lay out the run's directory. Raises ValueError when the code has no such path."""
        root = self.working_dir(context)
        first = not _config_file(context).exists()
        for name in ("home", "tmp", "bin", "terraform-data"):
            context.work_dir.joinpath(name).mkdir(mode=0o700, parents=True, exist_ok=True)
        # Without its directory the store is "not found", rather than empty.
        context.plugin_mirror.mkdir(parents=True, exist_ok=True)
        if first:
            # A state in the repository is nobody's truth: Gantry lays down the deployment's own.
            _remove_committed_state(root, self.state_file(context))
        _write(_config_file(context), providers.cli_config(context.plugin_mirror))
        declared = hcl.declared_variables(root)
        given = {n: v for n, v in context.terraform_variables.items() if n in declared}
        _write(root / _VARIABLES, json.dumps(given))
        # For tasks and local-exec, which call the engine by its name.
        wrapper = context.work_dir / "bin" / context.installed.name
        _write(wrapper, f'#!/bin/sh\nexec {shlex.join(context.installed.command)} "$@"\n', 0o700)

    def environment(self, context: RunContext) -> dict[str, str]:
        """Return the whole environment: nothing is inherited but what the administrator named."""
        allowed = {n: v for n, v in context.environment.items() if _may_set(n)}
        inherited = {n: v for n, v in context.inherited_env.items() if _may_set(n)}
        own = {
            "PATH": f"{context.work_dir / 'bin'}:{_PATH}",
            "HOME": str(context.work_dir / "home"),
            "TMPDIR": str(context.work_dir / "tmp"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(_config_file(context)),
            # Outside the code, so that no .terraform of the repository is believed.
            "TF_DATA_DIR": str(context.work_dir / "terraform-data"),
        }
        if self._names_workspace(context):
            own["TF_WORKSPACE"] = context.workspace_slug
        return {"LANG": "C.UTF-8", **inherited, **allowed, **own}

    def working_dir(self, context: RunContext) -> Path:
        """Return the root module. Raises ValueError when it is no directory of the code."""
        code = context.code_dir.resolve()
        root = (code / context.path_in_code.lstrip("/")).resolve()
        if not root.is_relative_to(code) or not root.is_dir():
            raise ValueError(f"The code has no directory {context.path_in_code!r}.")
        return root

    def init_step(self, context: RunContext, *, exact: bool = False) -> Step:
        """Return ``init``; ``exact`` refuses any change of the dependency lock file."""
        options = ["-input=false", "-no-color"]
        if exact and self.lock_file(context).exists():
            options.append("-lockfile=readonly")
        if not _speaks_json_at_init(context.installed):
            return self._step(context, "init", ["init", *options], "verbatim")
        return self._step(context, "init", ["init", "-json", *options], "terraform")

    def fetch_step(self, context: RunContext) -> Step | None:
        """Return ``providers mirror`` into a staging directory, which the collector takes in."""
        if not context.allow_download:
            return None
        staging = context.work_dir / "fetched"
        arguments = {"staging": str(staging), "store": str(context.plugin_mirror)}
        step = self._step(context, "fetch", ["providers", "mirror", str(staging)], "verbatim")
        return _with(step, collect=Collect("terraform-providers", arguments))

    def plan_step(self, context: RunContext, options: PlanOptions) -> Step:
        """Return ``plan``, saved; its exit code 2 means that something changes."""
        argv = ["plan", "-json", "-input=false", "-detailed-exitcode", _LOCK_TIMEOUT]
        argv += [f"-out={self.plan_file(context)}"]
        # Named, the file wins over every *.auto.tfvars of the code, whatever it is called.
        argv += [f"-var-file={self.working_dir(context) / _VARIABLES}"]
        argv += ["-destroy"] * options.destroy + ["-refresh-only"] * options.refresh_only
        argv += [f"-target={address}" for address in options.targets]
        argv += [f"-replace={address}" for address in options.replace]
        return _with(self._step(context, "plan", argv, "terraform"), ok_codes=_PLAN_EXIT_CODES)

    def show_step(self, context: RunContext) -> Step:
        """Return ``show -json``, whose output is a secret and goes to a file of its own."""
        plan_json = context.work_dir / "plan.json"
        arguments = {
            "plan_json": str(plan_json),
            "out_dir": str(self.changes_dir(context)),
            "name": context.installed.name,
            "version": context.installed.version,
        }
        argv = ["show", "-json", "-no-color", str(self.plan_file(context))]
        step = self._step(context, "show", argv, "verbatim")
        return _with(step, stdout_file=plan_json, collect=Collect("terraform-plan", arguments))

    def apply_step(self, context: RunContext) -> Step:
        """Return ``apply`` of the saved plan, and of nothing else."""
        argv = ["apply", "-json", "-input=false", _LOCK_TIMEOUT, str(self.plan_file(context))]
        return self._step(context, "apply", argv, "terraform-apply")

    def plan_file(self, context: RunContext) -> Path:
        """Return where the saved plan is."""
        return context.work_dir / "plan.tfplan"

    def changes_dir(self, context: RunContext) -> Path:
        """Return where the change document is written."""
        return context.work_dir / "changes"

    def lock_file(self, context: RunContext) -> Path:
        """Return where the dependency lock file is."""
        return self.working_dir(context) / ".terraform.lock.hcl"

    def backend(self, context: RunContext) -> Backend | None:
        """Return the backend declared in the code; a local one in the run's directory is ours."""
        declared = hcl.declared_backend(self.working_dir(context))
        if declared is None or self.state_file(context) is not None:
            return None
        return Backend(declared.type, declared.type not in _WITHOUT_WORKSPACES)

    def state_file(self, context: RunContext) -> Path | None:
        """Return where the local backend keeps this workspace's state; None if elsewhere."""
        root = self.working_dir(context)
        declared = hcl.declared_backend(root)
        settings = declared.settings if declared else {}
        if declared is not None and declared.type != "local":
            return None
        if context.workspace_slug == "default":
            path = root / settings.get("path", "terraform.tfstate")
        else:
            states = root / settings.get("workspace_dir", "terraform.tfstate.d")
            path = states / context.workspace_slug / "terraform.tfstate"
        inside = Path(os.path.normpath(path)).is_relative_to(context.work_dir.resolve())
        return Path(os.path.normpath(path)) if inside else None

    def errored_state_file(self, context: RunContext) -> Path:
        """Return where terraform leaves a state that its backend would not take."""
        return self.working_dir(context) / "errored.tfstate"

    def read_state(self, content: bytes) -> StateFacts | None:
        """Return what a state file says; None for an empty one; raise ValueError if unreadable."""
        return state.read_state(content)

    def outcome(self, step: str, exit_code: int, diagnostics: Sequence[Diagnostic]) -> Outcome:
        """Judge a step by its exit code and its diagnostics."""
        return failures.outcome(step, exit_code, diagnostics)

    def _step(self, context: RunContext, name: str, argv: Sequence[str], renderer: str) -> Step:
        command = context.installed.command
        return Step(name, (*command, *argv), self.working_dir(context), renderer)

    def _names_workspace(self, context: RunContext) -> bool:
        declared = hcl.declared_backend(self.working_dir(context))
        return declared is None or declared.type not in _WITHOUT_WORKSPACES | _OWN_WORKSPACES


def _with(step: Step, **changes: object) -> Step:
    return Step(**{**vars(step), **changes})


def _may_set(name: str) -> bool:
    return variables.refused(name, "environment") is None


def _speaks_json_at_init(installed: Installed) -> bool:
    numbers = installed.version.split("-")[0].split(".")
    known = tuple(int(n) for n in numbers[:2] if n.isdigit())
    return known >= _INIT_SPEAKS_JSON.get(installed.name, (1, 10))


def _config_file(context: RunContext) -> Path:
    return context.work_dir / "engine.tfrc"


def _remove_committed_state(root: Path, state_file: Path | None) -> None:
    if state_file is not None and state_file.is_relative_to(root):
        state_file.unlink(missing_ok=True)
    states = root / "terraform.tfstate.d"
    if states.is_dir() and not states.is_symlink():
        shutil.rmtree(states)


def _write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file of this mode, never through a link that the code may have laid there."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, mode), "w", encoding="utf-8") as file:
        file.write(text)
