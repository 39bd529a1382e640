"""One HTTP call to a portal: TLS always verified, no redirects followed, failures in words."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions

from cli.client.failures import Exit, Failure, Unreachable

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 90.0
_WITH_SETTINGS = frozenset({"darwin", "win32"})
"""Systems that also set proxies elsewhere than in the environment."""
UNSENT = (
    exceptions.NewConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.NameResolutionError,
    exceptions.ProxyError,
)


@dataclass(frozen=True)
class Call:
    """What is sent: a body that can be sent again, and headers."""

    body: "bytes | Callable[[], Iterator[bytes]] | None" = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False)


class Wire:
    """The way to one portal."""

    def __init__(self, url: str, ca_file: str | None) -> None:
        if ca_file is not None and not Path(ca_file).is_file():
            raise Failure(f"There is no file {ca_file}, which is to hold the certificates.")
        self._url = url
        self._pool = _pool(url, ca_file)

    def send(self, method: str, where: str, call: Call) -> Reply:
        """Send a call, and read the whole answer.

        Raises:
            Unreachable: when there is none; `may_have_happened` when the call may have arrived.
        """
        with in_words(self._url):
            response = self._open(method, where, call, is_whole=True)
            _refuse_cut(response)
            return Reply(response.status, response.headers, response.data)

    def open(self, where: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Get what is there, with a body that is read as it comes. Raises as `send`."""
        with in_words(self._url):
            response = self._open("GET", where, Call(headers=headers), is_whole=False)
            _refuse_cut(response)
            return response

    def _open(
        self, method: str, where: str, call: Call, *, is_whole: bool
    ) -> urllib3.BaseHTTPResponse:
        body: Any = call.body() if callable(call.body) else call.body
        return self._pool.request(
            method,
            self._url + where,
            body=body,
            headers=dict(call.headers),
            preload_content=is_whole,
            redirect=False,
            retries=False,
        )


def _refuse_cut(response: urllib3.BaseHTTPResponse) -> None:
    """Refuse an answer that broke off among its headers, which http.client takes for a whole one.

    The length of the body comes late among them; an answer without one is no whole answer.
    """
    says_how_long = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    if not says_how_long and response.status not in {204, 304}:
        raise exceptions.ProtocolError("The answer broke off among its headers.")


class in_words:  # noqa: N801 - used as a function is
    """What may go wrong on the way, as a sentence that a person can act on."""

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url).netloc

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, exceptions.HTTPError | OSError):
            raise trouble(error, self._place) from error


def trouble(error: Exception, place: str) -> Unreachable:
    """A failure on the way, in words."""
    if isinstance(error, exceptions.SSLError) and "WRONG_VERSION_NUMBER" in str(error):
        return Unreachable(
            f"What answers at {place} does not speak https. Is http://{place} meant?",
            is_final=True,
        )
    if isinstance(error, exceptions.SSLError):
        return Unreachable(
            f"{place} could not prove who it is ({_reason(error)}). If its certificate is of your "
            "own authority, name that one's certificates with --ca-file.",
            is_final=True,
        )
    if isinstance(error, UNSENT):
        return Unreachable(f"{place} cannot be reached ({_reason(error)}).")
    if isinstance(error, exceptions.TimeoutError):
        return Unreachable(f"{place} did not answer in time.", may_have_happened=True)
    return Unreachable(f"The connection to {place} broke.", may_have_happened=True)


def _reason(error: Exception) -> str:
    """The innermost cause in a few words, without addresses of memory."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    said = getattr(cause, "verify_message", None) or getattr(cause, "strerror", None)
    return str(said or "it does not answer").lower()


def _pool(url: str, ca_file: str | None) -> urllib3.PoolManager:
    parts = urlsplit(url)
    settings: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S),
        "cert_reqs": "CERT_REQUIRED",
        "ca_certs": ca_file,
    }
    proxy = _proxy(parts.scheme, parts.netloc)
    if not proxy:
        return urllib3.PoolManager(**settings)
    try:
        return urllib3.ProxyManager(proxy, **settings)
    except (ValueError, exceptions.HTTPError) as error:
        raise Failure("The proxy that the environment names has no usable URL.", Exit.USAGE) from (
            error
        )


def _proxy(scheme: str, place: str) -> str | None:
    """The proxy on the way to a place, if one is set.

    What finds it is loaded only where one can be set: it takes a tenth of a short command's time.
    """
    if sys.platform not in _WITH_SETTINGS and not any(
        name.lower().endswith("_proxy")
        for name in os.environ  # noqa: TID251 - what urllib.request reads, without loading it
    ):
        return None
    from urllib.request import getproxies, proxy_bypass

    found = getproxies().get(scheme)
    return found if found and not proxy_bypass(place) else None
