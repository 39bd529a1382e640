"""Conditional requests: every JSON answer of the API has a weak ETag, and nothing new is a 304.

A view that can tell more cheaply than by making the answer whether it is new says so by `is_known`,
before it makes it. For all others the answer itself is looked at, which saves the way, not the
work.

What replaces something whole can be sent with that ETag as If-Match, and then loses nobody's work:
see `is_as_seen`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, make_response, request

from blueprints._shared import current

KEPT = "private, no-cache"
"""Whoever keeps an answer must ask each time whether it still holds."""
_SAFE = frozenset({"GET", "HEAD"})


def install(app: Flask) -> None:
    """Give the answers of the API of this app their ETags."""

    @app.after_request
    def _tag(response: Response) -> Response:
        if request.method not in _SAFE or not current.is_counted():
            return response
        if response.status_code == 304:
            response.headers.setdefault("Cache-Control", KEPT)
        if response.status_code == 200 and response.is_json and not response.is_streamed:
            known = g.get("etag") or _digest(response.get_data())
            response.set_etag(known, weak=True)
            response.headers.setdefault("Cache-Control", KEPT)
            response.make_conditional(request)
        return response


def is_known(stamp: str) -> bool:
    """Whether the client has what this stamp stands for; the answer is given the stamp as its ETag.

    The stamp must change whenever the answer to this very URL would.
    """
    g.etag = _digest(stamp.encode())
    return request.if_none_match.contains_weak(g.etag)


def is_as_seen(now: Mapping[str, Any]) -> bool:
    """Whether the client may replace this: it names no ETag, or that of the answer as it is now.

    To be asked under the lock under which it is then replaced. Weak ETags count, too: ours are made
    of the whole answer, and a proxy that packs answers makes strong ones weak.
    """
    named = request.if_match
    if "If-Match" not in request.headers or named.star_tag:
        return True
    return named.contains_weak(_digest(make_response(dict(now)).get_data()))


def nothing_new() -> Response:
    """The answer to a client that has it already."""
    response = Response(status=304)
    response.set_etag(g.etag, weak=True)
    return response


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()
