"""What may be done to a run from its page: each asks once, and answers at once.

`GET /runs/{id}/{action}` is the question as a page, for browsers without a script; with one the
same question is a dialog of the run's page. `POST` does it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request

from blueprints._shared import current
from blueprints._shared.current import tell
from blueprints._shared.respond import respond_after
from blueprints._shared.run_frame import Frame, frame, require_run, run_page
from models.run import Run
from services import runs
from services.access import Actor
from services.errors import Conflict, Invalid
from services.runs import reading
from services.runs.actions import check
from services.runs.offers import PLAN_AGAIN

blueprint = Blueprint("run_actions", __name__, url_prefix="/runs/<string(length=20):run_id>")


@dataclass(frozen=True)
class Deed:
    """One thing to do: how, what is said afterwards, and whether it makes another run."""

    do: Callable[[Actor, str], Run]
    said: str


def _confirm(actor: Actor, run_id: str) -> Run:
    run = reading.get(actor, run_id)
    check(actor, "confirm", run)
    typed = reading.name_to_type(run)
    if typed and request.form.get("confirm", "").strip() != typed:
        raise Invalid(
            {"confirm": f"Type {typed}: the plan destroys resources of a protected workspace."}
        )
    seen = request.form.get("plan_sha256", "")
    if not seen:
        raise Conflict(
            "Look at the plan before you confirm it: this form did not say which it was."
        )
    return runs.confirm(actor, run_id, plan_sha256=seen)


def _prioritize(actor: Actor, run_id: str) -> Run:
    text = request.form.get("priority", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    return runs.prioritize(actor, run_id, priority=number)


DEEDS: Mapping[str, Deed] = {
    "confirm": Deed(_confirm, "Confirmed. A worker applies exactly this plan."),
    "discard": Deed(runs.discard, "Discarded."),
    "cancel": Deed(
        runs.cancel,
        "The run was asked to stop; it saves what it must first.",
    ),
    "force-cancel": Deed(
        runs.force_cancel,
        "Every process of the run is killed.",
    ),
    "rerun": Deed(runs.rerun, "This is the new run."),
    "promote": Deed(
        runs.promote,
        "This is the run that applies what the preview showed.",
    ),
    "plan-again": Deed(
        runs.plan_again,
        "This run plans the same again; the outdated one was discarded.",
    ),
    "archive": Deed(runs.archive, "Archived: lists hide it."),
    "unarchive": Deed(runs.unarchive, "Lists show it again."),
    "prioritize": Deed(_prioritize, "The priority is set."),
}


@dataclass(frozen=True)
class Question:
    """What runs/question.html reads."""

    frame: Frame
    name: str
    error: str = ""


# Braces would be the route's.
@blueprint.get("/<any(%s):name>" % ", ".join(f"'{name}'" for name in DEEDS))  # noqa: UP031
def question(run_id: str, name: str) -> Response:
    """Ask before doing it, where no script does."""
    run = require_run(run_id)
    built = frame(run, "")
    if name not in built.view.offered:
        # Refuse with the reason: too weak a role, or a state that forbids it.
        check(current.actor(), "discard" if name == PLAN_AGAIN else name, run)
        raise Conflict(built.view.obstacle or "This is not possible now.")
    return run_page("runs/question.html", Question(built, name))


# Braces would be the route's.
@blueprint.post("/<any(%s):name>" % ", ".join(f"'{name}'" for name in DEEDS))  # noqa: UP031
def act(run_id: str, name: str) -> Response:
    """Do it, and show the run: this one, or the one that was made."""
    deed = DEEDS[name]
    try:
        run = deed.do(current.actor(), run_id)
    except (Conflict, Invalid) as refusal:
        return _refused(run_id, name, refusal)
    return respond_after(f"/runs/{run.id}", said=deed.said)


@blueprint.post("/comments")
def comment(run_id: str) -> Response:
    """Say something about the run."""
    require_run(run_id)
    try:
        said = runs.comment(current.actor(), run_id, request.form.get("text", ""))
    except Invalid as refusal:
        tell(refusal.text, "warning")
        return respond_after(f"/runs/{run_id}#comment")
    return respond_after(f"/runs/{run_id}#comment-{said.id}")


def _refused(run_id: str, name: str, refusal: Conflict | Invalid) -> Response:
    """Show the run as it is now, with the reason; nothing was changed."""
    run = require_run(run_id)
    built = frame(run, "")
    status = 422 if isinstance(refusal, Invalid) else 409
    return run_page("runs/question.html", Question(built, name, refusal.text), status=status)
