"""Following a run: its log from where one is, its state, whatever breaks on the way."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import Any, Self

from cli.client.failures import Exit, Failure, Refused, Unreachable
from cli.client.http import Json, Portal, path, read
from cli.client.screen import Screen, at_once

PATIENCE_S = 600.0
LOOK_EVERY_S = 1.0
LOOK_AT_LEAST_EVERY_S = 5.0
SLICE_S = 0.2
LISTEN_AGAIN_AFTER_S = 3.0
CHUNK_BYTES = 1 << 16
OVER: dict[str, Exit] = {
    "finished": Exit.DONE,
    "failed": Exit.FAILED,
    "discarded": Exit.CANCELLED,
    "stopped": Exit.CANCELLED,
    "canceled": Exit.CANCELLED,
    "skipped": Exit.CANCELLED,
    "timed_out": Exit.TIMED_OUT,
}
NEED_A_PERSON = frozenset({"unconfirmed", "pending_review"})


def code_of(run: Json) -> Exit:
    """The exit code that says how a run stands."""
    if run["state"] in NEED_A_PERSON:
        return Exit.NEEDS_PERSON
    return OVER.get(run["state"], Exit.STILL_GOING)


class Log:
    """A run's log, read on from `offset`."""

    def __init__(self, portal: Portal, run_id: str, offset: int = 0) -> None:
        self._portal, self._where = portal, path("runs", run_id, "logs")
        self.offset = offset
        self.is_complete = False

    def read(self) -> Iterator[bytes]:
        """What there is by now. Where the connection breaks, reading goes on at that byte."""
        deadline = time.monotonic() + self._portal.patience_s
        while True:
            before = self.offset
            try:
                yield from self._piece()
            except Unreachable as trouble:
                if self.offset != before:
                    deadline = time.monotonic() + self._portal.patience_s
                if trouble.is_final or time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_EVERY_S)
            else:
                return

    def _piece(self) -> Iterator[bytes]:
        from cli.client.wire import in_words

        response = self._portal.stream(self._where, offset=self.offset)
        with in_words(self._portal.url):
            for data in response.stream(CHUNK_BYTES):
                self.offset += len(data)
                yield data
        response.release_conn()
        self.is_complete = response.headers.get("Gantry-Log-Complete") == "true"


class Watched:
    """Something that is looked at again and again; unchanged, it does not travel again."""

    def __init__(self, portal: Portal, where: str) -> None:
        self._portal, self._where = portal, where
        self._tag = ""
        self._seen: Json = {}

    def look(self) -> Json:
        """As it is now."""
        known = {"If-None-Match": self._tag} if self._tag else {}
        reply = self._portal.request("GET", self._where, headers=known)
        if reply.status != 304:
            self._tag, self._seen = reply.headers.get("ETag", ""), read(reply)
        return self._seen


class Hints:
    """Listens to the run's events in a thread of its own, so that one looks when there is news.

    A hint that is lost, or a portal that gives none, costs a moment: one looks anyway.
    """

    def __init__(self, portal: Portal, run_id: str) -> None:
        self._portal, self._where = portal, path("runs", run_id, "events")
        self._news, self._is_over = threading.Event(), threading.Event()
        self._is_listening = False

    def __enter__(self) -> Self:
        """Begin to listen."""
        threading.Thread(target=self._listen, name="hints", daemon=True).start()
        return self

    def __exit__(self, *_how: object) -> None:
        """The thread ends with its next event, or with the process."""
        self._is_over.set()

    def wait(self, longest_s: float) -> None:
        """Return when there is news, or when it is time to look by oneself."""
        every_s = LOOK_AT_LEAST_EVERY_S if self._is_listening else LOOK_EVERY_S
        ends = time.monotonic() + min(every_s, max(longest_s, 0))
        # In slices: a signal is seen between them.
        while not self._news.wait(SLICE_S) and time.monotonic() < ends:
            continue
        self._news.clear()

    def _listen(self) -> None:
        while not self._is_over.is_set():
            with suppress(Unreachable, Refused, OSError, ValueError):
                self._hear()
            self._is_listening = False
            self._is_over.wait(LISTEN_AGAIN_AFTER_S)

    def _hear(self) -> None:
        from cli.client.wire import in_words

        with in_words(self._portal.url):
            response = self._portal.stream(self._where)
            self._is_listening = True
            for data in response.stream():
                if self._is_over.is_set():
                    return
                if b"event:" in data:
                    self._news.set()


class Follower:
    """Follows one run on a screen, through what a person decides on the way."""

    def __init__(self, portal: Portal, run_id: str, shown: Screen, *, offset: int = 0) -> None:
        self._portal = replace(portal, patience_s=PATIENCE_S)
        self._run_id, self._screen = run_id, shown
        self._log = Log(self._portal, run_id, offset)
        self._run = Watched(self._portal, path("runs", run_id))

    @property
    def offset(self) -> int:
        """How much of the log has been shown."""
        return self._log.offset

    def follow(self, *, timeout_s: float | None, passive: frozenset[str]) -> Json:
        """The run once it is over, or in one of the states in `passive`.

        Raises:
            Failure: when the time is over, or a second Ctrl-C has come.
        """
        ends = None if timeout_s is None else time.monotonic() + timeout_s
        with (
            self._screen as shown,
            Hints(self._portal, self._run_id) as hints,
            patient(self._run_id),
        ):
            while True:
                run = self._run.look()
                shown.progress(run)
                for data in self._log.read():
                    shown.log(data)
                if run["state"] in OVER or run["state"] in passive:
                    return run
                left_s = LOOK_AT_LEAST_EVERY_S if ends is None else ends - time.monotonic()
                if left_s <= 0:
                    raise Failure(
                        f"The run is {run['state']} still, after {timeout_s:,.0f} s. It goes on; "
                        f"see it with: gantry run logs -f {self._run_id}",
                        Exit.STILL_GOING,
                    )
                hints.wait(left_s)


@contextmanager
def patient(run_id: str) -> Iterator[None]:
    """Make the first Ctrl-C say that the run goes on; the second one leaves."""
    seen: list[int] = []

    def interrupted(number: int, _frame: FrameType | None) -> Any:
        if seen:
            raise Failure("The run goes on without you.", Exit.INTERRUPTED)
        seen.append(number)
        at_once(f"The run goes on. To cancel it: gantry run cancel {run_id}. Ctrl-C again leaves.")

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
