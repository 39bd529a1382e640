"""Destroying all that is deployed in a workspace: the question, and doing it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from blueprints._shared import current, places
from blueprints._shared.current import Crumb
from blueprints._shared.places import Frame
from blueprints._shared.respond import page
from blueprints._shared.typed import Typed, posted
from services import teardown
from services.errors import Conflict, Invalid
from services.teardown import Made, Plan

blueprint = Blueprint("teardown", __name__)
URL = "/workspaces/<workspace>/destroy"


@dataclass(frozen=True)
class Question:
    """What workspaces/destroy.html reads."""

    frame: Frame
    plan: Plan
    form: Typed


@dataclass(frozen=True)
class Done:
    """What workspaces/destroying.html reads."""

    frame: Frame
    made: Sequence[Made]


@blueprint.get(URL)
def question(workspace: str) -> Response:
    """What would be destroyed."""
    return _question(places.of_workspace(workspace, ""), Typed({}))


@blueprint.post(URL)
def create(workspace: str) -> Response:
    """Make the destroy runs, and say of each deployment what became of it."""
    frame, form = places.of_workspace(workspace, ""), posted()
    try:
        sent = form["confirm"].strip()
        made = teardown.destroy(current.actor(), frame.thing, sent).made
    except (Invalid, Conflict) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        return _question(frame, form.refused(refusal), status=status)
    crumbs = (*frame.crumbs, Crumb("Destroying"))
    return page("workspaces/destroying.html", Done(frame, made), crumbs=crumbs)


def _question(frame: Frame, form: Typed, *, status: int = 200) -> Response:
    context = Question(frame, teardown.plan(current.actor(), frame.thing), form)
    crumbs = (*frame.crumbs, Crumb("Destroy"))
    return page("workspaces/destroy.html", context, crumbs=crumbs, status=status)
