"""Worker pools: who executes, and what waits for them."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, instant
from blueprints._shared.run_json import run_json
from blueprints._shared.shapes import Id, Instant, Version, list_of, shape
from blueprints._shared.shapes.runs import Run
from services import pools, queue
from services.page import Page

blueprint = api.blueprint("worker_pools", __name__, tag="worker-pool")


@shape
class Worker(TypedDict):
    """A process that carries runs out."""

    id: Id
    """Its id."""
    name: Annotated[str, Field(examples=["portal-1"])]
    """What it is called."""
    host: Annotated[str, Field(examples=["portal-1.example.com"])]
    """The machine it is on."""
    slots: Annotated[int, Field(examples=[4])]
    """How many runs it takes at once."""
    busy: Annotated[int, Field(examples=[1])]
    """How many it has."""
    seen_at: Instant | None
    """When it last reported."""


@shape
class Pool(TypedDict):
    """Workers that share a queue."""

    name: Annotated[str, Field(examples=["embedded"])]
    """What it is called."""
    concurrency: Annotated[int | None, Field(examples=[None])]
    """The most runs at once that an administrator has set: 0 pauses it, null is no limit."""
    version: Version
    """The version of what is set."""
    slots: Annotated[int, Field(examples=[4])]
    """How many runs it takes at once."""
    busy: Annotated[int, Field(examples=[1])]
    """How many it has."""
    running: Annotated[int, Field(examples=[1])]
    """How many runs are at work."""
    waiting: Annotated[int, Field(examples=[0])]
    """How many runs wait for it."""
    workers: list[Worker]
    """Its workers."""


@shape
class Queue(TypedDict):
    """The runs of a pool, in order."""

    items: list[Run]
    """The runs: at work, waiting, held up."""
    next: Annotated[str | None, Field(examples=[None])]
    """Always null: a queue comes whole."""
    more: Annotated[Any, Field(examples=[0])]
    """How many more wait than are shown."""


class PoolChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    concurrency: int | None = Field(ge=0, le=pools.HIGHEST, examples=[2])
    """The most runs at once: 0 takes nothing new, null lifts the limit."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@blueprint.get("/worker-pools")
@describe(list_of(Pool))
def index() -> Json:
    """List worker pools.

    Every pool, with what it can do at once and what it does now. The portal's own is `embedded`.
    """
    return api.listing(Page(queue.pools(current.actor())), _pool_json)


@blueprint.get("/worker-pools/<name>")
@describe(Pool)
def show(**url: Any) -> Json:
    """Show a worker pool.

    With its workers.
    """
    return _pool_json(queue.get(current.actor(), url["name"]))


@blueprint.patch("/worker-pools/<name>")
@describe(Pool, takes=PoolChanges, refuses={409: "Somebody changed it meanwhile."})
def edit(**url: Any) -> Json:
    """Change a worker pool.

    How many runs it has at work at once, which may be fewer than its workers could take. What is
    at work goes on. For administrators.
    """
    name, asked, actor = url["name"], api.body(PoolChanges), current.actor()
    pools.limit(actor, name, asked.concurrency, version=asked.version)
    return _pool_json(queue.get(actor, name))


@blueprint.get("/worker-pools/<name>/queue")
@describe(Queue)
def of_pool(**url: Any) -> Json:
    """Show a pool's queue.

    Its runs that the caller sees: those at work, then those that wait in the order in which they
    will be claimed, then those held up by something.
    """
    found = queue.show(current.actor(), url["name"])
    page = Page([*found.running, *found.ready, *found.held_up])
    return api.listing(page, run_json) | {"more": found.more}


def _pool_json(pool: queue.Pool) -> Pool:
    return {
        "name": pool.name,
        "concurrency": pool.concurrency,
        "version": pool.version,
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
