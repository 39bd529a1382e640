"""Calls to a portal, asked again when the way there breaks, and never done twice.

What makes something carries an Idempotency-Key, the same at each attempt, so that the portal makes
it once. What carries none, and may have reached the portal before the connection broke, is not
asked again: `Unreachable.may_have_happened` says so, and the caller looks.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from cli.client.failures import Exit, Failure, Refused, Unreachable
from lib import clock

if TYPE_CHECKING:
    import urllib3

    from cli.client.wire import Call, Reply, Wire

Json = dict[str, Any]
BASE = "/api/v1"
PATIENCE_S = 60.0
FIRST_PAUSE_S = 0.4
LONGEST_PAUSE_S = 10.0
LONGEST_RETRY_AFTER_S = 120.0
BUSY = frozenset({429, 502, 503, 504})
# A gateway that gave up waiting cannot say whether the portal has done it.
UNCERTAIN = frozenset({502, 504})
MOST_ITEMS = 200
AMENDED_AT_MOST = 10


@dataclass(frozen=True)
class Upload:
    """A body sent in pieces, from its beginning at each attempt."""

    size_bytes: int
    content_type: str
    pieces: Callable[[], Iterator[bytes]]


def path(*parts: object) -> str:
    """A path below the API's base, each part quoted.

    Raises:
        Failure: when a part is one that means another place.
    """
    if {"", ".", ".."} & set(map(str, parts)):
        raise Failure("A name is missing, or is none.", Exit.USAGE)
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


@dataclass
class Portal:
    """A portal, as whoever has the token sees it."""

    url: str
    token: str = field(repr=False)
    ca_file: str | None = None
    patience_s: float = PATIENCE_S
    is_quiet: bool = False
    _said: str = field(default="", init=False, repr=False)

    def get(self, where: str, **query: Any) -> Any:
        """The JSON that is there. Raises Refused, Unreachable, as every call here."""
        return read(self.request("GET", where, query=query))

    def put(self, where: str, body: Any, *, seen: str = "") -> Any:
        """Put this there; with `seen`, only if that is still the ETag of what is there."""
        headers = {"If-Match": seen} if seen else {}
        return read(self.request("PUT", where, body, headers=headers))

    def tagged(self, where: str) -> tuple[Any, str]:
        """The JSON that is there, and its ETag."""
        reply = self.request("GET", where)
        return read(reply), reply.headers.get("ETag", "")

    def amend(self, where: str, change: Callable[[list[Json]], list[Json]]) -> Any:
        """Put a whole list there again, changed: what others change meanwhile is kept."""
        for tried in count(1):
            page, seen = self.tagged(where)
            try:
                return self.put(where, change(page["items"]), seen=seen)
            except Refused as refused:
                if refused.status != HTTPStatus.PRECONDITION_FAILED or tried == AMENDED_AT_MOST:
                    raise
        raise AssertionError("count() ends never")

    def patch(self, where: str, body: Json) -> Any:
        """Change this there."""
        return read(self.request("PATCH", where, body))

    def delete(self, where: str, **query: Any) -> None:
        """Take it away. Gone when it is asked again, it is what was wanted."""
        self.request("DELETE", where, query=query)

    def make(self, where: str, body: Any = None, *, key: str | None = None, **query: Any) -> Any:
        """What a POST makes there: once, however often it has to be asked."""
        headers = _once() if key is None else {"Idempotency-Key": key}
        return read(self.request("POST", where, _object(body), query=query, headers=headers))

    def upload(self, where: str, body: Upload) -> Any:
        """What a POST with this body makes there, once."""
        return read(self.request("POST", where, body, headers=_once()))

    def do(self, where: str, body: Any = None) -> Any:
        """What a POST there does; asked again only when it cannot have arrived.

        Raises:
            Unreachable: `may_have_happened` when it may have.
        """
        answer = self.request("POST", where, _object(body), repeats=False)
        return read(answer)

    def pages(self, where: str, most: int | None, **query: Any) -> Json:
        """A list as the API answers it: at most so many items, out of as many pages as it takes."""
        items: list[Any] = []
        page: Json = {}
        cursor = None
        while most is None or len(items) < most:
            limit = MOST_ITEMS if most is None else min(MOST_ITEMS, most - len(items))
            page = self.get(where, **query, limit=limit, cursor=cursor)
            items += page["items"]
            cursor = page.get("next")
            if cursor is None:
                break
        return {**page, "items": items, "next": cursor}

    def request(
        self,
        method: str,
        where: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeats: bool = True,
    ) -> "Reply":
        """One call, asked again while the way there breaks and patience lasts.

        Raises:
            Refused: when the portal says no.
            Unreachable: when it does not answer.
        """
        url, call = _address(where, query), self._call(body, headers or {})
        deadline, may_have_happened = clock.monotonic() + self.patience_s, False
        for tried in count():
            reply, trouble = self._attempt(method, url, call)
            if reply is not None and trouble is None:
                if reply.status == 404 and method == "DELETE" and may_have_happened:
                    return replace(reply, status=204, data=b"")
                return _accepted(reply)
            assert trouble is not None  # noqa: S101 - for the type checker
            may_have_happened |= trouble.may_have_happened
            pause_s = _pause_s(tried, reply)
            if trouble.may_have_happened and not repeats:
                raise Unreachable(
                    f"{trouble.message} What you asked for may have happened: look before you "
                    "ask for it again.",
                    may_have_happened=True,
                )
            if trouble.is_final or clock.monotonic() + pause_s > deadline:
                raise trouble
            self._say(trouble, deadline - clock.monotonic())
            time.sleep(pause_s)
        raise AssertionError("count() ends never")

    def stream(self, where: str, **query: Any) -> "urllib3.BaseHTTPResponse":
        """An answer whose body is read as it comes; one attempt, and its pieces may break off."""
        from cli.client.wire import Reply

        response = self._wire.open(_address(where, query), self._headers())
        if response.status != 200:
            reply = Reply(response.status, response.headers, response.read())
            raise _busy(reply) or _refused(reply)
        return response

    @cached_property
    def _wire(self) -> "Wire":
        from cli.client.wire import Wire

        return Wire(self.url, self.ca_file)

    def _attempt(
        self, method: str, url: str, call: "Call"
    ) -> "tuple[Reply | None, Unreachable | None]":
        try:
            reply = self._wire.send(method, url, call)
        except Unreachable as error:
            return None, error
        return reply, _busy(reply)

    def _call(self, body: Any, headers: Mapping[str, str]) -> "Call":
        from cli.client.wire import Call

        ours = self._headers() | dict(headers)
        if body is None:
            return Call(None, ours)
        if isinstance(body, Upload):
            sizes = {"Content-Type": body.content_type, "Content-Length": str(body.size_bytes)}
            return Call(body.pieces, ours | sizes)
        if isinstance(body, bytes):
            return Call(body, {"Content-Type": "application/octet-stream"} | ours)
        return Call(json.dumps(body).encode(), ours | {"Content-Type": "application/json"})

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "User-Agent": "gantry-cli"}

    def _say(self, trouble: Unreachable, left_s: float) -> None:
        """Say what is the matter; once, until it is something else."""
        if not self.is_quiet and trouble.message != self._said:
            self._said = trouble.message
            print(
                f"gantry: {trouble.message} Trying again for {left_s:.0f} s; Ctrl-C ends that.",
                file=sys.stderr,
            )


def read(reply: "Reply") -> Any:
    """The JSON of an answer.

    Raises:
        Failure: when it is none.
    """
    try:
        return {} if reply.status == 204 else json.loads(reply.data)
    except ValueError:
        raise Failure("What answers there does not speak Gantry's API. Look at the URL.") from None


def _object(body: Any) -> Any:
    return {} if body is None else body


def _once() -> dict[str, str]:
    return {"Idempotency-Key": f"gantry-{os.urandom(16).hex()}"}


def _address(where: str, query: Mapping[str, Any] | None) -> str:
    """Path and query; what is None or empty is left out, flags are spelled as the API does."""
    spelled = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in (query or {}).items()
        if value is not None and value not in ("", ())
    }
    return BASE + where + (f"?{urlencode(spelled, doseq=True)}" if spelled else "")


def _accepted(reply: "Reply") -> "Reply":
    if 300 <= reply.status < 400 and reply.status != 304:
        onward = reply.headers.get("Location", "elsewhere")
        raise Failure(f"The portal sends on to {onward}. Sign in with the URL it is served at.")
    if reply.status >= 400:
        raise _refused(reply)
    return reply


def _refused(reply: "Reply") -> Refused:
    try:
        problem = json.loads(reply.data)
    except ValueError:
        problem = None
    return Refused(reply.status, problem if isinstance(problem, dict) else {})


def _busy(reply: "Reply") -> Unreachable | None:
    """Why an answer is none for now; None when it is one."""
    if reply.status not in BUSY:
        return None
    said = _refused(reply).message
    return Unreachable(said, may_have_happened=reply.status in UNCERTAIN)


def _pause_s(tried: int, reply: "Reply | None") -> float:
    """How long to wait before the next attempt: what the portal asks for, else ever longer."""
    asked = reply.headers.get("Retry-After", "") if reply is not None else ""
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_RETRY_AFTER_S)
    import random

    longest = min(FIRST_PAUSE_S * 2**tried, LONGEST_PAUSE_S)
    # Spread out, so that many clients of a portal that comes back do not come at once.
    return random.uniform(longest / 2, longest)  # noqa: S311 - a pause is no secret
