"""A worker's desk for one stretch: order, directory, the step in flight, the stop button."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from engines.base import Diagnostic, Engine, Outcome, PlanOptions, RunContext, Step
from lib import clock
from lib.log_file import LogWriter
from lib.masking import Masker
from models.run_state import CHANGING, RunState
from scheduler.execution.site import Site
from scheduler.spawner import StepHandle, StepNotStarted
from scheduler.step import StepResult, StepSpec
from services.runs import order, work
from services.transaction import transaction

STOP_GRACE_S = 30.0
_LOOK_UP_S = 1.0
_TOO_LONG = "The run reached its time limit and was stopped."


class Abandoned(Exception):
    """The portal is stopping: the step goes on, and whoever starts next adopts it."""


class Interrupted(Exception):
    """The stretch was stopped: on request, by force, or because its time was over."""

    def __init__(self, state: RunState, text: str, *, killed: bool) -> None:
        super().__init__(text)
        self.state = state
        self.text = text
        self.killed = killed


class Failed(Exception):
    """The run went wrong; `kind` says whose fault it is, `text` is one sentence."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


class Desk:
    """What one stretch has in hand. Another thread may press the stop button."""

    def __init__(self, site: Site, claim: work.Claim, *, adopting: bool = False) -> None:
        self.site = site
        self.claim = claim
        self.was_adopted = self._adopting = adopting
        self.order = order.read(claim)
        self.work_dir = site.work_dir(claim.run_id)
        self.log_path = site.log_path(claim.run_id)
        self.engine: Engine = site.engines[self.order.engine]
        self.masker = Masker(self.order.secrets)
        self.steps_done = self.order.steps_done
        self.engine_used: work.EngineUsed | None = None
        self.look: Callable[[], None] = _nothing
        """Called about once a second while a step is in flight; must not raise."""
        self._notes: list[Callable[[], object]] = []
        self._lock = threading.Lock()
        self._handle: StepHandle | None = None
        self._stop = self._kill = False
        self._deadline_s = clock.monotonic() + self.order.left_s
        self._context: RunContext | None = None

    @property
    def code_dir(self) -> Path:
        """Where the code lies, as it was fetched."""
        return self.work_dir / "src"

    @property
    def context(self) -> RunContext:
        """What the engine may know of the run."""
        if self._context is None:
            plan = self.order.plan
            version = plan.engine_version if plan else None
            self._context = RunContext(
                installed=self.engine.installed(version),
                work_dir=self.work_dir,
                code_dir=self.code_dir,
                path_in_code=str(self.order.source.get("path") or ""),
                workspace_slug=self.order.workspace,
                plugin_mirror=self.site.providers,
                environment=self.order.environment,
                terraform_variables=self.order.terraform_variables,
                allow_download=self.site.allow_download,
                inherited_env=self.site.inherited_env,
            )
        return self._context

    @property
    def options(self) -> PlanOptions:
        """How the plan differs from the ordinary one."""
        wanted = self.order
        return PlanOptions(wanted.destroy, wanted.refresh_only, wanted.targets, wanted.replace)

    def enter(self, state: RunState) -> None:
        """Go on to another state, unless the run was asked to stop."""
        self.check_stop()
        with self.telling():
            work.enter(self.claim, state, log_offset=self.log_size(), engine=self.engine_used)
        self.order = replace(self.order, state=state)

    def note(self, report: Callable[[], object]) -> None:
        """Keep a report for the next move: what was learned on the way is told together with it."""
        self._notes.append(report)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """One transaction: first what was noted since the last one, then what the block tells."""
        with transaction():
            for report in self._notes:
                report()
            yield
        self._notes.clear()

    def say(self, *lines: str) -> None:
        """Write lines of Gantry's own into the log. Only while no step is in flight."""
        text = "".join(f"\x1b[2m{line}\x1b[0m\n" for line in lines)
        with LogWriter(self.log_path) as log:
            log.write(text.encode())

    def log_size(self) -> int:
        """How long the log is now, in bytes."""
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def press_stop(self, *, kill: bool) -> None:
        """Ask the step in flight to stop, and let none start after it. Any thread may do this."""
        with self._lock:
            self._stop, self._kill = True, self._kill or kill
            if self._handle is not None:
                self._pass_on(self._handle)

    def check_stop(self) -> None:
        """Raise Interrupted when the run was asked to stop, or its time is over."""
        if self._stop:
            state = RunState.CANCELED if self._kill else RunState.STOPPED
            raise Interrupted(state, "Stopped on request.", killed=False)
        if clock.monotonic() > self._deadline_s:
            raise Interrupted(RunState.TIMED_OUT, _TOO_LONG, killed=False)

    def do(self, step: Step) -> tuple[StepResult, Outcome]:
        """Have a step done, note it, and judge it; raises as `run` and `judge`."""
        result = self.run(step)
        self.note(partial(self.report, step, result, self.steps_done))
        return result, self.judge(step, result)

    def run(self, step: Step) -> StepResult:
        """Have a step done. A step of a former portal is adopted.

        Raises:
            Interrupted: when the run was stopped before the step began.
            Failed: when a step that changes things was lost.
            Abandoned: when the portal stops meanwhile.
        """
        handle = self._start(self._spec(step, self.steps_done + 1))
        result = self._wait(handle)
        self.steps_done += 1
        return result

    def judge(self, step: Step, result: StepResult) -> Outcome:
        """What a step's end means.

        Raises:
            Interrupted: when it was stopped by us: decided by our request, not by its exit code.
            Failed: when nobody saw its end.
        """
        self._raise_if_stopped(step, result)
        if result.return_code is None:
            raise Failed("worker", "Nobody saw how the engine ended.")
        found = [_diagnostic(item) for item in result.diagnostics]
        return self.engine.outcome(step.name, result.return_code, found)

    def in_flight(self) -> str | None:
        """The name of the step that a former portal began after those that are counted."""
        prefix = f"{self.steps_done + 1:02d}-"
        found = [path.name for path in (self.work_dir / "steps").glob(f"{prefix}*")]
        return found[0].removeprefix(prefix) if self._adopting and found else None

    def must(self, step: Step) -> StepResult:
        """Have a step done that has to succeed. Raises Failed when it does not."""
        result, outcome = self.do(step)
        if outcome.failure is not None:
            raise Failed(outcome.failure.kind, outcome.failure.text)
        if result.collect_error:
            raise Failed("gantry", result.collect_error)
        return result

    def _spec(self, step: Step, number: int) -> StepSpec:
        return StepSpec(
            run_id=self.claim.run_id,
            epoch=self.claim.epoch,
            name=step.name,
            step_dir=self.work_dir / "steps" / f"{number:02d}-{step.name}",
            argv=tuple(step.argv),
            cwd=step.cwd,
            log_path=self.log_path,
            env=self.engine.environment(self.context),
            secrets=self.order.secrets,
            renderer=step.renderer,
            stdout_file=step.stdout_file,
            stop_grace_s=None if self.order.state in CHANGING else STOP_GRACE_S,
            max_duration_s=max(1.0, self._deadline_s - clock.monotonic()),
            collect=(step.collect.name, dict(step.collect.arguments)) if step.collect else None,
            ok_codes=step.ok_codes,
            is_sandboxed=self.site.isolation.bubblewrap is not None,
            limits=self.site.isolation.limits,
        )

    def _start(self, spec: StepSpec) -> StepHandle:
        handle = self._adopt_or_start(spec)
        with self._lock:
            self._handle = handle
            if self._stop:
                self._pass_on(handle)
        return handle

    def _adopt_or_start(self, spec: StepSpec) -> StepHandle:
        if self._adopting:
            try:
                return self.site.spawner.adopt(spec)
            except StepNotStarted:
                self._adopting = False
                if self.order.state in CHANGING:
                    raise Failed("worker", "Worker lost, state unknown.") from None
        self.check_stop()
        apart = self.site.isolation
        apart.hand_over(self.work_dir, self.site.providers)
        return self.site.spawner.start(replace(spec, prefix=apart.prefix(self.work_dir)))

    def _wait(self, handle: StepHandle) -> StepResult:
        try:
            while True:
                result = handle.wait(_LOOK_UP_S)
                if result is not None:
                    return result
                if self.site.closing.is_set():
                    raise Abandoned
                self.look()
        finally:
            with self._lock:
                self._handle = None
            handle.close()

    def report(self, step: Step, result: StepResult, number: int) -> None:
        """Keep what became of a step."""
        work.step(
            self.claim,
            work.StepReport(
                number=number,
                name=step.name,
                started_at=dt.datetime.fromtimestamp(result.started_at, dt.UTC),
                finished_at=dt.datetime.fromtimestamp(result.finished_at, dt.UTC),
                exit_code=result.return_code,
                log_start=result.log_start,
                log_end=result.log_end,
                diagnostics=result.diagnostics,
            ),
        )

    def _raise_if_stopped(self, step: Step, result: StepResult) -> None:
        if result.timed_out:
            raise Interrupted(RunState.TIMED_OUT, _TOO_LONG, killed=result.killed)
        if result.interrupted_at is None and not result.killed:
            return
        if self._kill and result.killed:
            raise Interrupted(RunState.CANCELED, "Killed on request.", killed=True)
        if not self._ended_well(step, result):
            raise Interrupted(RunState.STOPPED, "Stopped on request.", killed=result.killed)

    def _ended_well(self, step: Step, result: StepResult) -> bool:
        """A change that was done before the interrupt reached it is done, not stopped."""
        return self.order.state in CHANGING and result.return_code in step.ok_codes

    def _pass_on(self, handle: StepHandle) -> None:
        if self._kill:
            handle.kill()
        else:
            handle.interrupt()


def _nothing() -> None:
    """Look at nothing."""


def _diagnostic(facts: object) -> Diagnostic:
    known = facts if isinstance(facts, dict) else {}
    return Diagnostic(
        **{key: known[key] for key in Diagnostic.__dataclass_fields__ if key in known}
    )
