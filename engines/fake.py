"""An engine for tests that needs no terraform: it plays a script and is quick.

The script is ``fake.json`` in the code directory, all of it optional::

    {"init": {"output": ["hello"]},
     "plan": {"output": [...], "plan": {plan JSON of terraform}, "exit_code": 2},
     "apply": {"output": ["working", {"sleep_s": 1}], "exit_code": 0, "state": {"outputs": {...}},
               "on_interrupt": "ignore"}}

``output`` holds lines, and objects: ``sleep_s``; ``write`` a file (with ``text``); ``wait_for`` a
file; ``print`` a JSON message as terraform would (it is rendered); ``environment`` shows a
variable; ``signal`` kills the program. Without a script a plan creates one thing and an apply
writes a state with the next serial. ``"state": false`` writes none.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from engines import variables
from engines.base import (
    Backend,
    Collect,
    Diagnostic,
    EngineMissing,
    Failure,
    Installed,
    Outcome,
    PlanOptions,
    RunContext,
    StateFacts,
    StateOutput,
    Step,
)

_PROGRAM = Path(__file__).with_name("fake_program.py")
_VERSION = "1.0.0"
_HAS_CHANGES = 2


class Fake:
    """The engine ``fake``."""

    name = "fake"
    run_types = frozenset({"generate", "preview", "apply", "destroy", "task", "test"})

    def installed(self, version: str | None = None, name: str | None = None) -> Installed:
        """Return the one program there is."""
        if version not in {None, _VERSION} or name not in {None, self.name}:
            raise EngineMissing(
                f"This run needs {name} {version}, which this worker does not have."
            )
        command = (sys.executable, "-I", "-S", str(_PROGRAM))
        return Installed(
            self.name, _VERSION, _PROGRAM, bundled=True, sha256="0" * 64, command=command
        )

    def refused_variable(self, name: str, category: str) -> str | None:
        """Say why a variable may not be set, or None."""
        return variables.refused(name, category)

    def prepare(self, context: RunContext) -> None:
        """Make the private directories."""
        self.working_dir(context)
        for name in ("home", "tmp"):
            context.work_dir.joinpath(name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def environment(self, context: RunContext) -> dict[str, str]:
        """Return the run's environment."""
        return {
            "PATH": "/usr/bin:/bin",
            **context.inherited_env,
            **context.environment,
            "HOME": str(context.work_dir / "home"),
            "TMPDIR": str(context.work_dir / "tmp"),
            "TF_WORKSPACE": context.workspace_slug,
        }

    def working_dir(self, context: RunContext) -> Path:
        """Return the directory with the script. Raises ValueError when there is none."""
        root = context.code_dir / context.path_in_code.lstrip("/")
        if not root.is_dir():
            raise ValueError(f"The code has no directory {context.path_in_code!r}.")
        return root

    def init_step(self, context: RunContext, *, exact: bool = False) -> Step:
        """Return the step ``init``."""
        del exact  # There are no dependencies.
        return self._step(context, "init")

    def fetch_step(self, context: RunContext) -> Step | None:
        """Return None: there is nothing to fetch."""
        del context
        return None

    def plan_step(self, context: RunContext, options: PlanOptions) -> Step:
        """Return the step ``plan``; the options are for real engines."""
        del options
        step = self._step(context, "plan")
        return dataclasses.replace(step, ok_codes=frozenset({0, _HAS_CHANGES}))

    def show_step(self, context: RunContext) -> Step:
        """Return the step ``show``, which prints the script's plan."""
        plan_json = context.work_dir / "plan.json"
        arguments = {
            "plan_json": str(plan_json),
            "out_dir": str(self.changes_dir(context)),
            "name": self.name,
            "version": _VERSION,
        }
        collect = Collect("terraform-plan", arguments)
        step = self._step(context, "show")
        return dataclasses.replace(
            step, renderer="verbatim", stdout_file=plan_json, collect=collect
        )

    def apply_step(self, context: RunContext) -> Step:
        """Return the step ``apply``."""
        return dataclasses.replace(self._step(context, "apply"), renderer="terraform-apply")

    def plan_file(self, context: RunContext) -> Path:
        """Return where the saved plan is."""
        return context.work_dir / "plan.tfplan"

    def changes_dir(self, context: RunContext) -> Path:
        """Return where the change document is written."""
        return context.work_dir / "changes"

    def lock_file(self, context: RunContext) -> Path:
        """Return a name under which nothing is ever written."""
        return self.working_dir(context) / ".fake.lock"

    def backend(self, context: RunContext) -> Backend | None:
        """Return None: Gantry keeps the state."""
        del context
        return None

    def state_file(self, context: RunContext) -> Path | None:
        """Return where the state lies."""
        return context.work_dir / "terraform.tfstate"

    def errored_state_file(self, context: RunContext) -> Path:
        """Return where a script may leave an ``errored.tfstate``."""
        return self.working_dir(context) / "errored.tfstate"

    def read_state(self, content: bytes) -> StateFacts | None:
        """Return what a state says, without resources."""
        import json  # noqa: PLC0415 - only tests come here

        if not content.strip():
            return None
        raw = json.loads(content)
        outputs = {
            n: StateOutput(o.get("value"), o.get("type"), bool(o.get("sensitive")))
            for n, o in raw.get("outputs", {}).items()
        }
        return StateFacts(raw["serial"], raw["lineage"], raw["terraform_version"], (), outputs)

    def outcome(self, step: str, exit_code: int, diagnostics: Sequence[Diagnostic]) -> Outcome:
        """Judge a step by its exit code, and by its first error when there is one."""
        if exit_code == 0 or (step == "plan" and exit_code == _HAS_CHANGES):
            return Outcome(ok=True, has_changes=exit_code == _HAS_CHANGES)
        text = next((d.summary for d in diagnostics if d.severity == "error"), f"{step} failed")
        return Outcome(ok=False, failure=Failure("engine", f"{text}."))

    def _step(self, context: RunContext, name: str) -> Step:
        command = self.installed().command
        state_file = context.work_dir / "terraform.tfstate"
        argv = (*command, name, str(context.work_dir), str(state_file))
        return Step(name, argv, self.working_dir(context), "terraform")
