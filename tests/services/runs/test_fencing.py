"""Who holds a run, told from who has lost it: epochs, leases, and clocks that lie."""

import datetime as dt
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from lib import clock
from models.base import db
from models.project import Deployment
from models.run import Run
from models.run_state import RunState
from services import workers
from services.runs import work
from tests.services.runs.workshop import LEASE, ask, claim, hire, now, planned

S = RunState


class Jumped:
    """A clock whose wall hands somebody has moved."""

    def __init__(self, other, by):
        self._other, self._by = other, by

    def now(self):
        return self._other.now() + self._by

    def monotonic(self):
        return self._other.monotonic()


def test_a_run_that_somebody_took_over_meanwhile_is_not_lost(world):
    run = ask(world.dave, auto_apply=True)
    planned(seen := claim(hire()))
    work.take_over(run.id, hire("adopter"), LEASE, epoch=seen.epoch)

    assert work.lose(run.id, epoch=seen.epoch, is_leased=True) is None

    assert now(run).state is S.APPLYING


def test_a_run_whose_worker_was_heard_of_meanwhile_is_not_lost(world):
    run, worker = ask(world.dave, auto_apply=True), hire()
    planned(seen := claim(worker))
    workers.heartbeat(worker)

    assert work.lose(run.id, epoch=seen.epoch) is None

    assert now(run).state is S.APPLYING


def test_of_two_that_would_take_a_run_over_one_does(world):
    run = ask(world.dave, auto_apply=True)
    planned(seen := claim(hire()))

    first = work.take_over(run.id, hire("first"), LEASE, epoch=seen.epoch)
    second = work.take_over(run.id, hire("second"), LEASE, epoch=seen.epoch)

    assert first.epoch == seen.epoch + 1
    assert second is None


def test_leases_are_kept_by_the_database_s_time_where_it_has_its_own(world):
    is_here = db.engine.dialect.name == "sqlite"
    run, worker, other = ask(world.dave, "preview"), hire(), hire("other")
    with clock.frozen(clock.now() + dt.timedelta(hours=5)):
        claim(worker)
        ahead = now(run).lease_until

    [stray] = workers.strays(other)

    assert not stray.lease_over
    assert (ahead > clock.now() + dt.timedelta(hours=1)) is is_here


def test_a_clock_that_jumps_does_not_use_up_what_a_run_may_take(world):
    run = ask(world.dave)
    at = clock.now()
    with clock.frozen(at) as stopped:
        held = claim(hire())
        stopped.advance(60)
        work.enter(held, S.INITIALIZING)
        with clock.replaced(Jumped(stopped, dt.timedelta(hours=13))):
            work.enter(held, S.PLANNING)

    assert 60 <= now(run).worked_s <= 120


@contextmanager
def somebody_else(statement):
    """Another connection that has asked this in a transaction, and not ended it."""
    with db.engine.connect() as connection:
        connection.execute(statement)
        yield
        connection.rollback()


def only_with_row_locks():
    if db.engine.dialect.name == "sqlite":
        pytest.skip("there is one writer at a time")


def test_a_run_ends_while_somebody_asks_for_another_on_its_deployment(world):
    only_with_row_locks()
    run = ask(world.dave, auto_apply=True)
    planned(held := claim(hire()))
    waiting = ask(world.dave)

    # As adding a run does, until it is committed.
    its_deployment = select(Deployment.id).where(Deployment.id == run.deployment_id)
    with somebody_else(its_deployment.with_for_update(read=True, key_share=True)):
        work.finish(held, "apply completed")

    assert (now(run).state, now(waiting).state) == (S.FINISHED, S.READY)


def test_a_run_ends_while_somebody_changes_the_next_in_line(world):
    only_with_row_locks()
    run = ask(world.dave, auto_apply=True)
    planned(held := claim(hire()))
    changing, behind = ask(world.dave), ask(world.dave)

    with somebody_else(select(Run.id).where(Run.id == changing.id).with_for_update()):
        work.finish(held, "apply completed")

    assert (now(run).state, now(changing).state) == (S.FINISHED, S.QUEUED)
    assert now(behind).state is S.READY
