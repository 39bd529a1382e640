"""Firing with company: two schedulers and four web threads at once, and a fault in one schedule."""

import pytest
from sqlalchemy import select

from lib import clock
from models.base import db
from models.run import Run
from models.schedule import Schedule
from scheduler import firing
from tests.scheduler import clockwork
from tests.services.schedules.calendar import hours, ledger, make


@pytest.mark.both_databases
def test_of_all_that_fire_at_once_each_time_is_decided_once(app):
    clockwork.build(80)

    assert clockwork.together(app, 80) == []
    assert clockwork.left() == 0


def test_a_pass_settles_everything_that_is_due(app, world, frozen_clock):
    made = [make(world.dave, name=f"number {number}") for number in range(3)]
    frozen_clock.advance(hours(15))

    firing.fire(clockwork.site_of(app))

    assert [ledger(row) for row in made] == [[("22 03:00", "fired")]] * 3


@pytest.mark.both_databases
def test_a_fault_in_one_of_many_keeps_no_other_from_firing(app, world, frozen_clock):
    made = [make(world.dave, name=f"number {number}") for number in range(7)]
    broken = made.pop(3)
    db.session.scalars(select(Schedule).where(Schedule.id == broken.id)).one().cron = "no cron line"
    db.session.commit()
    frozen_clock.advance(hours(15))

    firing.fire(clockwork.site_of(app))

    assert [ledger(row) for row in made] == [[("22 03:00", "fired")]] * 6
    assert ledger(broken) == []
    numbers = db.session.scalars(select(Run.number).order_by(Run.number)).all()
    assert numbers == [1, 2, 3, 4, 5, 6], "what was undone with it left no gap"


def test_a_transaction_settles_as_many_as_keep_it_short():
    pace = firing.Pace()

    for _ in range(10):
        pace.settled(pace.size, took_s=0.0005 * pace.size)
    quick = pace.size
    pace.settled(quick, took_s=0.005 * quick)

    assert quick == firing.MOST_TOGETHER
    assert pace.size == round(firing.HELD_S / 0.005)


def test_the_last_few_of_many_make_the_next_ones_no_fewer():
    pace = firing.Pace()
    for _ in range(10):
        pace.settled(pace.size, took_s=0.0005 * pace.size)

    pace.settled(3, took_s=0.02)

    assert pace.size == firing.MOST_TOGETHER


def test_one_that_had_to_wait_makes_the_next_no_smaller_than_the_least():
    pace = firing.Pace()

    pace.settled(pace.size, took_s=60)

    assert pace.size == firing.LEAST_TOGETHER


def test_after_a_fault_each_is_settled_by_itself_until_those_are_over():
    pace = firing.Pace()
    before = pace.size

    pace.stumbled(3)
    sizes = []
    for _ in range(3):
        sizes.append(pace.size)
        pace.settled(1, took_s=0.01)

    assert sizes == [1, 1, 1]
    assert pace.size == before


def test_a_time_that_came_while_somebody_watched_is_late_and_not_missed(app, world, frozen_clock):
    site = clockwork.site_of(app)
    frozen_clock.advance(hours(14))
    firing.fire(site)
    made = make(world.dave)
    for _ in range(3600 // 20 + 60):  # A busy leader: it looks all along, and gets to it late.
        frozen_clock.advance(20)
        since = firing._watch.look()  # noqa: SLF001 - what each settled schedule does

    firing._settle(site, [made.id], since)  # noqa: SLF001 - the pass gets to it at last

    assert f"{clock.now():%d %H:%M}" == "22 03:20"
    assert ledger(made) == [("22 03:00", "fired")]


def test_a_time_that_came_while_nobody_did_is_missed(app, world, frozen_clock):
    site = clockwork.site_of(app)
    made = make(world.dave)
    firing.fire(site)

    frozen_clock.advance(hours(16))
    firing.fire(site)

    assert ledger(made) == [("22 03:00", "missed")]
