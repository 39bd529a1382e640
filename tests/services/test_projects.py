"""Projects, workspaces and stacks: made, seen, changed and deleted by who may."""

import threading

import pytest

from models.audit import AuditEvent
from models.base import db
from models.blob import Blob
from models.member import Member, Role
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_state import RunState, RunType
from services import access, house, projects, removal, stacks, workspaces
from services.access import SYSTEM
from services.edits import ChangedMeanwhile
from services.errors import Conflict, Forbidden, Invalid, NotFound
from tests import factories
from tests.services import queries

NOUNS = [projects, workspaces]


@pytest.fixture
def anyone_creates(app):
    kept = house.house()
    house.move_in(type(kept)(**{**vars(kept), "anyone_creates": True}))
    yield
    house.move_in(kept)


@pytest.mark.parametrize("noun", NOUNS)
def test_only_administrators_create_unless_the_setting_says_so(world, noun):
    with pytest.raises(Forbidden):
        noun.create(world.alice, name="mine")

    assert noun.create(world.ada, name="mine").name == "mine"
    assert db.session.query(Member).filter_by(user_id=world.people["ada"].id).count() == 0


@pytest.mark.parametrize("noun", NOUNS)
def test_who_creates_becomes_owner(world, anyone_creates, noun):
    made = noun.create(world.sam, name="mine")

    assert access.role_on(world.sam, made) is Role.OWNER
    assert noun.get(world.sam, "mine").id == made.id


@pytest.mark.parametrize("noun", NOUNS)
def test_a_name_is_taken_once(world, noun):
    noun.create(world.ada, name="mine")

    with pytest.raises(Conflict, match="already"):
        noun.create(world.ada, name="mine")


def test_every_problem_is_told_at_once(world):
    with pytest.raises(Invalid) as refused:
        projects.create(world.ada, name="Not A Slug", title="x" * 121, description="a\x00b")

    assert sorted(refused.value.fields) == ["description", "name", "title"]


def test_one_sees_what_one_is_a_member_of(world):
    factories.project("hidden")
    db.session.commit()

    def seen(actor):
        return [line.project.name for line in projects.visible(actor).items]

    assert seen(world.ada) == ["hidden", "shop"]
    assert seen(world.vera) == ["shop"]
    assert seen(world.sam) == []
    with pytest.raises(NotFound):
        projects.get(world.vera, "hidden")


def test_lists_are_narrowed_by_words_and_paged_by_name(world):
    for name in ("b100%", "b1", "b2"):
        factories.project(name.replace("%", ""), title=name)
    db.session.commit()

    first = projects.visible(world.ada, limit=2)
    second = projects.visible(world.ada, limit=2, after=first.next)
    found = projects.visible(world.ada, words="100%")

    assert [line.project.name for line in first.items] == ["b1", "b100"]
    assert [line.project.name for line in second.items] == ["b2", "shop"]
    assert second.next is None
    assert [line.project.title for line in found.items] == ["b100%"]


def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(world):
    with queries.counted() as few:
        projects.visible(world.ada)
        stacks.of_project(world.ada, world.project)
    for number in range(20):
        factories.stack(factories.project(f"p{number:02}"), "web")
        factories.stack(world.project, f"s{number:02}")
    db.session.commit()

    with queries.counted() as many:
        assert len(projects.visible(world.ada).items) == 21
        assert len(stacks.of_project(world.ada, world.project).items) == 22

    assert many.count == few.count


def test_a_change_made_meanwhile_is_told_and_not_overwritten(world):
    projects.edit(world.alice, world.project, {"title": "Shop"}, version=1)

    with pytest.raises(ChangedMeanwhile) as refused:
        projects.edit(world.ada, world.project, {"title": "Store"}, version=1)

    assert refused.value.now == {"title": "Shop"}
    assert "title is now “Shop”" in refused.value.text
    assert db.session.get(Project, world.project.id).title == "Shop"


def test_an_edit_is_audited_with_what_changed_and_nothing_else(world):
    projects.edit(world.alice, world.project, {"title": "Shop", "description": ""})
    projects.edit(world.alice, world.project, {"title": "Shop"})

    (row,) = db.session.query(AuditEvent).all()
    assert (row.action, row.before, row.after) == (
        "project.edit",
        {"title": ""},
        {"title": "Shop"},
    )


@pytest.mark.parametrize("name", ["dave", "vera"])
def test_who_is_no_owner_changes_no_settings(world, name):
    actor = world.actor(name)

    for refused in (
        lambda: projects.edit(actor, world.project, {"title": "x"}),
        lambda: workspaces.edit(actor, world.staging, {"protected": True}),
        lambda: stacks.edit(actor, world.stack, {"title": "x"}),
        lambda: stacks.create(actor, world.project, name="db"),
        lambda: projects.delete(actor, world.project, confirm="shop"),
        lambda: removal.toll(actor, world.project),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_names_never_change(world):
    for noun, thing in (
        (projects, world.project),
        (workspaces, world.staging),
        (stacks, world.stack),
    ):
        with pytest.raises(Invalid, match="never changes"):
            noun.edit(world.ada, thing, {"name": "other"})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("engine", "pulumi"),
        ("cancel_grace_s", -1),
        ("max_duration_s", True),
        ("max_duration_s", 10**9),
        ("plan_expires_s", 1),
        ("published", "yes"),
        ("colour", "red"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(world, setting, value):
    with pytest.raises(Invalid) as refused:
        stacks.edit(world.alice, world.stack, {setting: value})

    assert list(refused.value.fields) == [setting]


def test_a_deletion_wants_the_name_typed(world):
    for typed in ("", "Shop", "shop "):
        with pytest.raises(Invalid, match="Type the name"):
            projects.delete(world.alice, world.project, confirm=typed)

    assert db.session.get(Project, world.project.id) is not None


def test_a_deletion_is_refused_while_resources_remain_unless_abandoned(world):
    deployment = world.deployment()
    deployment.resource_count = 3
    db.session.commit()

    with pytest.raises(Conflict, match="3 resources remain"):
        stacks.delete(world.alice, world.stack, confirm="web")
    stacks.delete(world.alice, world.stack, confirm="web", abandon_resources=True)

    assert db.session.query(Deployment).count() == 0
    row = db.session.query(AuditEvent).filter_by(action="stack.delete").one()
    assert row.before["abandoned_resources"] == 3


def test_a_workspaces_toll_names_only_what_one_sees(world):
    other = factories.deployment(factories.stack(factories.project("hidden"), "x"), world.staging)
    for deployment in (other, world.deployment()):
        deployment.resource_count = 2
    db.session.commit()

    toll = removal.toll(world.alice, world.staging)

    assert (toll.deployments, toll.resources, toll.hidden) == (2, 4, 1)
    assert [left.name for left in toll.left] == ["shop / web / staging"]


def test_a_deletion_discards_what_waits_and_takes_everything_along(world):
    factories.run(world.deployment(), type=RunType.APPLY, state=RunState.UNCONFIRMED)
    db.session.commit()

    projects.delete(world.alice, world.project, confirm="shop")

    for table in (Project, Stack, Deployment, Run, Blob):
        assert db.session.query(table).count() == 0
    assert db.session.query(Workspace).count() == 2


def test_a_deletion_kills_what_works_and_waits_for_its_end(world):
    run = factories.run(world.deployment(), type=RunType.APPLY, state=RunState.APPLYING)
    run.worker_id = "w"
    db.session.commit()

    with pytest.raises(Conflict, match="Still being stopped: shop#1"):
        removal.remove(world.alice, world.staging, confirm="staging", patience_s=0.05)

    kept = db.session.get(Run, run.id, populate_existing=True)
    assert kept.force_requested_at is not None
    assert db.session.get(Workspace, world.staging.id) is not None


def test_a_deletion_goes_on_once_the_killed_run_has_ended(app, world):
    run = factories.run(world.deployment(), type=RunType.APPLY, state=RunState.APPLYING)
    run.worker_id = "w"
    db.session.commit()
    run_id = run.id

    def worker():
        with app.app_context():
            for _ in range(100):
                found = db.session.get(Run, run_id, populate_existing=True)
                db.session.commit()
                if found.force_requested_at is not None:
                    break
            from services.runs import moves  # noqa: PLC0415 - only this thread needs it
            from services.transaction import transaction  # noqa: PLC0415 - as above

            with transaction():
                moves.move(moves.for_update(run_id), RunState.CANCELED, SYSTEM.mark("killed"))

    thread = threading.Timer(0.1, worker)
    thread.start()
    removal.remove(world.alice, world.staging, confirm="staging", patience_s=10)
    thread.join()

    assert db.session.get(Workspace, world.staging.id) is None
