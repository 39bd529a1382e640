"""How many requests a second a token may send, and what every answer says of it.

The names of the headers are those of draft-ietf-httpapi-ratelimit-headers-10. Who sends no token
is counted by address. Nothing is asked of the database before a request is let through.
"""

import hashlib

from flask import Flask, Response, g, request

from blueprints._shared import current
from lib.rate import Limiter, Taken
from services.errors import TooMany

POLICY = "token"


def install(app: Flask, per_s: int) -> None:
    """Count the requests of the API of this app; `per_s` 0 sets no limit."""
    if not per_s:
        return
    limiter = Limiter(per_s)

    @app.before_request
    def _count() -> None:
        if not current.is_counted():
            return
        g.taken = taken = limiter.take(_name())
        if not taken.is_allowed:
            raise TooMany(
                f"More than {per_s:,} requests a second came with this token. Wait a moment.",
                taken.retry_after_s,
            )

    @app.after_request
    def _tell(response: Response) -> Response:
        taken: Taken | None = g.get("taken")
        if taken is not None:
            response.headers["RateLimit-Policy"] = f'"{POLICY}";q={per_s};w=1'
            response.headers["RateLimit"] = f'"{POLICY}";r={taken.left};t={taken.whole_in_s}'
        return response


def _name() -> str:
    """Who is counted: a token by the digest of its text, which is in no memory in clear."""
    sent = request.headers.get("Authorization", "")
    if sent:
        return hashlib.blake2b(sent.encode(), digest_size=16).hexdigest()
    return f"address {request.remote_addr}"
