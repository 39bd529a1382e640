"""From the engine's raw output to the bytes of the log: rendered, masked, and never repeated."""

import importlib
import os
import traceback
from pathlib import Path
from typing import Any, Protocol

from lib.log_file.writer import LogWriter
from lib.masking import Masker

_BLOCK_BYTES = 512 * 1024


class Renderer(Protocol):
    """Raw output in, a person's text out; the same however the bytes are cut."""

    diagnostics: list[Any]

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return the text that is complete by now."""

    def finish(self) -> bytes:
        """Return the rest."""


class PlainText:
    """The renderer of output that people can read as it comes."""

    def __init__(self) -> None:
        self.diagnostics: list[Any] = []

    def feed(self, chunk: bytes) -> bytes:
        """Return `chunk` as it is."""
        return chunk

    def finish(self) -> bytes:
        """Return nothing: nothing was held back."""
        return b""


class Transcript:
    """Copies what is new in an output file to the log.

    What goes to the log is a function of the output alone. A transcript that takes over from
    another one begins at the output's start and leaves out what the log holds since `log_start`.
    """

    def __init__(self, output: Path, renderer: Renderer, masker: Masker, log: LogWriter) -> None:
        self._output_path = output
        self._output = -1
        self._renderer = renderer
        self._diagnosing = renderer
        self._masker = masker
        self._log = log
        self._to_skip = 0

    def skip_what_is_logged(self, log_start: int) -> None:
        """Take over: the log holds, since it had `log_start` bytes, what another one wrote."""
        self._to_skip = self._log.accounted_since(log_start)

    def copy(self) -> None:
        """Copy everything that the output has by now."""
        if self._output < 0 and not self._open():
            return
        while chunk := os.read(self._output, _BLOCK_BYTES):
            self._write(self._masker.feed(self._rendered(chunk)))

    def finish(self) -> int:
        """Copy the rest, now that the engine has ended; return where the step ends in the log."""
        self.copy()
        self._write(self._masker.feed(self._rendered()) + self._masker.finish())
        if self._output >= 0:
            os.close(self._output)
        return self._log.size - self._to_skip

    def diagnostics(self) -> tuple[Any, ...]:
        """What the output said is wrong, as JSON, masked."""
        found = (
            item.as_dict() if hasattr(item, "as_dict") else item
            for item in self._diagnosing.diagnostics
        )
        return tuple(self._masker.mask_value(item) for item in found)

    def _rendered(self, chunk: bytes | None = None) -> bytes:
        """The text of `chunk`, or of what was held back at the end.

        A renderer that fails leaves its trace in the log, and the output goes on as it comes.
        """
        try:
            return self._renderer.finish() if chunk is None else self._renderer.feed(chunk)
        except Exception:  # noqa: BLE001 - whatever it is, the engine must not be left alone.
            self._renderer = PlainText()
            return traceback.format_exc().encode() + (chunk or b"")

    def _open(self) -> bool:
        try:
            self._output = os.open(self._output_path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        return True

    def _write(self, text: bytes) -> None:
        known = min(self._to_skip, len(text))
        self._to_skip -= known
        if known < len(text):
            self._log.write(text[known:] if known else text)


def renderer(name: str) -> Renderer:
    """A new renderer by its name; raise LookupError when there is none."""
    if name == "text":
        return PlainText()
    # Engines have no common type here.
    return engines().renderer(name)  # type: ignore[no-any-return]


def engines() -> Any:
    """The engines' registry. Imported here and not above: the zygote starts without it too."""
    return importlib.import_module("engines.registry")
