"""State clients at once: one lock, one winner; one state after the other."""

import json
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from models.project import DeploymentLock
from models.run import Run
from models.run_content import StateVersion
from services import deployments, state_clients
from services.errors import Conflict
from services.state_clients import Locked
from services.transaction import session
from tests.services.runs.workshop import SOURCE, ask
from tests.services.states.shelf import content


def at_once(app, attempt, count=8):
    """What became of `attempt(number)` in as many threads."""

    def one(number):
        with app.app_context():
            try:
                attempt(number)
            except Conflict as refusal:
                return type(refusal)
            return None

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def lock_info(number):
    return json.dumps({"ID": f"lock-{number}"}).encode()


def test_of_many_clients_one_gets_the_lock(app, world):
    actor, deployment = world.alice, world.deployment()
    session().commit()

    found = at_once(app, lambda n: state_clients.lock(actor, deployment, lock_info(n)))

    assert (found.count(None), found.count(Locked)) == (1, 7)
    assert len(session().scalars(select(DeploymentLock)).all()) == 1


def test_of_many_first_clients_of_a_new_deployment_one_gets_the_lock(app, world):
    actor, names = world.alice, ("shop", "web", "prod")
    session().commit()

    def attempt(number):
        deployment = deployments.at(actor, *names)
        state_clients.lock(actor, deployment, lock_info(number))

    found = at_once(app, attempt)

    assert found.count(None) == 1


def test_a_client_and_a_run_never_hold_the_lock_together(app, world):
    actor, dave, deployment = world.alice, world.dave, world.deployment()
    world.stack.source = SOURCE
    session().commit()
    made = []

    def attempt(number):
        if number % 2:
            state_clients.lock(actor, deployment, lock_info(number))
        else:
            made.append(ask(dave).id)

    at_once(app, attempt)

    session().rollback()
    lock = session().scalars(select(DeploymentLock)).one()
    ready = [run_id for run_id in made if session().get(Run, run_id).state == "ready"]
    assert ready == ([lock.run_id] if lock.run_id else [])


def test_of_many_writes_of_the_same_bytes_one_makes_a_version(app, world):
    actor, deployment = world.alice, world.deployment()
    state_clients.lock(actor, deployment, lock_info(1))
    session().commit()

    found = at_once(app, lambda _: state_clients.write(actor, deployment, content(1), "lock-1"))

    assert found == [None] * 8
    session().rollback()
    assert len(session().scalars(select(StateVersion)).all()) == 1


def test_of_many_writes_of_one_serial_one_wins(app, world):
    actor, deployment = world.alice, world.deployment()
    state_clients.lock(actor, deployment, lock_info(1))
    session().commit()

    def attempt(number):
        state_clients.write(actor, deployment, content(1, things=(f"t{number}",)), "lock-1")

    found = at_once(app, attempt)

    assert found.count(None) == 1
