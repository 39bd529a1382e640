"""Server-sent events over HTTP: who may listen to what, for how long, and how a client comes back.

A stream is a thread that waits on its subscription. It pings, looks now and then whether its client
may still listen, ends after a quarter of an hour (browsers come back by themselves), and at once
when the server stops.
"""

import json
import re
from collections.abc import Callable, Iterator
from weakref import WeakSet

from flask import Flask, Response, g, request

from blueprints._shared import current, htmx
from blueprints._shared.hub import EVERY_RUN, Event, Full, Hub, Subscription, log_event, state_event
from lib import clock
from services import feed, sessions, tokens
from services.access import Actor
from services.errors import Invalid
from services.hints import RunMoved
from services.sessions import Origin

PING_EVERY_S = 15.0
CHECK_EVERY_S = 30.0
LONGEST_S = 15 * 60.0
MOST_TOPICS = 100
RETRY_AFTER_S = 30
RECONNECT_MS = 3000
_TOPIC = re.compile(r"(?:run|project|stack|workspace|deployment):[0-9a-z]{20}")
_EVERYTHING = frozenset({EVERY_RUN, "queue"})
LOOK = Event("look", "", {})
_EXTENSION = "gantry_hub"
_hubs: WeakSet[Hub] = WeakSet()

Recheck = Callable[[], Actor | None]


def hub_of(app: Flask) -> Hub:
    """The hub of an app, made when it is first asked for."""
    hub: Hub | None = app.extensions.get(_EXTENSION)
    if hub is None:
        hub = app.extensions.setdefault(_EXTENSION, Hub(app))
        _hubs.add(hub)
    return hub


def install(app: Flask) -> None:
    """Have each page know up to which move it was read: its stream goes on from there."""
    app.before_request(_note_place)


def _note_place() -> None:
    if request.method == "GET" and current.is_page() and not htmx.wants_fragment():
        g.feed_place = hub_of(current.app()).newest()


def stop() -> None:
    """End every stream of this process at once; new ones are refused."""
    for hub in list(_hubs):
        hub.stop()


def topics_of(text: str) -> frozenset[str]:
    """The topics that a query names, parted by commas or spaces.

    Raises:
        Invalid: when one is unknown, or there are none, or too many.
    """
    named = {word for word in re.split(r"[\s,]+", text) if word}
    strange = sorted(
        each for each in named if each not in _EVERYTHING and not _TOPIC.fullmatch(each)
    )
    if strange or not 0 < len(named) <= MOST_TOPICS:
        raise Invalid(
            {"topics": "Name topics such as runs, run:ID, project:ID, stack:ID, workspace:ID."}
        )
    return frozenset(EVERY_RUN if each in _EVERYTHING else each for each in named)


def answer(topics: frozenset[str], since: str = "") -> Response:
    """Open a stream for whoever asks: from now on, or from a place in the feed.

    `since` is what a page knows of itself (`data-place`): what has moved while it was on its way to
    a browser is told first. Where a client comes back, its own place counts.

    Raises:
        NotFound: when a run among the topics is none that they may see.
    """
    app = current.app()
    hub, recheck = hub_of(app), _recheck()
    listener = _Listener(current.actor())
    subscription = Subscription(topics, listener.sees)
    feed.require_runs(listener.actor, subscription.run_ids)
    try:
        hub.join(subscription)
    except Full:
        return _full()
    came_back = _place(request.headers.get("Last-Event-ID", ""))
    for event in _first(subscription):
        subscription.put(event)
    _catch_up(subscription, _place(since) if came_back is None else came_back)
    if came_back is not None:
        subscription.put(LOOK)
    stream = _Stream(app, hub, subscription, listener, recheck)
    response = Response(stream.events(), content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache, no-store, no-transform"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(lambda: hub.leave(subscription))
    return response


class _Listener:
    """Who listens, with the roles found at the last check."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def sees(self, what: RunMoved) -> bool:
        return feed.sees(self.actor, what)


class _Stream:
    """One open stream, as a generator of bytes."""

    def __init__(
        self,
        app: Flask,
        hub: Hub,
        subscription: Subscription,
        listener: _Listener,
        recheck: Recheck,
    ) -> None:
        self._app = app
        self._hub = hub
        self._subscription = subscription
        self._listener = listener
        self._recheck = recheck

    def events(self) -> Iterator[bytes]:
        """The stream's bytes, until it must end."""
        opened = checked = spoken = clock.monotonic()
        yield f"retry: {RECONNECT_MS}\n\n".encode()
        while True:
            events = self._subscription.take(PING_EVERY_S - (clock.monotonic() - spoken))
            now = clock.monotonic()
            if events is None or now - opened >= LONGEST_S:
                return
            if now - checked >= CHECK_EVERY_S:
                checked = now
                if not self._may_go_on():
                    return
            if events or now - spoken >= PING_EVERY_S:
                spoken = now
                yield "".join(map(self._wire, events)).encode() or b": ping\n\n"

    def _wire(self, event: Event) -> str:
        data = json.dumps(event.data, separators=(",", ":"))
        return f"id: {self._hub.place}\nevent: {event.name}\ndata: {data}\n\n"

    def _may_go_on(self) -> bool:
        """Whether the client is still signed in and still sees the runs it listens to."""
        with self._app.app_context():
            actor = self._recheck()
            if actor is None:
                return False
            self._listener.actor = actor
            return all(feed.sees(actor, each) for each in feed.standing(self._subscription.run_ids))


def _first(subscription: Subscription) -> Iterator[Event]:
    """What every client is told at once: how the runs stand that it listens to by name."""
    for what in feed.standing(subscription.run_ids):
        yield state_event(what)
        yield log_event(what.run_id, feed.log_size(what.run_id))


def _catch_up(subscription: Subscription, place: int | None) -> None:
    """Tell a client what has moved since its place; `look` stands for what is beyond that."""
    if place is None:
        return
    moved, reached = feed.moved_since(place)
    for what in moved:
        subscription.tell(what)
    if reached < feed.newest():
        subscription.put(LOOK)


def _place(text: str) -> int | None:
    """A place in the feed, as clients name it."""
    is_one = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if is_one else None


def _recheck() -> Recheck:
    """How to find out later whether whoever asks now may still listen."""
    visitor, origin = current.visitor(), current.origin()
    if visitor.token is not None:
        text = _bearer()
        return lambda: _by_token(text, origin)
    return lambda: _by_session(visitor.get_id(), origin)


def _bearer() -> str:
    return request.headers.get("Authorization", "").partition(" ")[2].strip()


def _by_session(secret: str, origin: Origin) -> Actor | None:
    found = sessions.find(secret)
    return sessions.actor_of(found, origin) if found else None


def _by_token(text: str, origin: Origin) -> Actor | None:
    found = tokens.find(text)
    return tokens.actor_of(*found, origin) if found else None


def _full() -> Response:
    text = "Too many streams are open; the page looks by itself every few seconds instead.\n"
    return Response(text, 503, {"Retry-After": str(RETRY_AFTER_S)}, mimetype="text/plain")
