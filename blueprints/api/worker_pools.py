"""Worker pools: who executes, and what waits for them."""

from typing import Any

from blueprints._shared import api, current
from blueprints._shared.nouns import Json, instant
from blueprints._shared.run_json import run_json
from services import queue
from services.page import Page
from services.queue import Pool

blueprint = api.blueprint("worker_pools", __name__, tag="Worker pools")


@blueprint.get("/worker-pools")
def index() -> Json:
    """Every pool, with what it can do at once and does now."""
    return api.listing(Page(queue.pools(current.actor())), _pool_json)


@blueprint.get("/worker-pools/<name>")
def show(**url: Any) -> Json:
    """One pool."""
    return _pool_json(queue.get(current.actor(), url["name"]))


@blueprint.get("/worker-pools/<name>/queue")
def of_pool(**url: Any) -> Json:
    """Its runs: at work, then those that wait in the order of claims, then those held up."""
    found = queue.show(current.actor(), url["name"])
    page = Page([*found.running, *found.ready, *found.held_up])
    return api.listing(page, run_json) | {"more": found.more}


def _pool_json(pool: Pool) -> Json:
    return {
        "name": pool.name,
        "slots": pool.slots,
        "busy": pool.busy,
        "running": pool.running,
        "waiting": pool.waiting,
        "workers": [
            {
                "id": worker.id,
                "name": worker.name,
                "host": worker.host,
                "slots": worker.slots,
                "busy": worker.busy,
                "seen_at": instant(worker.seen_at),
            }
            for worker in pool.workers
        ],
    }
