"""Asking others over HTTP: one request, to an address that was checked, with bounds on everything.

The connection goes to the very addresses that `lib.net.check` looked at, so that a name cannot
come to mean another in between. No redirect is followed, no proxy of the environment is used.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import urllib3
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from lib import net
from lib.version import VERSION

USER_AGENT = f"Gantry/{VERSION}"
LIMIT_BYTES = 4 << 20
TIMEOUT_S = 15.0


class NoAnswer(OSError):
    """Nobody answered, or not in the bounds; the message is a sentence without a secret."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers (names in lower case), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Bounds:
    """Where a request may go, and how long and how large its answer may be."""

    allowed: net.AllowedHosts = field(default_factory=net.AllowedHosts)
    timeout_s: float = TIMEOUT_S
    limit_bytes: int = LIMIT_BYTES
    resolver: net.Resolver = net.resolve


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    bounds: Bounds = Bounds(),
) -> Answer:
    """Ask `url` once, and read its answer whole.

    Raises:
        lib.net.Refused: when the address may not be asked.
        NoAnswer: when nobody answers there in time, or with more than `limit_bytes`.
    """
    target = net.check(url, allowed=bounds.allowed, resolver=bounds.resolver)
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    sent = {"Host": host, "User-Agent": USER_AGENT, **(headers or {})}
    reason = "no address"
    for address in target.addresses:
        pool = _pool(target, address, bounds.timeout_s)
        try:
            return _ask(pool, (method, path, sent, body), bounds.limit_bytes)
        except NoAnswer:
            raise
        except (HTTPError, OSError) as error:
            reason = type(error).__name__
        finally:
            pool.close()
    raise NoAnswer(f"{target.host} did not answer ({reason}).")


def _pool(target: net.Target, address: str, timeout_s: float) -> HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=min(timeout_s, 5.0), read=timeout_s)
    if target.scheme == "http":
        return HTTPConnectionPool(address, target.port, timeout=timeout, retries=False, maxsize=1)
    return HTTPSConnectionPool(
        address,
        target.port,
        timeout=timeout,
        retries=False,
        maxsize=1,
        server_hostname=target.host,
        assert_hostname=target.host,
        ssl_context=ssl.create_default_context(),
    )


def _ask(
    pool: HTTPConnectionPool,
    asked: tuple[str, str, Mapping[str, str], bytes | None],
    limit_bytes: int,
) -> Answer:
    method, path, headers, body = asked
    response = pool.urlopen(
        method,
        path,
        body=body,
        headers=dict(headers),
        redirect=False,
        preload_content=False,
        assert_same_host=False,
    )
    try:
        read = response.read(limit_bytes + 1, decode_content=True)
    finally:
        response.close()
    if len(read) > limit_bytes:
        raise NoAnswer(f"The answer of {headers['Host']} is larger than {limit_bytes} bytes.")
    names = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, names, read)
