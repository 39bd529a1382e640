"""How commands of the client end: exit codes, and failures as one sentence on standard error."""

import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import IO, Any

import click


class Exit(IntEnum):
    """What an exit code says. docs/cli.md has the same table."""

    DONE = 0
    OTHER = 1
    USAGE = 2
    FAILED = 3
    CANCELLED = 4
    TIMED_OUT = 5
    NEEDS_PERSON = 6
    REFUSED = 7
    UNREACHABLE = 8
    STILL_GOING = 9
    CHANGES = 10
    INTERRUPTED = 130


MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "Done. A run that was followed or waited for has finished.",
    Exit.OTHER: "Something else went wrong; the sentence on standard error says what.",
    Exit.USAGE: "The command line was not understood, or an answer was needed and nobody asked.",
    Exit.FAILED: "The run has failed.",
    Exit.CANCELLED: "The run was discarded, stopped, force-cancelled or skipped.",
    Exit.TIMED_OUT: "The run has passed its longest allowed duration.",
    Exit.NEEDS_PERSON: "The run waits for a person: to confirm its plan, or to review it.",
    Exit.REFUSED: "The portal refused: no good token, not allowed, not there, not now, not valid.",
    Exit.UNREACHABLE: "The portal could not be reached, or did not answer in time.",
    Exit.STILL_GOING: "The time of --timeout is over, and the run is still going.",
    Exit.CHANGES: "With --fail-on-changes: the run has finished, and its plan has changes.",
    Exit.INTERRUPTED: "Interrupted (Ctrl-C). A run that was followed goes on.",
}


class Failure(click.ClickException):
    """The command ends with a sentence and an exit code."""

    exit_code = int(Exit.OTHER)

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        if code is not None:
            # click has it of the class, and reads it of the instance.
            self.exit_code = code  # type: ignore[misc]

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it on standard error, harmless for a terminal whatever the portal has sent."""
        click.echo(f"gantry: {printable(self.message, lines=True)}", file=file or sys.stderr)


class Refused(Failure):
    """The portal said no. `status` is the answer's, `problem` its body."""

    exit_code = int(Exit.REFUSED)

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        super().__init__(_sentence(status, problem))


class Unreachable(Failure):
    """There was no answer.

    `may_have_happened` when the request had left; `is_final` when asking again is of no use.
    """

    exit_code = int(Exit.UNREACHABLE)

    def __init__(
        self, text: str, *, may_have_happened: bool = False, is_final: bool = False
    ) -> None:
        self.may_have_happened, self.is_final = may_have_happened, is_final
        super().__init__(text)


_NOT_THERE = "There is nothing here that you may see."


def _sentence(status: int, problem: Mapping[str, Any]) -> str:
    text = str(problem.get("detail") or problem.get("title") or f"The portal answered {status}.")
    fields = problem.get("errors") or {}
    if text in fields.values():  # The only thing that is wrong stands there, with its name.
        text = "The portal does not take this:"
    lines = [f"  {name}: {said}" for name, said in fields.items()]
    if status >= 500 and problem.get("request_id"):
        lines.append(f"  The request's id is {problem['request_id']}.")
    if status == 401:
        text = "The portal does not take this token: it is wrong, has expired or was revoked."
        lines.append("  “gantry login” signs in; GANTRY_TOKEN is used before what it keeps.")
    if status == 404 and text.startswith(_NOT_THERE):
        text = "There is nothing of this name or id that you may see."
    return "\n".join([text, *lines])


_HARMLESS = dict.fromkeys(
    [*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
    "\N{REPLACEMENT CHARACTER}",
)


def printable(text: object, *, lines: bool = False) -> str:
    """Text that a terminal only shows: no escapes, no turned direction; one line, or `lines`."""
    table = {code: mark for code, mark in _HARMLESS.items() if not lines or code not in {9, 10}}
    kept = str(text) if lines else str(text).strip().partition("\n")[0]
    return kept.translate(table)
