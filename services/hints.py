"""Hints: “look again”. Sent after a commit to whoever listens in this process; never the content.

The web's stream hub and the embedded pool listen here. Losing a hint costs a little time, never
correctness: everyone who listens also looks by himself now and then.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RunMoved:
    """A run changed its state or something else that its page shows."""

    run_id: str
    project_id: str
    stack_id: str
    workspace_id: str
    deployment_id: str
    version: int
    state: str
    status: str


@dataclass(frozen=True)
class WorkWaiting:
    """A run became ready or confirmed: a worker may claim it."""


@dataclass(frozen=True)
class StopWanted:
    """Somebody asked a run at work to stop, or to be killed."""

    run_id: str
    kill: bool


@dataclass(frozen=True)
class OutboxWaiting:
    """Something is to be told to others."""


@dataclass(frozen=True)
class DeliveryWaiting:
    """A service has sent something about a repository that is to be dealt with."""


Hint = RunMoved | WorkWaiting | StopWanted | OutboxWaiting | DeliveryWaiting
Listener = Callable[[Hint], None]

_listeners: list[Listener] = []
_guard = threading.Lock()


def listen(listener: Listener) -> Callable[[], None]:
    """Call `listener` with each hint, on the sender's thread: it must be quick and must not fail.

    Returns a function that stops the listening.
    """
    with _guard:
        _listeners.append(listener)
    return lambda: _forget(listener)


def _forget(listener: Listener) -> None:
    with _guard:
        if listener in _listeners:
            _listeners.remove(listener)


def send(hint: Hint) -> None:
    """Tell everyone who listens."""
    with _guard:
        listeners = tuple(_listeners)
    for listener in listeners:
        listener(hint)
