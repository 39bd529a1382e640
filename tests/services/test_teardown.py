"""Destroying a workspace: one question, a destroy run per deployment, newest first apply first."""

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import db
from models.project import Deployment, Stack
from models.run import Run
from services import teardown
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.transaction import session
from tests import factories
from tests.services.runs.workshop import SOURCE
from tests.services.states.shelf import applied


@pytest.fixture
def full(world):
    """Staging with two deployments: `web` was applied first, then `late`."""
    applied(world, 1)
    late = factories.stack(world.project, "late", source=SOURCE)
    factories.deployment(late, world.staging, resource_count=3)
    db.session.commit()
    return world


def place(name):
    return db.session.scalars(select(Deployment).where(Deployment.stack_name == name)).one()


def destroying():
    rows = select(Run).where(Run.type == "destroy").order_by(Run.id)
    return db.session.scalars(rows).all()


def test_everything_is_listed_with_its_resources_newest_first_apply_first(full):
    found = teardown.plan(full.dave, full.staging)

    names = [(each.deployment.stack_name, each.resource_count) for each in found.targets]
    assert names == [("late", 3), ("web", 1)]
    assert found.hidden == 0


def test_it_makes_a_destroy_run_for_each_that_asks_nobody_again(full):
    made = teardown.destroy(full.dave, full.staging, "staging").made

    assert [each.run.stack_name for each in made] == ["late", "web"]
    assert [run.auto_apply for run in destroying()] == [True, True]
    assert [str(run.state) for run in destroying()] == ["ready", "ready"]


def test_it_destroys_with_the_code_that_was_applied(full):
    run = db.session.get_one(Run, place("web").applied_run_id)
    run.pin = {"kind": "git", "commit": "c0ffee" * 6}
    db.session.commit()

    teardown.destroy(full.dave, full.staging, "staging")

    assert destroying()[1].source["commit"] == "c0ffee" * 6


def test_it_is_audited_once_and_each_run_too(full):
    teardown.destroy(full.dave, full.staging, "staging")

    said = [row.action for row in session().scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert said[-3:] == ["run.create", "run.create", "workspace.destroy"]


@pytest.mark.parametrize("typed", ["", "Staging", "prod"])
def test_the_name_must_be_typed(full, typed):
    with pytest.raises(Invalid):
        teardown.destroy(full.dave, full.staging, typed)

    assert destroying() == []


def test_what_is_blocked_or_protected_stays_with_the_reason(full):
    place("late").blocked_at = place("late").created_at
    place("late").blocked_reason = "Lost."
    db.session.commit()

    made = teardown.destroy(full.dave, full.staging, "staging").made

    assert [each.run is None for each in made] == [False, True]
    assert "blocked" in made[1].reason


def test_a_protected_workspace_is_refused(full):
    full.staging.protected = True
    db.session.commit()

    with pytest.raises(Conflict, match="protected"):
        teardown.destroy(full.dave, full.staging, "staging")


def test_a_protected_stack_stays(full):
    db.session.scalars(select(Stack).where(Stack.name == "late")).one().protected = True
    db.session.commit()

    made = teardown.destroy(full.dave, full.staging, "staging").made

    assert "stack late is protected" in made[1].reason


def test_what_an_earlier_call_made_can_be_had_again(full):
    place("late").blocked_at = place("late").created_at
    place("late").blocked_reason = "Lost."
    db.session.commit()
    first = teardown.destroy(full.dave, full.staging, "staging")
    place("late").blocked_at = None
    db.session.commit()

    assert teardown.again(full.staging, first.id) == first


def test_what_the_actor_does_not_see_is_counted_and_stays(full):
    other = factories.project("pay")
    stack = factories.stack(other, "api", source=SOURCE)
    factories.deployment(stack, full.staging, resource_count=9)
    db.session.commit()

    found = teardown.plan(full.dave, full.staging)
    made = teardown.destroy(full.dave, full.staging, "staging").made

    assert found.hidden == 1
    assert len(made) == 2


def test_an_empty_workspace_has_nothing_to_destroy(world):
    with pytest.raises(Conflict, match="Nothing"):
        teardown.destroy(world.dave, world.staging, "staging")


def test_viewers_and_strangers_may_not(full):
    with pytest.raises(Forbidden):
        teardown.plan(full.vera, full.staging)
    with pytest.raises(NotFound):
        teardown.plan(full.sam, full.staging)
