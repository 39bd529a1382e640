"""How a view answers: a page, a fragment, or what follows a change."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from flask import Response, g, make_response, redirect, render_template

from blueprints._shared import htmx
from blueprints._shared.current import Crumb, tell


def page(
    template: str, context: Any = None, *, crumbs: Sequence[Crumb] = (), status: int = 200
) -> Response:
    """A whole page. `context` is a frozen dataclass (or a mapping); its fields are the names.

    `crumbs` are the steps of the hierarchy above it, the page itself last.
    """
    g.crumbs = tuple(crumbs)
    return make_response(render_template(template, **_names(context)), status)


def fragment(template: str, context: Any = None, *, status: int = 200) -> Response:
    """A part of a page, as `hx-get` wants it: never kept by a cache."""
    response = make_response(render_template(template, **_names(context)), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def page_or_fragment(
    page_template: str, fragment_template: str, context: Any, *, crumbs: Sequence[Crumb] = ()
) -> Response:
    """The fragment for whoever asks for one, the page for everybody else: from one context."""
    if htmx.wants_fragment():
        return fragment(fragment_template, context)
    return page(page_template, context, crumbs=crumbs)


def respond_after(
    url: str,
    *fragments: tuple[str, Any],
    said: str = "",
    events: str = "",
) -> Response:
    """Answer a change: htmx gets the fragments that changed, everybody else a 303 to `url`.

    `fragments` are (template, context) pairs; without any, htmx goes to `url` too. `said` is a
    sentence for the next page, `events` names DOM events for the rest of this one.
    """
    if not htmx.is_htmx() or not fragments:
        if said:
            tell(said)
        if htmx.is_htmx():
            return htmx.redirect_to(url)
        # Werkzeug's own Response is one for Flask, too.
        return redirect(url, 303)  # type: ignore[return-value]
    parts = (render_template(template, **_names(context)) for template, context in fragments)
    response = make_response("\n".join(parts))
    return htmx.trigger(response, events) if events else response


def _names(context: Any) -> dict[str, Any]:
    if context is None:
        return {}
    if is_dataclass(context):
        return {field.name: getattr(context, field.name) for field in fields(context)}
    return dict(context)
