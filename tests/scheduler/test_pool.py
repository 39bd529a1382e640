"""The pool comes and goes, is killed, loses its database; the runs it carries do not notice."""

import json
import threading
import time

import pytest
from sqlalchemy import create_engine, func, make_url, select, text

from models.base import db
from models.run_content import PlanUse
from models.run_history import RunStep
from models.worker import Worker
from services import runs
from services.access import SYSTEM
from services.transaction import transaction
from tests.portal.fixtures import make_portal, portal_settings
from tests.portal.portal import opened
from tests.scheduler.portal_process import PortalProcess

__all__ = ["make_portal", "portal_settings"]

pytestmark = pytest.mark.xdist_group("pool")

both = pytest.mark.parametrize(
    "portal_kind",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
    scope="module",
)


@pytest.fixture(scope="module")
def portal_kind(request):
    return request.param


@pytest.fixture
def home(make_portal):
    """A furnished portal that is not started yet."""
    portal = make_portal()
    with opened(portal):
        yield portal.furnish()
        portal.stop()


def again(make_portal, portal):
    """Another portal on the same directory and database."""
    url = portal.app.extensions["gantry_settings"].database_url
    return make_portal(portal.data_dir, database_url=url)


def counting(witness, count=60, pause_s=0.02):
    """A task that leaves a line in the witness at its start and prints numbers, slowly."""
    return (
        f"echo started >> {witness}; i=0; while [ $i -lt {count} ]; do echo line $i; "
        f"i=$((i+1)); sleep {pause_s}; done"
    )


def numbers(count=60):
    return "".join(f"line {number}\n" for number in range(count))


@both
def test_a_stopped_pool_leaves_its_run_to_the_next_without_gap_or_repeat(
    home, make_portal, tmp_path
):
    witness = tmp_path / "witness"
    stack = home.stack(engine="fake")
    home.start()
    run = home.create(stack, "task", command=counting(witness), init=False)
    home.until_logged(run, "line 5\n")

    home.stop(drain_s=0)
    at_stop = home.log(run)
    second = again(make_portal, home).start()
    ended = second.settled(run)

    assert ended.state == "finished"
    assert not at_stop.endswith("line 59\n")
    assert home.log(run) == numbers()
    assert witness.read_text() == "started\n"
    assert ended.claim_epoch == 2
    second.stop()


@both
def test_an_apply_in_flight_is_applied_once_although_the_portal_is_killed(
    home, make_portal, tmp_path
):
    witness = tmp_path / "witness"
    url = home.app.extensions["gantry_settings"].database_url
    lines = [piece for number in range(40) for piece in (f"line {number}", {"sleep_s": 0.03})]
    script = {"apply": {"output": [{"wait_for": str(witness)}, *lines]}}
    stack = home.stack({"fake.json": json.dumps(script)}, engine="fake")
    process = PortalProcess(home.data_dir, url)
    run = home.create(stack, auto_apply=True)
    home.wait(run, "applying")
    witness.touch()
    home.until_logged(run, "line 3\n")

    process.kill()
    killed_at = home.log(run)
    home.start()
    ended = home.settled(run)

    assert ended.state == "finished"
    said = home.log(run)
    assert [said.count(f"line {number}\n") for number in range(40)] == [1] * 40
    assert "line 39\n" not in killed_at
    assert db.session.scalar(select(func.count()).select_from(PlanUse)) == 1
    assert [v.serial for v in home.versions(stack)] == [1]
    assert home.states(ended).count("applying") == 1


@both
def test_a_run_that_ended_while_no_portal_lived_is_taken_to_its_end(home, tmp_path):
    stack = home.stack(engine="fake")
    process = PortalProcess(home.data_dir, home.app.extensions["gantry_settings"].database_url)
    run = home.create(stack, "task", command="echo begun; sleep 0.5; echo over; exit 3", init=False)
    home.until_logged(run, "begun")

    process.kill()
    time.sleep(1)
    home.start()
    ended = home.settled(run)

    assert (ended.state, ended.error_kind) == ("failed", "engine")
    assert home.log(run) == "begun\nover\n"
    assert home.deployment(stack).blocked_at is None


@both
def test_a_plan_in_flight_goes_on_to_its_decision_after_a_kill(home):
    script = {"plan": {"output": ["thinking", {"sleep_s": 1}]}}
    stack = home.stack({"fake.json": json.dumps(script)}, engine="fake")
    process = PortalProcess(home.data_dir, home.app.extensions["gantry_settings"].database_url)
    run = home.create(stack)
    home.until_logged(run, "thinking")

    process.kill()
    home.start()
    planned = home.settled(run)

    assert planned.state == "unconfirmed"
    assert home.log(run).count("thinking") == 1
    assert home.confirmed(planned).state == "finished"


@both
def test_a_cancel_that_nobody_heard_is_obeyed_by_the_portal_that_adopts(home):
    stack = home.stack(engine="fake")
    process = PortalProcess(home.data_dir, home.app.extensions["gantry_settings"].database_url)
    run = home.create(stack, "task", command="echo begun; sleep 60", init=False)
    home.until_logged(run, "begun")

    process.kill()
    runs.cancel(SYSTEM, run.id)
    home.start()

    assert home.settled(run).state == "stopped"


@both
def test_more_runs_than_threads_are_all_carried_out(home):
    stacks = [home.stack(engine="fake") for _ in range(4)]
    home.start()

    made = [home.create(s, "task", command="echo hi", init=False) for s in stacks * 5]

    assert {home.settled(run).state for run in made} == {"finished"}
    assert {home.log(run) for run in made} == {"hi\n"}
    home.until(made[-1], lambda _run: home.running.pool.busy == 0)


@both
def test_draining_lets_a_short_run_end_by_itself(home):
    stack = home.stack(engine="fake")
    home.start()
    run = home.create(stack, "task", command="echo begun; sleep 0.5; echo over", init=False)
    home.until_logged(run, "begun")

    home.stop(drain_s=10)

    assert home.now(run).state == "finished"
    assert home.now(run).claim_epoch == 1
    worker = db.session.scalars(select(Worker)).one()
    assert worker.stopped_at is not None


@pytest.mark.parametrize("portal_kind", ["sqlite"], scope="module", indirect=True)
def test_a_writer_that_holds_the_database_for_a_while_breaks_nothing(home):
    stack = home.stack(engine="fake")
    home.start()
    run = home.create(stack, "task", command="echo begun; sleep 0.2", init=False)
    home.until_logged(run, "begun")

    holding = threading.Thread(target=_hold_sqlite, args=(home, 1.5))
    holding.start()

    assert home.settled(run).state == "finished"
    holding.join()


def _hold_sqlite(portal, seconds):
    with portal.app.app_context(), transaction():
        time.sleep(seconds)


@pytest.mark.postgres
@pytest.mark.parametrize("portal_kind", ["postgres"], scope="module", indirect=True)
def test_a_database_that_goes_away_for_a_while_loses_no_run_and_no_thread(home):
    stack = home.stack(engine="fake")
    home.start()
    threads = {thread for thread in threading.enumerate() if thread.name.startswith("worker-")}
    run = home.create(stack, "task", command="echo begun; sleep 1; echo over", init=False)
    home.until_logged(run, "begun")
    db.session.remove()

    _take_away(home.app.extensions["gantry_settings"].database_url, 2.5)
    ended = home.settled(run)
    later = home.run(stack, "task", command="echo hi", init=False)

    assert (ended.state, later.state) == ("finished", "finished")
    assert home.log(run) == "begun\nover\n"
    assert all(thread.is_alive() for thread in threads)
    assert db.session.scalars(select(RunStep.number).where(RunStep.run_id == run.id)).all() == [1]


def _take_away(url, seconds):
    """Refuse connections to the database, and end those there are, for a while."""
    place = make_url(url)
    name = place.database
    server = create_engine(place.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        ended_by = time.monotonic() + seconds
        while time.monotonic() < ended_by:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :it"),
                {"it": name},
            )
            time.sleep(0.1)
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    server.dispose()
