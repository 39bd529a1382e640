"""Deployments: they come to be by being needed; a person's lock holds others up."""

import threading

import pytest
from sqlalchemy import func, select

from models.base import db
from models.member import Role
from models.project import Deployment, DeploymentLock, ManualLock
from models.run import Run
from models.run_content import Resource, RunOutput
from models.run_state import RunState, RunType
from services import deployments, locks, members
from services.deployments import ResourceFilter, ResourceGroups
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.transaction import transaction
from tests import factories
from tests.services import queries


def test_a_deployment_is_seen_by_who_sees_project_and_workspace(world):
    world.deployment()
    db.session.commit()
    members.put(world.ada, world.project, "sam@example.com", "owner")

    assert deployments.get(world.vera, "shop", "web", "staging")
    with pytest.raises(NotFound):
        deployments.get(world.sam, "shop", "web", "staging")
    assert deployments.of_stack(world.sam, world.stack).items == []


def test_looking_at_a_deployment_does_not_make_it(world):
    blank = deployments.at(world.vera, "shop", "web", "prod")

    assert not deployments.is_stored(blank)
    assert deployments.line_of(world.vera, blank).last_run is None
    with pytest.raises(NotFound, match="never been deployed"):
        deployments.get(world.vera, "shop", "web", "prod")
    assert db.session.query(Deployment).count() == 0


def test_two_that_need_it_at_once_make_one_deployment(app, world):
    stack_id, workspace_id = world.stack.id, world.staging.id
    barrier, made = threading.Barrier(2), []

    def need():
        with app.app_context():
            stack = db.session.get(type(world.stack), stack_id)
            workspace = db.session.get(type(world.staging), workspace_id)
            barrier.wait()
            with transaction():
                made.append(deployments.ensure(stack, workspace).id)

    threads = [threading.Thread(target=need) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made[0] == made[1]


def test_a_lock_says_who_and_why_and_is_held_once(world):
    deployment = world.deployment()
    db.session.commit()

    locks.lock(world.dave, deployment, "  hands off \n")

    hand = db.session.query(ManualLock).one()
    assert (hand.user_name, hand.note) == ("Dave", "hands off")
    with pytest.raises(Conflict, match="You have locked"):
        locks.lock(world.dave, deployment)
    with pytest.raises(Conflict, match="Dave has locked"):
        locks.lock(world.alice, deployment)


def test_a_viewer_locks_nothing_and_a_note_has_an_end(world):
    deployment = world.deployment()
    db.session.commit()

    with pytest.raises(Forbidden):
        locks.lock(world.vera, deployment)
    with pytest.raises(Invalid):
        locks.lock(world.dave, deployment, "x" * 501)


def test_a_lock_sends_back_a_ready_run_nobody_has_claimed_and_its_end_lets_it_go_on(world):
    deployment = world.deployment()
    run = factories.run(deployment, type=RunType.APPLY, state=RunState.READY)
    db.session.add(DeploymentLock(deployment_id=deployment.id, run_id=run.id))
    db.session.commit()

    locks.lock(world.dave, deployment)
    locked = db.session.get(Run, run.id, populate_existing=True).state
    locks.unlock(world.dave, deployment)

    assert locked is RunState.QUEUED
    assert db.session.get(Run, run.id, populate_existing=True).state is RunState.READY


def test_only_an_owner_opens_another_persons_lock_and_only_by_force(world):
    deployment = world.deployment()
    db.session.commit()
    locks.lock(world.alice, deployment)

    with pytest.raises(Forbidden):
        locks.unlock(world.dave, deployment, force=True)
    with pytest.raises(Conflict, match="say force"):
        locks.unlock(world.ada, deployment)
    locks.unlock(world.ada, deployment, force=True)

    assert db.session.query(ManualLock).count() == 0
    with pytest.raises(Conflict, match="Nobody"):
        locks.unlock(world.ada, deployment)


def test_the_grid_tells_last_active_and_applied_runs_apart(world):
    deployment = world.deployment()
    applied = factories.run(deployment, type=RunType.APPLY, state=RunState.FINISHED)
    active = factories.run(deployment, type=RunType.APPLY, state=RunState.UNCONFIRMED)
    factories.run(deployment, state=RunState.PLANNING)
    last = factories.run(deployment, state=RunState.FAILED)
    deployment.applied_run_id = applied.id
    db.session.commit()

    (line,) = deployments.of_stack(world.vera, world.stack).items

    assert line.applied_run.id == applied.id
    assert line.active_run.id == active.id
    assert line.last_run.id == last.id


def test_the_grid_takes_one_query_however_many_rows(world):
    ada = world.ada
    with queries.counted() as few:
        deployments.of_stack(ada, world.stack)
    for number in range(15):
        deployment = factories.deployment(world.stack, factories.workspace(f"w{number:02}"))
        factories.run(deployment, state=RunState.PLANNING)
    db.session.commit()

    with queries.counted() as many:
        assert len(deployments.of_stack(ada, world.stack).items) == 15

    assert many.count == few.count == 1


def test_the_active_run_is_found_by_the_index_of_active_runs(app, world, database_kind):
    if database_kind != "sqlite":
        pytest.skip("the plan's words are SQLite's")
    from models import places  # noqa: PLC0415 - only this test looks at a plan

    text = str(places.deployments().compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = db.session.execute(db.text(f"EXPLAIN QUERY PLAN {text}")).all()

    assert any("ix_run_active" in row[3] for row in plan), "\n".join(row[3] for row in plan)


def test_resources_are_listed_with_the_runs_that_made_them(world):
    deployment = world.deployment()
    run = factories.run(deployment, type=RunType.APPLY, state=RunState.FINISHED)
    for name in ("b", "a", "c_100%"):
        db.session.add(
            Resource(deployment_id=deployment.id, address=f"x.{name}", type="x", made_run_id=run.id)
        )
    db.session.commit()

    first = deployments.resources(world.vera, deployment, limit=2)
    rest = deployments.resources(world.vera, deployment, limit=2, after=first.next)
    found = deployments.resources(world.vera, deployment, wanted=ResourceFilter("0%"))

    assert [line.resource.address for line in first.items] == ["x.a", "x.b"]
    assert [line.resource.address for line in rest.items] == ["x.c_100%"]
    assert [line.resource.address for line in found.items] == ["x.c_100%"]
    assert first.items[0].made_run.id == run.id


def test_resources_are_counted_and_narrowed_by_type_and_module(world):
    deployment = world.deployment()
    for address, kind, module in (
        ("module.front.vm.a", "vm", "module.front"),
        ("module.front.vm.b", "vm", "module.front"),
        ("net.main", "net", ""),
    ):
        db.session.add(
            Resource(deployment_id=deployment.id, address=address, type=kind, module=module)
        )
    db.session.commit()

    def addresses(**wanted):
        page = deployments.resources(world.vera, deployment, wanted=ResourceFilter(**wanted))
        return [line.resource.address for line in page.items]

    assert deployments.resource_groups(world.vera, deployment) == ResourceGroups(
        [("vm", 2), ("net", 1)], [("module.front", 2), ("root", 1)]
    )
    assert addresses(type="vm") == ["module.front.vm.a", "module.front.vm.b"]
    assert addresses(type="vm", words=".b") == ["module.front.vm.b"]
    assert addresses(module="root") == ["net.main"]
    assert addresses(type="net", module="module.front") == []


def test_a_sensitive_output_is_named_and_not_shown(world):
    deployment = world.deployment()
    run = factories.run(deployment, type=RunType.APPLY, state=RunState.FINISHED)
    deployment.outputs_run_id = run.id
    db.session.add(RunOutput(run_id=run.id, name="url", value="https://x.example", sensitive=False))
    db.session.add(RunOutput(run_id=run.id, name="key", ciphertext=b"sealed", sensitive=True))
    db.session.commit()

    key, url = deployments.outputs(world.vera, deployment)

    assert (key.name, key.value, key.sensitive) == ("key", None, True)
    assert url.value == "https://x.example"


def test_a_member_who_loses_a_role_loses_sight_at_once(world):
    members.remove(world.alice, world.staging, world.people["dave"].id)

    with pytest.raises(NotFound):
        deployments.at(world.dave, "shop", "web", "staging")
    assert deployments.at(world.dave, "shop", "web", "prod")


def test_the_last_owner_stays_unless_an_administrator_says_otherwise(world):
    alice = world.people["alice"].id

    with pytest.raises(Forbidden, match="Somebody has to stay owner"):
        members.put(world.alice, world.project, alice, "viewer")
    members.put(world.ada, world.project, alice, "viewer")

    roles = {line.email: line.role for line in members.of(world.ada, world.project)}
    assert roles["alice@example.com"] is Role.VIEWER


def test_members_are_found_by_address_in_any_case_and_stand_once(world):
    members.put(world.alice, world.project, " SAM@example.com ", "deployer")
    members.put(world.alice, world.project, "sam@example.com", "viewer")

    emails = [line.email for line in members.of(world.alice, world.project)]
    assert emails.count("sam@example.com") == 1
    with pytest.raises(Invalid, match="twice"):
        members.replace(
            world.ada,
            world.project,
            [
                {"user": "sam@example.com", "role": "owner"},
                {"user": "SAM@example.com", "role": "viewer"},
            ],
        )


def test_only_owners_change_members(world):
    for name in ("dave", "vera"):
        with pytest.raises(Forbidden):
            members.replace(world.actor(name), world.project, [])
    with pytest.raises(NotFound):
        members.of(world.sam, world.project)
    assert db.session.scalar(select(func.count()).select_from(Deployment)) == 0
