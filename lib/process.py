"""Run a program and wait for it: no shell, nothing inherited, an end in time, bounded output.

Engines, whose output may outlive this process, are started elsewhere; this is for what is quick.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHUNK_BYTES = 65_536
# How long output may still come after the program has ended and its process group was killed.
DRAIN_S = 1.0
# POSIX counts `ulimit -f` in blocks of this size.
ULIMIT_BLOCK_BYTES = 512
# With the signal ignored, a write beyond the limit fails as on a full disk, and can be explained.
FILE_LIMIT_SCRIPT = 'trap "" XFSZ; ulimit -f "$1" && shift && exec "$@"'


class CannotStart(Exception):
    """The program could not be started; the message is a sentence that names it."""


@dataclass(frozen=True)
class Finished:
    """How a program ended. `exit_code` is negative for the number of the signal that ended it."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool
    truncated: bool

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit_code == 0 and not self.timed_out


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    limit_bytes: int,
    stdin: bytes | None = None,
) -> Finished:
    """Run `argv` in a session of its own and wait until it ends or `timeout_s` has passed.

    `env` is its whole environment, nothing is inherited. Each of its two outputs is read to the
    end, of which `limit_bytes` are kept. Whatever it has left running in its process group is
    killed, at its end as at its timeout.

    Raises:
        CannotStart: when the program or `cwd` is not there, or may not be used.
    """
    if isinstance(argv, str):
        raise TypeError("argv is a list of arguments, never a line for a shell.")
    with ExitStack() as stack:
        process = stack.enter_context(_start(argv, cwd, env, _input(stdin, stack)))
        captures = [
            _Capture(_stream(process.stdout), limit_bytes),
            _Capture(_stream(process.stderr), limit_bytes),
        ]
        try:
            timed_out = not _watch(process.pid, captures, time.monotonic() + timeout_s)
        finally:
            _kill_group(process.pid)
        exit_code = process.wait()
    stdout, stderr = captures
    return Finished(
        exit_code=exit_code,
        stdout=bytes(stdout.data),
        stderr=bytes(stderr.data),
        timed_out=timed_out,
        truncated=stdout.truncated or stderr.truncated,
    )


def with_file_limit(argv: Sequence[str], limit_bytes: int) -> list[str]:
    """`argv`, so wrapped that no file it writes can grow beyond `limit_bytes`.

    The fixed script sets the limit and becomes the program; `argv` reaches it as arguments and is
    never read by the shell.
    """
    blocks = max(1, limit_bytes // ULIMIT_BLOCK_BYTES)
    return ["/bin/sh", "-c", FILE_LIMIT_SCRIPT, "sh", str(blocks), *argv]


class _Capture:
    """One output of the program, of which the first `limit` bytes are kept."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream = stream
        self.data = bytearray()
        self.truncated = False
        self._limit = limit

    def take(self) -> bool:
        """Read what is there; False at the end of the stream."""
        chunk = os.read(self.stream.fileno(), CHUNK_BYTES)
        room = self._limit - len(self.data)
        self.data += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room
        return bool(chunk)


def _start(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: IO[bytes] | int
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise CannotStart(
            f"The program “{Path(argv[0]).name}” could not be started: {reason}."
        ) from error


def _input(stdin: bytes | None, stack: ExitStack) -> IO[bytes] | int:
    """`stdin` as a file in memory: it cannot block, and a secret in it touches no disk."""
    if stdin is None:
        return subprocess.DEVNULL
    file = stack.enter_context(os.fdopen(os.memfd_create("stdin"), "w+b"))
    file.write(stdin)
    file.seek(0)
    return file


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:  # pragma: no cover - both outputs are pipes, but their type cannot say so.
        raise TypeError("The program was started without a pipe.")
    return stream


def _watch(pid: int, captures: list[_Capture], deadline: float) -> bool:
    """Read the outputs until the program has ended (True) or the deadline is past (False)."""
    with selectors.DefaultSelector() as selector, os.fdopen(os.pidfd_open(pid)) as exit_notice:
        selector.register(exit_notice, selectors.EVENT_READ)
        for capture in captures:
            selector.register(capture.stream, selectors.EVENT_READ, capture)
        ended = False
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if key.data is None:
                    # Children it left behind may hold the outputs open for ever.
                    _kill_group(pid)
                    ended, deadline = True, time.monotonic() + DRAIN_S
                    selector.unregister(key.fileobj)
                elif not key.data.take():
                    selector.unregister(key.fileobj)
        return ended


def _kill_group(pid: int) -> None:
    """Kill what is left of the group; its leader is not reaped yet, so the number is its own."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
