"""The one comment on a pull request: what its runs would change, in counts and addresses.

Values never stand in it, sensitive or not. Text of others is made harmless to Markdown.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from models import run_pages
from models.run import Run
from models.run_state import RunState
from services.house import house
from services.transaction import session

MOST_ADDRESSES = 30
LONGEST = 60_000
_SIGNS = {"create": "+", "update": "~", "delete": "−", "replace": "±", "import": "⇣", "move": "→"}
_S = RunState
_WORDS = {
    _S.QUEUED: "Waiting for its turn.",
    _S.READY: "Waiting for a worker.",
    _S.PENDING_REVIEW: "Waiting for a review.",
    _S.UNCONFIRMED: "Waiting for somebody to confirm it.",
    _S.CONFIRMED: "Confirmed; about to be applied.",
    _S.FAILED: "Failed.",
    _S.TIMED_OUT: "It took too long and was stopped.",
    _S.DISCARDED: "Discarded.",
    _S.STOPPED: "Stopped.",
    _S.CANCELED: "Killed.",
    _S.SKIPPED: "Skipped.",
}
_COUNTS = (
    ("add", "add"),
    ("change", "change"),
    ("destroy", "destroy"),
    ("replace", "replace"),
    ("import", "import"),
    ("move", "move"),
    ("forget", "forget"),
)


def marker(repository_id: str, number: int) -> str:
    """A line by which the comment is known again, and that nobody can guess before it is there."""
    told = f"{repository_id}:{number}".encode()
    return f"<!-- gantry:{house().keyring.fingerprint(told, 'vcs-comment')} -->"


def sentence(run: Run) -> str:
    """What is to be known of a run, in one line without a value of its configuration."""
    kind = run.type.value.capitalize()
    counts = summary(run.changes)
    if run.state is RunState.FINISHED:
        return f"{kind}: {counts or 'done'}."
    words = _WORDS.get(run.state, "At work.")
    if run.state is RunState.FAILED and run.error_text:
        words = f"Failed: {run.error_text}"
    return f"{kind}: {counts}. {words}" if counts else f"{kind}: {words}"


def summary(changes: Mapping[str, Any] | None) -> str:
    """A plan's counts in words; empty while there is no plan."""
    if changes is None:
        return ""
    parts = [f"{changes[name]} to {word}" for name, word in _COUNTS if changes.get(name)]
    return ", ".join(parts) or "no changes"


def text(runs: Sequence[Run], mark: str, base_url: str) -> str:
    """The whole comment about the newest run of each deployment."""
    lines = [
        mark,
        "### Gantry",
        "",
        "| Deployment | Commit | Result | Run |",
        "| --- | --- | --- | --- |",
        *(_row(run, base_url) for run in runs),
        "",
    ]
    for run in runs:
        lines += _details(run)
    written = "\n".join(lines)
    return written if len(written) <= LONGEST else written[:LONGEST].rsplit("\n", 1)[0] + "\n\n…"


def plain(words: str) -> str:
    """Text of others as it may stand in a Markdown table: no markup, no mention, one line."""
    line = " ".join(words.split())
    line = re.sub(r"([\\`*_{}\[\]()#+!|<>~])", r"\\\1", line)
    return line.replace("@", "@\u200b")[:500]


def _row(run: Run, base_url: str) -> str:
    place = f"{run.project_name}/{run.stack_name} in {run.workspace_name}"
    commit = str((run.pin or {}).get("commit") or "")[:8]
    link = f"[#{run.number}]({base_url}/runs/{run.id})"
    return (
        f"| {plain(place)} | {f'`{commit}`' if commit else ''} | {plain(sentence(run))} | {link} |"
    )


def _details(run: Run) -> list[str]:
    """The addresses that change, folded away."""
    if not run.changes:
        return []
    rows = run_pages.changing(run.id).limit(MOST_ADDRESSES + 1)
    found = [f"{_SIGNS.get(action, '·')} {address}" for address, action in session().execute(rows)]
    if not found:
        return []
    shown = found[:MOST_ADDRESSES]
    if len(found) > MOST_ADDRESSES:
        shown.append("… and more; see the run.")
    place = f"{run.stack_name} in {run.workspace_name}"
    body = "\n".join(line.replace("```", "'''") for line in shown)
    return [
        "<details>",
        f"<summary>{place}: {summary(run.changes)}</summary>",
        "",
        "```diff",
        body,
        "```",
        "",
        "</details>",
        "",
    ]
