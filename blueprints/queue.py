"""The queue of a worker pool: what runs, what waits and why; priority is set from here."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from blueprints._shared import current
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page_or_fragment, respond_after
from blueprints._shared.typed import posted
from services import pools, queue, runs
from services.errors import Conflict, Invalid
from services.queue import Queue

blueprint = Blueprint("queue", __name__)


@dataclass(frozen=True)
class Index:
    """What queue/index.html and queue/_now.html read."""

    queue: Queue
    may_limit: bool


@blueprint.get("/queue")
def index() -> Response:
    """The queue; its live part alone for who asks for a fragment."""
    actor = current.actor()
    context = Index(queue.show(actor), may_limit=actor.is_admin)
    crumbs = (Crumb("Queue"),)
    return page_or_fragment("queue/index.html", "queue/_now.html", context, crumbs=crumbs)


@blueprint.post("/queue/limit")
def limit() -> Response:
    """Say how many runs the pool has at work at once; nothing typed is no limit."""
    typed = posted()
    text = typed["concurrency"].strip()
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    try:
        pools.limit(
            current.actor(), pools.EMBEDDED, wanted if text else None, version=typed.version
        )
    except (Conflict, Invalid) as refusal:
        said = refusal.fields["concurrency"] if isinstance(refusal, Invalid) else refusal.text
        current.tell(said, "warning")
        return respond_after("/queue")
    return respond_after("/queue", said="The pool's limit is changed; what is at work goes on.")


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
