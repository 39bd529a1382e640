"""Ten thousand queued runs and one slot: every claim costs the same, and nobody waits for ever."""

from collections import Counter

import pytest
from sqlalchemy import func, insert, select

from lib import ids
from models import run_lists, run_queue
from models.base import db
from models.run import Run
from models.run_state import RunState, RunType
from scheduler import dispatcher
from services import pools, queue, runs
from services.access import visible
from services.runs import line, work
from tests import factories
from tests.queries import queries  # noqa: F401 - a fixture
from tests.services.runs.workshop import claim, hire

S, T = RunState, RunType
MANY = 10_000
PLACES, PASS = 50, 20


def crowd(world, count, *, previews=0):
    """Runs over many deployments, as creating them would leave them; every so many is a preview."""
    spaces = [factories.workspace(f"place-{number}") for number in range(PLACES)]
    deployments = [factories.deployment(world.stack, space) for space in spaces]
    fill(deployments, range(count), previews)


def fill(deployments, numbers, previews):
    rows = [row(deployments[i % len(deployments)], i, previews) for i in numbers]
    db.session.execute(insert(Run), rows)
    db.session.commit()


def row(place, number, previews):
    names = "project_id stack_id workspace_id project_name stack_name workspace_name".split()
    is_preview = bool(previews) and number % previews == 0
    return {name: getattr(place, name) for name in names} | {
        "id": ids.new_id(),
        "number": number + 1,
        "deployment_id": place.id,
        "type": T.PREVIEW if is_preview else T.APPLY,
        "state": S.READY if is_preview else S.QUEUED,
        "trigger_kind": "manual",
        "created_by_name": "Dave",
        "version": 1,
    }


def test_one_slot_works_through_them_in_order_and_every_deployment_has_its_turn(world):
    crowd(world, MANY)
    pools.limit(world.ada, pools.EMBEDDED, 1)
    worker = hire()
    passes = [dispatcher.look_again(PASS) for _ in range(4)]

    turns = Counter()
    for _ in range(PLACES + 5):
        held = claim(worker)
        assert claim(worker) is None, "the one slot is taken"
        turns[work.fail(held, "engine", "It went wrong.").deployment_id] += 1

    assert passes == [PASS, PASS, PLACES - 2 * PASS, 0], "bounded, and begins where it ended"
    assert sorted(turns.values()) == [1] * (PLACES - 5) + [2] * 5, "first come, first served"
    left = select(func.count()).select_from(Run).where(Run.state.in_((S.QUEUED, S.READY)))
    assert db.session.scalar(left) == MANY - PLACES - 5


def test_claims_passes_and_pages_ask_as_much_with_ten_thousand_as_with_ten(
    world,
    queries,  # noqa: F811 - a fixture that is imported
):
    def asked():
        worker = hire()
        while dispatcher.look_again():
            pass
        with queries() as claimed:
            work.fail(claim(worker), "engine", "It went wrong.")
        with queries() as passed:
            dispatcher.look_again()
        with queries() as shown:
            queue.show(world.dave)
        with queries() as explained:
            runs.explain(db.session.scalars(select(Run).order_by(Run.id.desc()).limit(50)).all())
        return [len(each) for each in (claimed, passed, shown, explained)]

    places = [world.deployment(world.staging), world.deployment(world.prod)]
    fill(places, range(10), 3)
    few = asked()
    fill(places, range(10, MANY), 3)

    assert asked() == few


@pytest.mark.parametrize("changing", [True, False])
def test_the_next_run_is_found_by_an_index_without_sorting(world, changing, database_kind):
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL plans by statistics, which a test does not have")
    waiting = [run_queue.waiting_for_lock(world.deployment().id)]
    ready, held_up = run_queue.claimable(changing=changing), run_queue.held_up()
    seen = visible(world.dave, run_queue.PLACES)

    for wanted in (ready, ready.where(seen), held_up, held_up.where(seen), *waiting):
        plan = " ".join(explained(wanted.limit(100)))
        assert "USING INDEX ix_run_" in plan
        assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("newest_first", [True, False])
def test_runs_by_their_ends_are_found_by_an_index_without_sorting(
    world, newest_first, database_kind
):
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL plans by statistics, which a test does not have")
    in_project = Run.project_id == world.project.id

    for where in ([], [in_project], [in_project, Run.workspace_id.in_([world.staging.id])]):
        wanted = run_lists.lines(
            ["id", "finished_at"],
            [run_lists.ended(), *where],
            [],
            newest_first=newest_first,
            by_end=True,
            limit=50,
        )
        plan = " ".join(explained(wanted))
        assert "_end " in plan, "the index of ends, of all or of a place"
        assert "TEMP B-TREE" not in plan


def explained(wanted):
    text = str(wanted.compile(db.engine, compile_kwargs={"literal_binds": True}))
    rows = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
    return [str(found[-1]) for found in rows]


def test_the_place_in_line_is_told_up_to_a_thousand_and_more_than_that_beyond(world):
    crowd(world, 1500, previews=1)
    hire()

    order = line.ids(2000)
    said = runs.explain(db.session.scalars(select(Run).where(Run.id.in_(order))).all())

    assert [said[run_id].position for run_id in order[:1000]] == list(range(1, 1001))
    assert "behind more than 1,000 runs" in said[order[-1]].text
