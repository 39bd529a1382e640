"""What people do with states: look, compare, download, import, roll back, and who may."""

import json

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.run_content import Resource
from services import locks, runs, states
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.transaction import session
from tests.services.runs.workshop import ask, claim, hire, now, planned
from tests.services.states.shelf import LINEAGE, applied, applying, content, fresh, lost


def audited():
    return [row.action for row in session().scalars(select(AuditEvent).order_by(AuditEvent.id))]


@pytest.fixture
def deployment(world):
    """A deployment with the states 1 (one) and 2 (one, two)."""
    applied(world, 1)
    applied(world, 2, things=("one", "two"))
    return fresh(world.deployment())


def test_versions_are_listed_newest_first_and_paged(world, deployment):
    first = states.listed(world.vera, deployment, limit=1)
    rest = states.listed(world.vera, deployment, after=first.next)

    assert [line.version.serial for line in (*first.items, *rest.items)] == [2, 1]
    assert [line.is_current for line in (*first.items, *rest.items)] == [True, False]
    assert first.items[0].run.number == 2
    assert rest.next is None


def test_a_version_is_found_by_serial_and_by_id(world, deployment):
    line = states.find(world.vera, deployment, "1")

    assert states.find(world.vera, deployment, line.version.id).version is line.version
    for name in ("3", "nonsense", "9" * 30, "-1", "²"):
        with pytest.raises(NotFound):
            states.find(world.vera, deployment, name)


def test_strangers_see_no_version(world, deployment):
    with pytest.raises(NotFound):
        states.listed(world.sam, deployment)


def test_only_an_owner_downloads_and_it_is_audited(world, deployment):
    _, found = states.download(world.alice, deployment, "1")

    assert found == content(1)
    assert audited()[-1] == "state.download"
    for actor in (world.dave, world.vera):
        with pytest.raises(Forbidden):
            states.download(actor, deployment, "1")


def test_a_rollback_is_a_new_version_with_a_higher_serial_of_the_same_lineage(world, deployment):
    version = states.rollback(world.alice, deployment, "1", "the second was a mistake")

    deployment = fresh(deployment)
    assert deployment.current_state_id == version.id
    assert (version.serial, version.lineage, version.kind) == (3, LINEAGE, "rollback")
    held = json.loads(states.content(deployment.id))
    assert [resource["name"] for resource in held["resources"]] == ["one"]
    assert [row.address for row in session().scalars(select(Resource))] == ["terraform_data.one"]
    assert deployment.resource_count == 1
    assert audited()[-1] == "state.rollback"


def test_a_rollback_makes_a_waiting_plan_outdated(world, deployment):
    run = ask(world.dave)
    planned(claim(hire()))
    locks.lock(world.alice, deployment, "rolling back")

    states.rollback(world.alice, deployment, "1")

    assert runs.is_outdated(now(run), fresh(deployment))


@pytest.mark.parametrize("name", ["2", "7"])
def test_a_rollback_to_the_current_version_or_to_none_is_refused(world, deployment, name):
    with pytest.raises((Conflict, NotFound)):
        states.rollback(world.alice, deployment, name)


def test_only_an_owner_rolls_back_or_imports(world, deployment):
    for actor in (world.dave, world.vera):
        with pytest.raises(Forbidden):
            states.rollback(actor, deployment, "1")
        with pytest.raises(Forbidden):
            states.bring(actor, deployment, content(9))


def test_nothing_is_rolled_back_while_a_run_is_at_work(world, deployment):
    applying(world)
    locks.lock(world.alice, deployment)

    with pytest.raises(Conflict, match="at work"):
        states.rollback(world.alice, deployment, "1")


def test_nothing_is_rolled_back_while_a_run_could_start_unless_locked_by_hand(world, deployment):
    ask(world.dave)

    with pytest.raises(Conflict, match="Lock the deployment"):
        states.rollback(world.alice, deployment, "1")
    locks.lock(world.alice, deployment)

    assert states.rollback(world.alice, deployment, "1").serial == 3


def test_an_import_follows_the_current_state(world, deployment):
    version, is_new = states.bring(world.alice, deployment, content(5, things=("three",)))

    assert is_new
    assert (version.kind, version.serial) == ("import", 5)
    assert fresh(deployment).current_state_id == version.id
    assert audited()[-1] == "state.import"


def test_the_same_bytes_imported_again_make_no_version(world, deployment):
    version, is_new = states.bring(world.alice, deployment, content(2, things=("one", "two")))

    assert not is_new
    assert version.id == deployment.current_state_id


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (content(1, things=("x",)), "serial"),
        (content(2, things=("x",)), "serial"),
        (content(9, lineage="another"), "lineage"),
    ],
)
def test_an_import_that_does_not_follow_is_refused(world, deployment, given, words):
    with pytest.raises(Conflict, match=words):
        states.bring(world.alice, deployment, given)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"  \n",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"version": 3}',
        b'{"version":4,"serial":"1","lineage":"x"}',
        b'{"version":4,"serial":-1,"lineage":"x"}',
        b'{"version":4,"serial":1,"lineage":""}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_state_is_refused_with_a_sentence(world, given):
    with pytest.raises(Invalid) as refusal:
        states.bring(world.alice, world.deployment(), given)

    assert refusal.value.fields["file"].endswith(".")


def test_a_first_state_may_have_any_lineage_and_serial(world):
    version, _ = states.bring(world.alice, world.deployment(), content(41, lineage="theirs"))

    assert (version.serial, version.lineage) == (41, "theirs")


def test_a_state_may_be_imported_where_the_deployment_is_blocked(world):
    lost(world)

    states.bring(world.alice, world.deployment(), content(1))

    assert fresh(world.deployment()).blocked_at is not None, "a person still settles it"


def test_comparing_shows_what_differs_and_nothing_that_is_secret(world):
    applied(world, 1, input="a", token="tok-123456", hidden="h-one-h-one", hide=("hidden",))
    applied(
        world,
        2,
        things=("one", "two"),
        input="b",
        token="tok-654321",
        hidden="h-two-h-two",
        outputs={"key": {"value": "out-secret", "type": "string", "sensitive": True}},
    )

    found = states.compare(world.dave, world.deployment(), "1", "2")

    assert found.counts == {"create": 1, "update": 1, "delete": 0}
    change = found.changes[0]
    assert (change["address"], change["action"]) == ("terraform_data.one", "update")
    assert (change["before"]["input"], change["after"]["input"]) == ("a", "b")
    assert ["token"] in change["sensitive_changed"]
    said = json.dumps([found.changes, found.outputs])
    assert not any(word in said for word in ("tok-", "h-one", "h-two", "out-secret"))


def test_viewers_compare_nothing(world, deployment):
    with pytest.raises(Forbidden):
        states.compare(world.vera, deployment, "1", "2")


def test_the_outputs_of_an_imported_state_are_the_deployment_s(world, deployment):
    outputs = {
        "url": {"value": "https://x", "type": "string"},
        "key": {"value": "k-k-k-k-k-k", "type": "string", "sensitive": True},
    }
    states.bring(world.alice, deployment, content(9, outputs=outputs))

    found = states.outputs(world.vera, fresh(deployment))

    assert [(row.name, row.value) for row in found] == [("key", None), ("url", "https://x")]


def test_a_rollback_brings_back_the_outputs_of_its_run(world):
    applied(world, 1, outputs={"url": {"value": "https://one", "type": "string"}})
    applied(world, 2, outputs={"url": {"value": "https://two", "type": "string"}})

    states.rollback(world.alice, world.deployment(), "1")

    assert [row.value for row in states.outputs(world.vera, fresh(world.deployment()))] == [
        "https://one"
    ]
