"""Whether this process is stopping: what waits for long looks here and ends."""

import threading

_event = threading.Event()


def begin() -> None:
    """From now on the process is stopping."""
    _event.set()


def has_begun() -> bool:
    """Whether it is."""
    return _event.is_set()


def wait(timeout_s: float) -> bool:
    """Wait until the process stops, `timeout_s` at most; whether it does."""
    return _event.wait(timeout_s)
