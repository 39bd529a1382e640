"""How letters speak of runs."""

from models.run import Run
from models.run_state import RunState
from services.house import house

_ENDS = {
    RunState.FINISHED: "succeeded",
    RunState.FAILED: "failed",
    RunState.DISCARDED: "was discarded",
    RunState.STOPPED: "was stopped",
    RunState.CANCELED: "was killed",
    RunState.TIMED_OUT: "took too long and was stopped",
    RunState.SKIPPED: "was skipped",
}


def of_run(run: Run) -> str:
    """A run as a sentence names it: what, where, and its number."""
    return f"run #{run.number}, {run.type} of {run.stack_name} in {run.workspace_name}"


def run_url(run: Run) -> str:
    """Where a run's page is."""
    return f"{house().base_url}/runs/{run.id}"


def end_word(run: Run) -> str:
    """How a run ended, in a word or two."""
    return _ENDS.get(run.state, str(run.state))


def ended(run: Run) -> str:
    """That a run ended, how, and with what."""
    what = of_run(run)
    said = f"{what[0].upper()}{what[1:]}, {end_word(run)}."
    return "\n\n".join(part for part in (said, run.error_text or run.result) if part)


def waits(run: Run) -> str:
    """That a run waits for a person."""
    what = "a review" if run.state is RunState.PENDING_REVIEW else "somebody to confirm its plan"
    place = f"{run.type} of {run.stack_name} in {run.workspace_name}"
    return f"Run #{run.number}, {place}, waits for {what}. Nothing changes until then."
