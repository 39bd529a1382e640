"""What making runs asks of the database: little for one, hardly more for many."""

import pytest
from sqlalchemy import select

from models.base import db
from models.project import Deployment, DeploymentLock, ManualLock, Project
from models.run import Run
from models.run_content import RunVariable
from models.run_history import RunHistory
from models.run_state import RunState, RunType
from services import runs, variables
from services.errors import Conflict
from services.runs.create import make_all, may_be, places_of
from services.transaction import transaction
from services.variables import NewValue
from tests import factories
from tests.services import queries
from tests.services.runs.workshop import SOURCE, ask


def places(world, count):
    """So many stacks of the shop, each deployed to staging."""
    made = [
        factories.deployment(factories.stack(world.project, f"s{n}", source=SOURCE), world.staging)
        for n in range(count)
    ]
    db.session.commit()
    return [each.id for each in made]


def together(actor, deployment_ids, kind):
    """A run in each of these deployments, made at once."""
    with transaction():
        found = places_of(set(deployment_ids))
        wanted = [
            may_be(
                actor,
                runs.NewRun(project="shop", stack="", workspace="", type=kind),
                found[each],
            )
            for each in deployment_ids
        ]
        return make_all(wanted)


@pytest.mark.parametrize(("kind", "most"), [("preview", 14), ("apply", 18)])
def test_a_run_is_made_with_few_statements(world, kind, most):
    ask(world.dave, kind)
    world.deployment(world.prod)
    variables.put(world.dave, world.project, "size", NewValue("small"))
    dave = world.dave

    with queries.counted() as seen:
        ask(dave, kind, workspace="prod")

    assert seen.every <= most + 1  # `ask` itself looks for the stack.


@pytest.mark.parametrize(("kind", "each"), [(RunType.PREVIEW, 1), (RunType.APPLY, 0)])
def test_many_runs_made_at_once_are_looked_around_for_once(world, kind, each):
    """A preview is ready at once, and each is looked up that a commit may have to be told of."""
    ids, dave = places(world, 30), world.dave
    db.session.add_all(ManualLock(deployment_id=at, user_id="x", user_name="Vera") for at in ids)
    db.session.commit()

    with queries.counted() as few:
        together(dave, ids[:3], kind)
    with queries.counted() as many:
        together(dave, ids[3:], kind)

    assert many.count == few.count + 24 * each
    assert many.every < 12 + 5 * 27


def test_runs_made_at_once_have_numbers_and_histories_as_if_made_one_by_one(world):
    ids = places(world, 3)

    made = together(world.dave, ids, RunType.PREVIEW)

    assert [run.number for run in made] == [1, 2, 3]
    assert (
        db.session.get_one(Project, world.project.id, populate_existing=True).last_run_number == 3
    )
    for run in made:
        assert run.state is RunState.READY
        kept = select(RunHistory).where(RunHistory.run_id == run.id).order_by(RunHistory.id)
        assert [(row.state.value, row.reason) for row in db.session.scalars(kept)] == [
            ("queued", "Created."),
            ("ready", "Nothing to wait for."),
        ]


def test_each_of_them_gets_the_variables_of_its_own_place(world):
    ids = places(world, 2)
    first, second = (db.session.get_one(Deployment, each) for each in ids)
    variables.put(world.dave, world.project, "size", NewValue("of all"))
    variables.put(world.dave, first, "size", NewValue("of one"))

    made = together(world.dave, [first.id, second.id], RunType.PREVIEW)

    kept = {row.run_id: row.value for row in db.session.scalars(select(RunVariable))}
    assert [kept[run.id] for run in made] == ["of one", "of all"]


def test_of_two_that_want_one_lock_the_first_gets_it_and_the_second_waits(world):
    [here, there] = places(world, 2)

    made = together(world.dave, [here, here, there], RunType.APPLY)

    assert [run.state.value for run in made] == ["ready", "queued", "ready"]
    held = db.session.execute(select(DeploymentLock.deployment_id, DeploymentLock.run_id)).all()
    assert sorted(map(tuple, held)) == sorted([(here, made[0].id), (there, made[2].id)])


def test_a_refusal_comes_before_anything_is_written(world):
    ids = places(world, 1)
    world.staging.protected = True
    db.session.commit()

    with pytest.raises(Conflict, match="protected"), queries.counted() as seen, transaction():
        place = places_of(ids)[ids[0]]
        asked = runs.NewRun(project="shop", stack="", workspace="", type=RunType.DESTROY)
        may_be(world.dave, asked, place)

    assert seen.every - seen.count <= 1, "nothing but the beginning of the transaction"
    assert db.session.scalars(select(Run)).all() == []
