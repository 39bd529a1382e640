"""Firing with company: two schedulers and four web threads at once, and a fault in one schedule."""

import pytest
from sqlalchemy import select

from lib import clock
from models.base import db
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


def test_a_fault_in_one_schedule_keeps_no_other_from_firing(app, world, frozen_clock):
    broken, whole = make(world.dave, name="broken"), make(world.dave, name="whole")
    db.session.scalars(select(Schedule).where(Schedule.id == broken.id)).one().cron = "no cron line"
    db.session.commit()
    frozen_clock.advance(hours(15))

    firing.fire(clockwork.site_of(app))

    assert ledger(whole) == [("22 03:00", "fired")]
    assert ledger(broken) == []


def test_a_time_that_came_while_somebody_watched_is_late_and_not_missed(app, world, frozen_clock):
    site = clockwork.site_of(app)
    frozen_clock.advance(hours(14))
    firing.fire(site)
    made = make(world.dave)
    for _ in range(3600 // 20 + 60):  # A busy leader: it looks all along, and gets to it late.
        frozen_clock.advance(20)
        since = firing._watch.look()  # noqa: SLF001 - what each settled schedule does

    firing._settle(site, made.id, since)  # noqa: SLF001 - the pass gets to it at last

    assert f"{clock.now():%d %H:%M}" == "22 03:20"
    assert ledger(made) == [("22 03:00", "fired")]


def test_a_time_that_came_while_nobody_did_is_missed(app, world, frozen_clock):
    site = clockwork.site_of(app)
    made = make(world.dave)
    firing.fire(site)

    frozen_clock.advance(hours(16))
    firing.fire(site)

    assert ledger(made) == [("22 03:00", "missed")]
