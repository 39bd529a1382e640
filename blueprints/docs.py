"""What programmers read: the description of the API, its page, the kinds of refusal.

Open to everybody, and all of it offline.
"""

import json
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, make_response, render_template, request
from markupsafe import Markup

from blueprints._shared import reference, respond
from blueprints._shared.problems import BY_SLUG, PROBLEMS, Problem
from blueprints._shared.reference import prose
from services.errors import NotFound

blueprint = Blueprint("docs", __name__)
KEPT_S = 300


@dataclass(frozen=True)
class ProblemsPage:
    """What docs/problems.html reads."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class ProblemPage:
    """What docs/problem.html reads."""

    problem: Problem
    means: Markup
    remedy: Markup
    example: str


@blueprint.get("/api/v1/openapi.json")
def spec() -> Response:
    """The description of the API, OpenAPI 3.1: the file that `make openapi` writes."""
    response = Response(reference.file().read_bytes(), content_type="application/json")
    response.cache_control.public = True
    response.cache_control.max_age = KEPT_S
    response.add_etag()
    # Werkzeug's own Response is one for Flask, too.
    return response.make_conditional(request)  # type: ignore[return-value]


@blueprint.get("/docs/index.html")
def index() -> Response:
    """Every call, to read and to try. It is made once: nothing in it depends on who reads it."""
    kept: dict[str, str] = current_app.extensions.setdefault("gantry_api_page", {})
    if "html" not in kept:
        kept["html"] = render_template("docs/index.html", api=reference.read())
    return make_response(kept["html"])


@blueprint.get("/docs/problems")
def problems() -> Response:
    """Every kind of refusal."""
    return respond.page("docs/problems.html", ProblemsPage(PROBLEMS))


@blueprint.get("/docs/problems/<slug>")
def problem(slug: str) -> Response:
    """One kind of refusal: where the `type` of a refusal leads."""
    found = BY_SLUG.get(slug)
    if found is None:
        raise NotFound("There is no such kind of refusal.")
    example = json.dumps(found.example(), ensure_ascii=False, indent=2)
    shown = ProblemPage(found, prose(found.means), prose(found.remedy), example)
    return respond.page("docs/problem.html", shown)
