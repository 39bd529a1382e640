"""The one module that knows htmx-flask, and what htmx 4 changed since it was written.

The package is kept for its request class; its response helper refuses swaps that htmx has, and its
truth value takes a history restore and a boosted link for a fragment, so both are decided here.
"""

from flask import Flask, Response, request
from htmx_flask import Htmx
from htmx_flask.requests import HtmxAwareRequest


class HtmxRequest(HtmxAwareRequest):  # type: ignore[misc]  # its library has no types
    """A request that knows whether a page or a fragment is wanted."""

    @property
    def wants_fragment(self) -> bool:
        """Whether a part of a page is asked for: not by a boosted link or a step back."""
        wants_page = (
            self.htmx.boosted
            or self.htmx.history_restore_request
            or self.headers.get("HX-Request-Type") == "full"
        )
        return bool(self.htmx) and not wants_page

    @property
    def htmx_source(self) -> str | None:
        """The element that asks, as htmx 4 names it: `tag#id`."""
        found: str | None = self.headers.get("HX-Source")
        return found


def install(app: Flask) -> None:
    """Make every request of the app one that knows htmx."""
    Htmx(app)
    app.request_class = HtmxRequest
    app.after_request(_vary)


def wants_fragment() -> bool:
    """Whether the present request wants a fragment rather than a page."""
    return bool(getattr(request, "wants_fragment", False))


def is_htmx() -> bool:
    """Whether htmx sent the present request, for a fragment or for a page."""
    return bool(getattr(request, "htmx", False))


def redirect_to(url: str) -> Response:
    """Have htmx go to another page as if a link had been followed."""
    return Response(status=204, headers={"HX-Redirect": url})


def trigger(response: Response, events: str) -> Response:
    """Have htmx raise DOM events, named in `events` and parted by commas."""
    response.headers["HX-Trigger"] = events
    return response


def _vary(response: Response) -> Response:
    response.vary.add("HX-Request")
    if is_htmx():
        # A bare fragment in the browser's cache would be shown as the page on the way back.
        response.headers["Cache-Control"] = "no-store"
    return response
