"""Terraform's ``-json`` output as the text a person would have read in a terminal.

The transform is a pure function of the bytes, whatever pieces they come in, so that a supervisor
that takes over may recompute it and skip what the log already has. Format: "Machine-Readable UI" of
the terraform documentation; types unknown here show their message.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import ClassVar

from engines.base import Diagnostic, Json
from engines.terraform import diagnostics as diag
from engines.terraform.diagnostics import BOLD, CYAN, GREEN, RED, RESET, YELLOW
from engines.terraform.hcl import as_hcl

#: A longer line without an end is no message of terraform's; it is passed on as it comes.
LONGEST_LINE_BYTES = 4 << 20

_SYMBOLS = {
    "create": (f"{GREEN}  +{RESET}", "will be created"),
    "update": (f"{YELLOW}  ~{RESET}", "will be updated in place"),
    "delete": (f"{RED}  -{RESET}", "will be destroyed"),
    "replace": (f"{RED}-{RESET}/{GREEN}+{RESET}", "must be replaced"),
    "read": (f"{CYAN} <={RESET}", "will be read during apply"),
    "move": (f"{CYAN} ->{RESET}", "moves"),
    "import": (f"{CYAN} <-{RESET}", "will be imported"),
    "remove": (f"{RED}  .{RESET}", "will no longer be managed, but not destroyed"),
    "noop": ("   ", "does not change"),
}
_REASONS = {
    "cannot_update": "cannot be updated in place",
    "tainted": "is tainted",
    "requested": "as asked for",
    "replace_triggered_by": "triggered by another change",
    "delete_because_no_resource_config": "it is not in the configuration",
    "delete_because_no_module": "its module is not in the configuration",
    "delete_because_count_index": "its index is beyond count",
    "delete_because_each_key": "its key is not in for_each",
    "delete_because_wrong_repetition": "it has no count or for_each any more",
    "delete_because_no_move_target": "it was moved to a place that does not exist",
    "read_because_config_unknown": "its configuration is known only then",
    "read_because_dependency_pending": "it depends on something that changes",
}
_NOTHING = "What is there is what the configuration describes."
# Said already by another message, or nothing a person waits for.
_SILENT = frozenset({"refresh_complete", "provision_complete", "test_abstract", "test_state"})


class JsonStream:
    """Renderer of terraform's line-by-line JSON. With ``applying`` the plan is not told twice."""

    def __init__(self, *, applying: bool = False) -> None:
        """Start with nothing read."""
        self.diagnostics: list[Diagnostic] = []
        self._applying = applying
        self._rest = b""
        self._overlong = False
        self._headings: set[str] = set()
        self._plan_is_empty = False

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return the text of the lines complete by now."""
        # Cut at fixed places, never where a chunk happens to end.
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        text = b"".join(self._line(line + b"\n") for line in lines)
        while len(self._rest) > LONGEST_LINE_BYTES:
            text += self._rest[:LONGEST_LINE_BYTES]
            self._rest = self._rest[LONGEST_LINE_BYTES:]
            self._overlong = True
        return text

    def finish(self) -> bytes:
        """Return the text of a last line that has no end, and that nothing changes if so."""
        line, self._rest = self._rest, b""
        text = self._line(line) if line else b""
        if self._plan_is_empty and not self._headings:
            text += f"\n{BOLD}{GREEN}No changes.{RESET} {_NOTHING}\n".encode()
        return text

    def _line(self, line: bytes) -> bytes:
        # A long line cut by one caller and whole for another must give the same text.
        if self._overlong or len(line) > LONGEST_LINE_BYTES + 1:
            self._overlong = False
            return line
        message = _parsed(line)
        if message is None:
            return line
        return self._message(message).encode(errors="replace")

    def _message(self, message: dict[str, Json]) -> str:
        kind = str(message.get("type", ""))
        if kind in _SILENT:
            return ""
        tell = self.TELLERS.get(kind)
        if tell is not None:
            try:
                return tell(self, message)
            except (AttributeError, LookupError, TypeError, ValueError):
                # A shape nobody has seen yet: its own message is better than a crash.
                pass
        return _plain(message)

    def _heading(self, text: str) -> str:
        if text in self._headings:
            return ""
        self._headings.add(text)
        return f"\n{BOLD}{text}{RESET}\n\n"

    def _diagnostic(self, message: dict[str, Json]) -> str:
        raw = message["diagnostic"]
        diagnostic = diag.read(raw)
        if diagnostic is None:
            return ""
        self.diagnostics.append(diagnostic)
        return diag.boxed(diagnostic, raw)

    def _planned(self, message: dict[str, Json]) -> str:
        if self._applying:
            return ""
        heading = self._heading("Terraform will perform the following actions:")
        return heading + _change_line(message["change"])

    def _drift(self, message: dict[str, Json]) -> str:
        if self._applying:
            return ""
        heading = self._heading("Objects have changed outside of Terraform:")
        change = message["change"]
        deleted = change.get("action") == "delete"
        symbol = _SYMBOLS["delete" if deleted else "update"][0]
        words = "has been deleted" if deleted else "has changed"
        return f"{heading}{symbol} {_address(change['resource'])} {words}\n"

    def _summary(self, message: dict[str, Json]) -> str:
        changes = message["changes"]
        if changes.get("operation") != "plan":
            return f"\n{BOLD}{GREEN}{_said(message)}{RESET}\n"
        if self._applying:
            return ""
        self._plan_is_empty = not any(isinstance(n, int) and n for n in changes.values())
        return f"\n{BOLD}{_said(message)}{RESET}\n"

    def _outputs(self, message: dict[str, Json]) -> str:
        outputs = message["outputs"]
        planned = any("action" in output for output in outputs.values())
        if planned:
            return self._output_changes(outputs)
        if not outputs:
            return ""
        lines = [f"{name} = {_output_value(output)}\n" for name, output in outputs.items()]
        return f"\n{BOLD}{GREEN}Outputs:{RESET}\n\n" + "".join(lines)

    def _output_changes(self, outputs: dict[str, Json]) -> str:
        changed = {n: o for n, o in outputs.items() if o.get("action") not in {"noop", None}}
        if self._applying or not changed:
            return ""
        lines = (
            f"{_SYMBOLS[o['action']][0]} {name}{_is_secret(o)}\n" for name, o in changed.items()
        )
        return self._heading("Changes to Outputs:") + "".join(lines)

    def _bold(self, message: dict[str, Json]) -> str:
        return f"{BOLD}{_said(message)}{RESET}\n"

    def _errored(self, message: dict[str, Json]) -> str:
        return f"{BOLD}{RED}{_said(message)}{RESET}\n"

    def _provisioned(self, message: dict[str, Json]) -> str:
        hook = message["hook"]
        where = f"{BOLD}{_address(hook['resource'])} ({hook['provisioner']}):{RESET}"
        return f"{where} {hook['output']}\n"

    def _init(self, message: dict[str, Json]) -> str:
        if message.get("message_code") == "output_init_success_message":
            return f"\n{BOLD}{GREEN}{_said(message)}{RESET}\n"
        return f"{BOLD}{_said(message)}{RESET}\n"

    def _logged(self, message: dict[str, Json]) -> str:
        return f"- {_said(message)}\n"

    #: How each type of message is told.
    TELLERS: ClassVar[dict[str, Callable[[JsonStream, dict[str, Json]], str]]] = {
        "diagnostic": _diagnostic,
        "planned_change": _planned,
        "resource_drift": _drift,
        "change_summary": _summary,
        "outputs": _outputs,
        "refresh_start": _bold,
        "apply_start": _bold,
        "apply_progress": _bold,
        "apply_complete": _bold,
        "apply_errored": _errored,
        "provision_start": _bold,
        "provision_progress": _provisioned,
        "provision_errored": _errored,
        "init_output": _init,
        "log": _logged,
    }


class Verbatim:
    """Renderer of output that is text already."""

    def __init__(self) -> None:
        """Have no diagnostics: plain text has none that could be told apart."""
        self.diagnostics: list[Diagnostic] = []

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes as they are."""
        return chunk

    def finish(self) -> bytes:
        """Return nothing: nothing was held back."""
        return b""


def _parsed(line: bytes) -> dict[str, Json] | None:
    if not line.startswith(b"{"):
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    # A program run by local-exec may print JSON of its own: that is its output, left as it is.
    return message if isinstance(message, dict) and "@message" in message else None


def _plain(message: dict[str, Json]) -> str:
    said = _said(message)
    return f"{said}\n" if said else ""


def _said(message: dict[str, Json]) -> str:
    return str(message.get("@message") or "")


def _address(resource: Json) -> str:
    return str(resource.get("addr") or "?")


def _change_line(change: dict[str, Json]) -> str:
    action = str(change.get("action"))
    symbol, words = _SYMBOLS.get(action, ("  ?", action))
    before = change.get("previous_resource")
    if isinstance(before, dict):
        words += f" (from {_address(before)})"
    if isinstance(change.get("importing"), dict) and action != "import":
        words += " (imported)"
    reason = change.get("reason")
    if reason:
        words += f" ({_REASONS.get(str(reason), str(reason).replace('_', ' '))})"
    return f"{symbol} {BOLD}{_address(change['resource'])}{RESET} {words}\n"


def _is_secret(output: dict[str, Json]) -> str:
    return " (sensitive value)" if output.get("sensitive") else ""


def _output_value(output: dict[str, Json]) -> str:
    return "(sensitive value)" if output.get("sensitive") else as_hcl(output.get("value"))
