"""The timetable: one process leads, its jobs run, upkeep removes what is over."""

import datetime as dt

import pytest
from sqlalchemy import select

from lib import clock
from lib.log_file import LogWriter
from models.base import db
from models.draft import Draft
from models.project import DeploymentLock
from models.run_state import RunState, RunType
from models.worker import Lease
from scheduler import dispatcher, timetable, upkeep
from scheduler.execution.site import Site
from scheduler.timetable import Job, Timetable
from services import upkeep as rows
from services.errors import Unavailable
from tests import factories

RUNNING_S = 5.0


@pytest.fixture
def site(app, tmp_path):
    """A site without spawner and engines: what the timetable's own work needs."""
    return Site(data_dir=tmp_path, engines={}, spawner=None, unit=app.app_context)


@pytest.fixture
def begin(site):
    """`begin()` starts a timetable, which ends with the test."""
    started = []

    def start():
        table = Timetable(site)
        table.start()
        started.append(table)
        return table

    yield start
    for table in started:
        if table.is_running:
            table.stop()


def owner():
    db.session.rollback()
    return db.session.scalars(select(Lease.owner).where(Lease.name == "timetable")).one_or_none()


def old(run, **age):
    """Let a run have ended long ago."""
    run.finished_at = clock.now() - dt.timedelta(**age)
    db.session.commit()
    return run


def test_the_first_timetable_leads_and_the_second_waits(begin, world):
    first = begin()

    second = begin()

    assert owner() == first.owner
    assert not second.leads


def test_who_stops_lets_the_other_lead_at_once(begin, world):
    first, second = begin(), begin()

    first.stop()
    second.keep_lease()

    assert owner() == second.owner


def test_a_lease_that_ran_out_is_taken_over(begin, site, world):
    first = begin()
    lease = db.session.scalars(select(Lease)).one()
    lease.until = clock.now() - dt.timedelta(seconds=1)
    db.session.commit()

    second = begin()
    first.keep_lease()

    assert owner() == second.owner
    assert not first.leads


def test_jobs_are_done_only_by_the_one_that_leads(begin, world):
    first, second = begin(), begin()
    done = []

    for name, table in (("first", first), ("second", second)):
        table.do(Job("note", 1, lambda _site, name=name: done.append(name)))

    assert done == ["first"]


def test_a_job_that_cannot_reach_the_database_does_not_end_the_clockwork(begin, world):
    def fail(_site):
        raise Unavailable("The database does not answer; nothing was changed.")

    table = begin()

    table.do(Job("fail", 1, fail))

    assert table.is_running


def test_every_job_of_the_table_is_done_by_the_clock(begin, world, monkeypatch):
    import threading  # noqa: PLC0415 - for this test alone

    done = threading.Event()
    monkeypatch.setattr(timetable, "JOBS", (Job("soon", 1, lambda _site: done.set()),))

    begin()

    assert done.wait(RUNNING_S)


@pytest.fixture
def monotonic(monkeypatch):
    """`monotonic.advance(seconds)` lets time pass for who measures how long something takes."""

    class Passing:
        now = 1000.0

        def advance(self, seconds):
            self.now += seconds

    passing = Passing()
    monkeypatch.setattr(timetable.clock, "monotonic", lambda: passing.now)
    return passing


def told(caplog):
    return [line.getMessage() for line in caplog.records]


def test_a_long_pass_leaves_out_times_of_its_own_without_a_word(monotonic, caplog):
    overtime = timetable.Overtime()

    with overtime.at("fire schedules"):
        monotonic.advance(timetable.LONG_S - 1)
        overtime.left_out("fire schedules")

    assert told(caplog) == []


def test_a_job_that_does_not_come_back_is_told_of_once_and_so_is_its_return(monotonic, caplog):
    overtime = timetable.Overtime()

    with overtime.at("fire schedules"):
        for _ in range(3):
            monotonic.advance(timetable.LONG_S)
            overtime.left_out("fire schedules")

    assert ["does not come back" in said for said in told(caplog)] == [True, False]
    assert "has come back" in told(caplog)[1]


def test_what_the_clock_leaves_out_is_told_by_the_timetable_alone(
    begin, world, monkeypatch, caplog
):
    import threading  # noqa: PLC0415 - for this test alone

    over, left_out = threading.Event(), threading.Event()
    job = Job("busy", 1, lambda _site: over.wait(RUNNING_S))
    monkeypatch.setattr(timetable, "JOBS", (job,))
    monkeypatch.setattr(timetable, "LONG_S", 0.0)
    table = begin()
    table._scheduler.add_listener(  # noqa: SLF001 - to know when a time was left out
        lambda _event: left_out.set(), timetable.EVENT_JOB_MAX_INSTANCES
    )

    assert left_out.wait(RUNNING_S)
    over.set()
    table.stop()

    assert any("does not come back" in said for said in told(caplog))
    assert not any("maximum number" in said for said in told(caplog))


def test_every_job_can_be_done_in_an_empty_house(site, world):
    for job in timetable.JOBS:
        job.do(site)


def test_the_dispatcher_admits_whom_a_lost_wake_up_left_behind(world):
    place = world.deployment()
    waiting = factories.run(place, type=RunType.APPLY)
    db.session.commit()

    dispatcher.look_again()

    db.session.expire_all()
    assert waiting.state is RunState.READY
    assert db.session.get(DeploymentLock, place.id).run_id == waiting.id


def test_directories_of_runs_that_are_over_are_removed_and_others_stay(site, world):
    place = world.deployment()
    over = factories.run(place, state=RunState.DISCARDED)
    waiting = factories.run(place, state=RunState.UNCONFIRMED)
    blocking = factories.run(place, state=RunState.FAILED)
    place.blocked_run_id = blocking.id
    db.session.commit()
    for name in (over.id, waiting.id, blocking.id, "of-nobody"):
        site.work_dir(name).joinpath("src").mkdir(parents=True)

    upkeep.remove_directories(site)

    left = {path.name for path in (site.data_dir / "work").iterdir()}
    assert left == {waiting.id, blocking.id}


def test_old_logs_are_removed_and_their_runs_say_so(site, world):
    place = world.deployment()
    ancient, recent = (
        old(factories.run(place, state=RunState.FINISHED, log_bytes=6), days=days)
        for days in (61, 59)
    )
    for run in (ancient, recent):
        with LogWriter(site.log_path(run.id)) as log:
            log.write(b"hello\n")

    upkeep.remove_old_logs(site)

    db.session.expire_all()
    assert ancient.log_expired_at is not None
    assert list(site.log_path(ancient.id).parent.glob(f"{ancient.id}*")) == []
    assert recent.log_expired_at is None
    assert site.log_path(recent.id).exists()


def test_drafts_that_are_over_are_forgotten(site, world):
    gone, kept = (
        Draft(user_id=world.dave.id, expires_at=clock.now() + dt.timedelta(hours=hours))
        for hours in (-1, 1)
    )
    db.session.add_all([gone, kept])
    db.session.commit()

    rows.forget()

    assert list(db.session.scalars(select(Draft.id))) == [kept.id]
