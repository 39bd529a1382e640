"""How many runs a pool has at work: a limit that administrators set."""

import datetime as dt

import pytest
from sqlalchemy import update

from models.worker import Worker
from services import leases, pools, queue, runs
from services.edits import ChangedMeanwhile
from services.errors import Forbidden, Invalid, NotFound
from services.runs import work
from services.transaction import transaction
from tests.services.runs.workshop import ask, claim, hire, now


def test_fewer_run_at_once_than_there_are_threads(world):
    first, second = ask(world.dave), ask(world.dave, workspace="prod")
    pools.limit(world.ada, "embedded", 1)
    worker = hire()

    held, none = claim(worker), claim(hire())
    reason = runs.waiting_on(now(second))
    work.fail(held, "engine", "It went wrong.")

    assert (held.run_id, none) == (first.id, None)
    assert (reason.kind, reason.position) == ("capacity", 1)
    assert "at most 1 at work at once" in reason.text
    assert claim(worker).run_id == second.id


def test_the_limit_counts_the_runs_of_every_worker_and_lifting_it_lets_them_go_on(world):
    ask(world.dave)
    ask(world.dave, workspace="prod")
    pools.limit(world.ada, "embedded", 1)
    claim(hire())

    pools.limit(world.ada, "embedded", None)

    assert claim(hire()) is not None


def test_nought_pauses_the_pool_and_says_so(world):
    run = ask(world.dave)
    worker = hire()

    pools.limit(world.ada, "embedded", 0)

    assert claim(worker) is None
    assert "paused" in runs.waiting_on(now(run)).text
    assert queue.show(world.dave).pool.slots == 0


def test_what_is_at_work_goes_on_when_the_limit_falls(world):
    ask(world.dave)
    held = claim(hire())

    pools.limit(world.ada, "embedded", 0)

    assert work.fail(held, "engine", "It ended by itself.").is_over


def test_only_administrators_set_it_and_a_change_meanwhile_is_shown(world):
    with pytest.raises(Forbidden):
        pools.limit(world.alice, "embedded", 1)
    with pytest.raises(Invalid):
        pools.limit(world.ada, "embedded", 1001)
    with pytest.raises(NotFound):
        pools.limit(world.ada, "fast", 1)

    seen = pools.setting().version
    pools.limit(world.ada, "embedded", 3, version=seen)

    with pytest.raises(ChangedMeanwhile, match="now 3"):
        pools.limit(world.ada, "embedded", 5, version=seen)


def test_no_worker_is_told_when_the_last_one_was_not_heard_of_for_long(world):
    run = ask(world.dave)
    hire()
    before = runs.waiting_on(now(run)).kind

    # By the database's clock, which no test can set.
    with transaction() as here:
        here.execute(update(Worker).values(seen_at=leases.now() - dt.timedelta(seconds=31)))

    assert (before, runs.waiting_on(now(run)).kind) == ("capacity", "worker")
