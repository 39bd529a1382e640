"""Any two runs side by side."""

from dataclasses import dataclass

from flask import Blueprint, Response

from blueprints._shared import current, run_words
from blueprints._shared.run_frame import Frame, frame, require_run, run_page
from services.runs.versus import Versus, versus

blueprint = Blueprint("run_compare", __name__, url_prefix="/runs/<string(length=20):run_id>")


@dataclass(frozen=True)
class Compare:
    """What runs/compare.html reads; `frame` is of the run at the left."""

    frame: Frame
    versus: Versus
    right_title: str


@blueprint.get("/compare/<string(length=20):other_id>")
def show(run_id: str, other_id: str) -> Response:
    """This run at the left, the other one at the right."""
    left, right = require_run(run_id), require_run(other_id)
    found = versus(current.actor(), left, right)
    return run_page("runs/compare.html", Compare(frame(left, ""), found, run_words.title(right)))
