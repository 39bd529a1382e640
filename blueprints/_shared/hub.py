"""The hub: one reader per process tells every open stream that something has changed.

It is told of this process's own moves at once (services.hints), looks once a second for those of
other processes while somebody listens, and watches the logs of the runs that are being looked at.
What it passes on are hints; a subscription keeps at most one of a kind per run, so that a slow
client costs nothing and misses nothing. No stream holds a connection to the database.
"""

import contextlib
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from flask import Flask

from lib import clock, stopping
from lib.filewatch import FileWatch
from services import feed, hints, logs
from services.errors import GantryError
from services.hints import RunMoved

log = structlog.get_logger(__name__)

MOST_STREAMS = 200
POLL_EVERY_S = 1.0
STOP_CHECK_S = 0.5
BREATH_S = 0.01
"""Between two looks at logs that grow: a chatty program is told of a hundred times a second."""
LATE_MOVES = 20
"""So many moves are looked at again: PostgreSQL gives a move its number before it is committed, so
one may show up behind others that were numbered after it."""
_REMEMBERED = 5_000
EVERY_RUN = "runs"


class Full(Exception):
    """As many streams are open as one process bears, or it is being stopped."""


@dataclass(frozen=True)
class Event:
    """A hint on its way to a client: `state`, `log`, or `look` (something may have been missed)."""

    name: str
    run_id: str
    data: dict[str, object]


@dataclass(eq=False)
class Subscription:
    """One open stream: what it listens to, and what it has not been told yet."""

    topics: frozenset[str]
    sees: Callable[[RunMoved], bool]
    closed: bool = False
    _pending: dict[tuple[str, str], Event] = field(default_factory=dict)
    _ready: threading.Condition = field(default_factory=threading.Condition)

    def put(self, event: Event) -> None:
        """Have the client told, in place of an older hint of the same kind."""
        with self._ready:
            self._pending[event.name, event.run_id] = event
            self._ready.notify()

    def tell(self, what: RunMoved) -> None:
        """Have the client told that a run has changed, if it listens to that and may know of it."""
        if self.topics & set(_topics_of(what)) and self.sees(what):
            self.put(state_event(what))

    def take(self, timeout_s: float) -> list[Event] | None:
        """What is to be told, waited for up to `timeout_s`; None once the stream must end."""
        with self._ready:
            if not self._pending and not self.closed:
                self._ready.wait(timeout_s)
            if self.closed:
                return None
            events = list(self._pending.values())
            self._pending.clear()
            return events

    def close(self) -> None:
        """End the stream."""
        with self._ready:
            self.closed = True
            self._ready.notify()

    @property
    def run_ids(self) -> list[str]:
        """The runs that are listened to by name."""
        return [topic[4:] for topic in self.topics if topic.startswith("run:")]


class Hub:
    """Every open stream of one app in this process."""

    def __init__(self, app: Flask, *, most: int = MOST_STREAMS) -> None:
        self._app = app
        self._most = most
        self._lock = threading.Lock()
        self._awake = threading.Condition(self._lock)
        self._all: set[Subscription] = set()
        self._by_topic: dict[str, set[Subscription]] = defaultdict(set)
        self._versions: OrderedDict[str, int] = OrderedDict()
        self._watch: FileWatch | None = None
        self._place = 0
        self._is_stopped = False
        self._forget_hints = hints.listen(self._hear)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def place(self) -> int:
        """Up to where the feed has been read: what a client names when it comes back."""
        return self._place

    def newest(self) -> int:
        """Up to where a page that is read now has seen the feed; asks nothing while one listens."""
        return self._place if self._all else feed.newest()

    def join(self, subscription: Subscription) -> None:
        """Let a stream listen from now on.

        Raises:
            Full: when there are too many, or the server stops.
        """
        known, place = ([], self._place) if self._all else self._all_so_far()
        with self._lock:
            if self._is_stopped or len(self._all) >= self._most:
                raise Full
            self._start()
            if not self._all:
                self._place = place
                self._versions.update((each.run_id, each.version) for each in known)
            self._all.add(subscription)
            for topic in subscription.topics:
                self._by_topic[topic].add(subscription)
            self._awake.notify_all()
        for run_id in subscription.run_ids:
            self._watch_log(run_id)

    def leave(self, subscription: Subscription) -> None:
        """Forget a stream. May be called twice."""
        with self._lock:
            if subscription not in self._all:
                return
            self._all.discard(subscription)
            for topic in subscription.topics:
                self._by_topic[topic].discard(subscription)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]
        for run_id in subscription.run_ids:
            path = logs.store().path(run_id)
            if path is not None and self._watch is not None:
                self._watch.remove(path)

    def stop(self) -> None:
        """End every stream at once, and take no new one."""
        self._forget_hints()
        with self._lock:
            self._is_stopped = True
            open_now = list(self._all)
            self._awake.notify_all()
        for subscription in open_now:
            subscription.close()
        if self._watch is not None:
            with contextlib.suppress(OSError):  # The thread that waits may have seen it and closed.
                self._watch.wake()

    def publish(self, what: RunMoved) -> None:
        """Pass on that a run has changed, unless that was said before."""
        with self._lock:
            if self._versions.get(what.run_id, 0) >= what.version:
                return
            self._versions[what.run_id] = what.version
            self._versions.move_to_end(what.run_id)
            if len(self._versions) > _REMEMBERED:
                self._versions.popitem(last=False)
            listeners = self._listening(_topics_of(what))
        event = state_event(what)
        for subscription in listeners:
            if subscription.sees(what):
                subscription.put(event)

    def _hear(self, hint: hints.Hint) -> None:
        if isinstance(hint, RunMoved) and self._all:
            self.publish(hint)

    def _listening(self, topics: Iterable[str]) -> set[Subscription]:
        return {each for topic in topics for each in self._by_topic.get(topic, ())}

    def _start(self) -> None:
        if self._watch is not None:
            return
        self._watch = FileWatch()
        for work in (self._follow_moves, self._follow_logs, self._follow_server):
            threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True).start()

    def _watch_log(self, run_id: str) -> None:
        path = logs.store().path(run_id)
        if path is None or self._watch is None:
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._watch.add(path)
        self._watch.wake()

    def _follow_logs(self) -> None:
        assert self._watch is not None  # noqa: S101 - started after it was made
        while not self._is_stopped:
            changed = self._watch.wait()
            for path in changed:
                self._tell_of_log(path)
            if changed:
                threading.Event().wait(BREATH_S)
        self._watch.close()

    def _tell_of_log(self, path: Path) -> None:
        run_id = path.name.removesuffix(".log")
        with self._lock:
            listeners = self._listening([f"run:{run_id}"])
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return  # Compressed or expired since; the page's next look says so.
        for subscription in listeners:
            subscription.put(log_event(run_id, size))

    def _follow_moves(self) -> None:
        """Look once a second for what other processes did, while somebody listens."""
        while True:
            with self._lock:
                while not self._all and not self._is_stopped:
                    self._awake.wait()
                if self._is_stopped:
                    return
                watched = {run_id for each in self._all for run_id in each.run_ids}
            started = clock.monotonic()
            self._look(watched)
            with self._lock:
                self._awake.wait_for(
                    lambda: self._is_stopped,
                    max(0.05, POLL_EVERY_S - (clock.monotonic() - started)),
                )

    def _follow_server(self) -> None:
        """End with the server: an open stream would hold up its stop for half a minute."""
        while not self._is_stopped:
            if stopping.wait(STOP_CHECK_S):
                self.stop()

    def _all_so_far(self) -> tuple[list[RunMoved], int]:
        """What the first to listen is not told, and the place in the feed that follows it."""
        return feed.moved_since(max(0, feed.newest() - LATE_MOVES))

    def _look(self, watched: set[str]) -> None:
        try:
            with self._app.app_context():
                found, self._place = feed.moved_since(max(0, self._place - LATE_MOVES))
                found += feed.standing(watched)
        except GantryError as trouble:
            log.warning("the hub cannot look for moves now", trouble=trouble.text)
            return
        for what in found:
            self.publish(what)


def state_event(what: RunMoved) -> Event:
    """The hint that a run has changed."""
    data = {
        "id": what.run_id,
        "state": what.state,
        "status": what.status,
        "version": what.version,
    }
    return Event("state", what.run_id, dict(data))


def log_event(run_id: str, size: int) -> Event:
    """The hint that a run's log has this many bytes."""
    return Event("log", run_id, {"id": run_id, "offset": size})


def _topics_of(what: RunMoved) -> tuple[str, ...]:
    return (
        EVERY_RUN,
        f"run:{what.run_id}",
        f"project:{what.project_id}",
        f"stack:{what.stack_id}",
        f"workspace:{what.workspace_id}",
        f"deployment:{what.deployment_id}",
    )
