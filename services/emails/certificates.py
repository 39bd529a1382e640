"""Certificates with which Amazon SNS signs, fetched from its own hosts and remembered."""

import threading

from lib import net, outgoing
from lib.outgoing import Bounds
from services.errors import Unavailable

MOST = 50
LIMIT_BYTES = 64 << 10
BOUNDS = Bounds(timeout_s=5.0, limit_bytes=LIMIT_BYTES)
_remembered: dict[str, bytes] = {}
_guard = threading.Lock()


def fetch(url: str) -> bytes:
    """The certificate at an address that was found to be SNS's own.

    Raises:
        OSError: when it cannot be had now.
    """
    with _guard:
        found = _remembered.get(url)
    if found is not None:
        return found
    body = _ask(url)
    remember(url, body)
    return body


def remember(url: str, certificate: bytes) -> None:
    """Keep a certificate; the addresses of SNS change with their content."""
    with _guard:
        if len(_remembered) >= MOST:
            _remembered.clear()
        _remembered[url] = certificate


def confirm(url: str) -> None:
    """Say to SNS that a topic may post here, by visiting the address it gave.

    Raises:
        Unavailable: when SNS does not answer; it asks again.
    """
    try:
        _ask(url)
    except OSError as error:
        raise Unavailable("SNS does not answer; it asks again by itself.") from error


def _ask(url: str) -> bytes:
    try:
        answer = outgoing.request("GET", url, bounds=BOUNDS)
    except net.Refused as error:
        raise ConnectionError(str(error)) from error
    if not answer.is_success:
        message = f"SNS answered {answer.status}"
        raise ConnectionError(message)
    return answer.body
