"""What a person sees of a run that goes on: its log, and one line of progress below it."""

import codecs
import os
import re
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cli.client.failures import printable
from cli.client.output import Json, console

if TYPE_CHECKING:
    from rich.live import Live

# What a terminal would obey, but colours: they are kept, the first group.
_ORDERS = re.compile(
    r"(\x1b\[[0-9;:]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    "|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
STATE_WORDS = {"pending_review": "waits for a review", "unconfirmed": "waits to be confirmed"}


def harmless(text: str, *, colours: bool = True) -> str:
    """Text of a log without what a terminal would obey; colours stay unless they are unwanted."""
    return _ORDERS.sub(lambda found: (found[1] or "") if colours else "", text)


class Lines:
    """Bytes as they come, as whole lines of text."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def take(self, data: bytes) -> list[str]:
        """The lines that are whole now."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        return lines

    def end(self) -> list[str]:
        """What is left."""
        rest, self._rest = self._rest + self._decoder.decode(b"", final=True), ""
        return [rest] if rest else []


class Screen:
    """Where a followed run is shown: the log as it is, and its states as lines beside it.

    The log goes to standard output, or with `beside` to standard error. `quiet` shows no log.
    """

    def __init__(self, *, beside: bool = False, quiet: bool = False) -> None:
        self._out = sys.stderr.buffer if beside else sys.stdout.buffer
        self._quiet = quiet
        self._shown = ""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End."""
        self._out.flush()

    def log(self, data: bytes) -> None:
        """Show what has been added to the log."""
        if not self._quiet:
            self._out.write(data)
            self._out.flush()

    def progress(self, run: Json) -> None:
        """Show how the run stands."""
        words = _standing(run)
        if words != self._shown:
            self._shown = words
            self.note(words)

    def note(self, text: str) -> None:
        """Say something beside the log."""
        if not self._quiet:
            print(f"gantry: {printable(text)}", file=sys.stderr, flush=True)


class Terminal(Screen):
    """A screen for a person: one line of progress, which moves below the log."""

    def __init__(self, *, quiet: bool = False) -> None:
        from rich.ansi import AnsiDecoder
        from rich.spinner import Spinner

        super().__init__(beside=True, quiet=quiet)
        self._console = console(on_error=True)
        self._decoder, self._lines = AnsiDecoder(), Lines()
        self._spinner = Spinner("dots", style="cyan")
        self._since = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Draw the line."""
        from rich.live import Live

        self._live = Live(
            self, console=self._console, transient=True, refresh_per_second=8, redirect_stderr=False
        )
        self._live.start()
        return self

    def __exit__(self, *_how: object) -> None:
        """Take the line away; the log stays."""
        self._print(self._lines.end())
        if self._live is not None:
            self._live.stop()

    def __rich__(self) -> Any:
        """The line, as it is now."""
        from rich.table import Table
        from rich.text import Text

        seconds = int(time.monotonic() - self._since)
        line = Table.grid(padding=(0, 1))
        line.add_column(no_wrap=True)
        line.add_column(no_wrap=True, overflow="ellipsis")
        line.add_row(self._spinner, Text(f"{self._shown} · {clock_words(seconds)}", "dim"))
        return line

    def log(self, data: bytes) -> None:
        """Print the whole lines of it above the line of progress."""
        if not self._quiet:
            self._print(self._lines.take(data))

    def progress(self, run: Json) -> None:
        """Show how the run stands; its time is that of the state."""
        words = f"{_standing(run)} · run {run['number']}, {run_place(run)}"
        if words != self._shown:
            self._shown, self._since = words, time.monotonic()

    def note(self, text: str) -> None:
        """Print it above the line of progress."""
        self._console.print(printable(text), style="yellow")

    def _print(self, lines: list[str]) -> None:
        for line in lines:
            last = line.rstrip("\r").rpartition("\r")[2]
            self._console.print(self._decoder.decode_line(harmless(last)), soft_wrap=True)


def screen(*, beside: bool, quiet: bool) -> Screen:
    """The screen for where one is."""
    if sys.stderr.isatty() and (sys.stdout.isatty() or quiet) and not beside:
        return Terminal(quiet=quiet)
    return Screen(beside=beside, quiet=quiet)


def at_once(text: str) -> None:
    """Say something from where nothing may be buffered, as when a signal has come."""
    erase = "\r\x1b[2K" if sys.stderr.isatty() else ""
    os.write(sys.stderr.fileno(), f"{erase}{printable(text)}\n".encode())


def run_place(run: Json) -> str:
    """Where a run is, as people say it."""
    return f"{run['project']}/{run['stack']} in {run['workspace']}"


def clock_words(seconds: int) -> str:
    """A duration, short."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _standing(run: Json) -> str:
    """The state in words, and why it waits or that it is being stopped."""
    state = str(run["state"])
    words = STATE_WORDS.get(state, state.replace("_", " "))
    if run.get("cancel_requested_at") and run["status"] == "running":
        return f"{words}, cancelling"
    waiting = run.get("waiting_on")
    if waiting and state in {"queued", "ready", "confirmed"}:
        return f"{words}: {waiting['text']}"
    return words
