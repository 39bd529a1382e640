"""The queue of a worker pool: what runs, what waits and why; priority is set from here."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from blueprints._shared import current
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page_or_fragment, respond_after
from services import queue, runs
from services.errors import Conflict, Invalid
from services.queue import Queue

blueprint = Blueprint("queue", __name__)


@dataclass(frozen=True)
class Index:
    """What queue/index.html and queue/_now.html read."""

    queue: Queue


@blueprint.get("/queue")
def index() -> Response:
    """The queue; its live part alone for who asks for a fragment."""
    context = Index(queue.show(current.actor()))
    crumbs = (Crumb("Queue"),)
    return page_or_fragment("queue/index.html", "queue/_now.html", context, crumbs=crumbs)


@blueprint.post("/queue/<string(length=20):run_id>/prioritize")
def prioritize(run_id: str) -> Response:
    """Put a run before those of other deployments, or (0) take that back."""
    text = request.form.get("priority", "1")
    priority = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    try:
        run = runs.prioritize(current.actor(), run_id, priority=priority)
    except (Conflict, Invalid) as refusal:
        current.tell(refusal.text, "warning")
        return respond_after("/queue")
    said = f"#{run.number} goes first now." if priority else f"#{run.number} waits for its turn."
    return respond_after("/queue", said=said)
