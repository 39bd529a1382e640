"""The routes of states, settling, the state backend, queues, and destroying a workspace."""

from models.base import db
from services import state_clients
from tests.rules.matrix.case import ADMIN, DEPLOYERS, EVERYONE, MEMBERS, OWNERS, Case
from tests.services.runs.workshop import ask
from tests.services.states.shelf import applied, content, lost

SAM = "sam"
PLACE = {"project": "shop", "stack": "web", "workspace": "staging"}
STAGING = {"workspace": "staging"}
FIRST = PLACE | {"version": "1"}
BOTH = FIRST | {"other": "2"}


def _kept(world):
    applied(world, 1)
    applied(world, 2, things=("one", "two"))
    db.session.commit()


def _blocked(world):
    lost(world)
    db.session.commit()


def _locked_outside(world):
    state_clients.lock(world.alice, world.deployment(), b'{"ID": "lock-1"}')


def _waiting(world):
    return ask(world.dave).id


def _shown(endpoint, names, **more):
    return Case(endpoint, MEMBERS, blind=SAM, names=names, before=_kept, **more)


def _owned(endpoint, status, names, **more):
    return Case(endpoint, OWNERS, status, blind=SAM, names=names, **{"before": _kept, **more})


def _settled(endpoint, status, send):
    names = PLACE
    return Case(endpoint, DEPLOYERS, status, blind=SAM, names=names, send=send, before=_blocked)


def _outside(endpoint, may, **more):
    """At the state backend whoever sees nothing is forbidden: 404 would mean “no state”."""
    return Case(endpoint, may, names=PLACE, **more)


KEEP = {"decision": "keep_current", "note": "looked"}
COMPARED = "?from=1&to=2"

CASES = [
    _shown("states.index", PLACE),
    _shown("states.show", FIRST),
    Case("states.compare", DEPLOYERS, blind=SAM, names=PLACE, query=COMPARED, before=_kept),
    _owned("states.download", 200, FIRST),
    Case("states.create", OWNERS, 303, blind=SAM, names=PLACE, send={}, audits=0),
    _owned("states.rollback", 303, FIRST, send={"note": "back"}),
    _settled("states.settle", 303, KEEP),
    _shown("api_states.index", PLACE),
    _shown("api_states.show", FIRST),
    Case("api_states.compare", DEPLOYERS, blind=SAM, names=BOTH, before=_kept),
    _owned("api_states.download", 200, FIRST),
    _owned("api_states.create", 201, PLACE, send=content(3)),
    _owned("api_states.rollback", 200, FIRST, send={"note": "back"}),
    _settled("api_settle.create", 200, KEEP),
    _outside("state_backend.read", OWNERS, before=_kept),
    _outside(
        "state_backend.write",
        OWNERS,
        query="?ID=lock-1",
        send=content(1),
        before=_locked_outside,
    ),
    _outside("state_backend.lock", DEPLOYERS, send={"ID": "lock-2"}),
    _outside("state_backend.unlock", DEPLOYERS, send={"ID": "lock-1"}, before=_locked_outside),
    Case("queue.index", EVERYONE, before=_waiting),
    Case(
        "queue.prioritize",
        DEPLOYERS,
        303,
        blind=SAM,
        names={"run_id": _waiting},
        send={"priority": "1"},
    ),
    Case("queue.limit", ADMIN, 303, send={"concurrency": "2"}),
    Case("api_worker_pools.index", EVERYONE),
    Case("api_worker_pools.show", EVERYONE, names={"name": "embedded"}),
    Case("api_worker_pools.of_pool", EVERYONE, names={"name": "embedded"}, before=_waiting),
    Case("api_worker_pools.edit", ADMIN, names={"name": "embedded"}, send={"concurrency": 2}),
    Case("teardown.question", DEPLOYERS, blind=SAM, names=STAGING),
    Case(
        "teardown.create",
        DEPLOYERS,
        blind=SAM,
        names=STAGING,
        send={"confirm": "staging"},
        before=_kept,
        audits=2,
    ),
    Case(
        "api_teardown.create",
        DEPLOYERS,
        blind=SAM,
        names=STAGING,
        send={"confirm": "staging"},
        before=_kept,
        audits=2,
    ),
    Case("state_backend.elsewhere", EVERYONE, 400, names={"rest": "shop"}, audits=0),
]
