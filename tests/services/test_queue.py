"""The queue of a pool: however long it is, it costs the same."""

import pytest

from models.base import db
from models.run_state import RunState as S
from models.run_state import RunType
from services import queue
from services.errors import NotFound
from tests import factories
from tests.queries import queries  # noqa: F401 - a fixture
from tests.services.runs.workshop import ask, claim, hire


def fill(world, count):
    place = world.deployment()
    for _ in range(count):
        factories.run(place, state=S.READY)
        factories.run(place, type=RunType.APPLY, state=S.QUEUED)
    db.session.commit()


def test_what_runs_what_waits_and_what_is_held_up_stand_apart(world):
    working, ready, held_up = ask(world.dave, "preview"), ask(world.dave), ask(world.dave)
    claim(hire())

    found = queue.show(world.vera)

    assert [line.run.id for line in found.running] == [ready.id], "what changes things goes first"
    assert [line.run.id for line in found.ready] == [working.id]
    assert [line.run.id for line in found.held_up] == [held_up.id]
    assert found.pool.busy == 1


def test_each_waiting_run_says_why_and_offers_what_the_actor_may_do(world):
    ask(world.dave)
    ask(world.dave)

    line = queue.show(world.dave).held_up[0]

    assert line.waiting.text.startswith("Waits for the deployment’s lock")
    assert "prioritize" in line.actions
    assert "prioritize" not in queue.show(world.vera).held_up[0].actions


# A fixture that is imported.
def test_a_long_queue_is_cut_and_the_rest_counted_and_costs_no_more(world, queries):  # noqa: F811
    fill(world, 5)
    with queries() as few:
        queue.show(world.dave)
    fill(world, queue.MOST_SHOWN + 20)

    with queries() as many:
        found = queue.show(world.dave)

    assert len(found.ready) == len(found.held_up) == queue.MOST_SHOWN
    assert found.more == 50
    assert len(many) == len(few)


def test_strangers_see_nothing_of_it(world):
    fill(world, 2)

    found = queue.show(world.sam)

    assert (found.running, found.ready, found.held_up) == ([], [], [])
    assert found.pool.waiting == 0


def test_there_is_no_other_pool(world):
    with pytest.raises(NotFound):
        queue.get(world.ada, "fast")
