"""Settling: a person says which state holds, the block ends, the queue goes on."""

import pytest
from sqlalchemy import select

from lib import clock
from models.audit import AuditEvent
from models.run_content import RunOutput, StateVersion
from services import runs, settling, states
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.runs import offers
from services.transaction import session
from tests.services.runs.workshop import ask, claim, hire, now, planned
from tests.services.states.shelf import LINEAGE, applied, content, fresh, lost, state


@pytest.fixture
def doubtful(world):
    """A deployment whose state 1 was followed by a lost run, which left state 2."""
    applied(world, 1)
    run = lost(world)
    states.offer(run.id, state(2, things=("one", "two")))
    return fresh(world.deployment())


def kinds(deployment):
    rows = select(StateVersion).where(StateVersion.deployment_id == deployment.id)
    return [row.kind for row in session().scalars(rows.order_by(StateVersion.id))]


def test_what_there_is_to_decide_is_shown(world, doubtful):
    found = settling.doubt(world.vera, doubtful)

    assert (found.current.serial, [row.serial for row in found.candidates]) == (1, [2])
    assert found.run.number == 2


def test_nothing_is_shown_where_nothing_is_to_be_decided(world):
    applied(world, 1)

    assert settling.doubt(world.vera, world.deployment()) is None


def test_taking_the_candidate_makes_it_current_and_ends_the_block(world, doubtful):
    settling.settle(world.dave, doubtful, "take_candidate", "I looked: both exist")

    deployment = fresh(doubtful)
    assert (deployment.blocked_at, deployment.blocked_reason, deployment.blocked_run_id) == (
        None,
        None,
        None,
    )
    assert kinds(deployment) == ["run", "taken", "settled"]
    assert states.content(deployment.id) == content(2, things=("one", "two"))
    assert deployment.resource_count == 2


def test_keeping_the_current_leaves_it_and_dismisses_the_candidate(world, doubtful):
    before = doubtful.current_state_id

    settling.settle(world.dave, doubtful, "keep_current")

    assert fresh(doubtful).current_state_id == before
    assert kinds(doubtful) == ["run", "dismissed"]


def test_the_queue_goes_on(world, doubtful):
    waiting = ask(world.dave)
    assert now(waiting).state == "queued"

    settling.settle(world.dave, doubtful, "keep_current")

    assert now(waiting).state == "ready"


def test_a_candidate_older_than_the_current_state_is_taken_under_a_higher_serial(world):
    applied(world, 7)
    run = lost(world)
    states.offer(run.id, state(3, things=("other",)))

    settling.settle(world.dave, world.deployment(), "take_candidate")

    version = states.current_version(fresh(world.deployment()))
    assert (version.serial, version.lineage) == (8, LINEAGE)


def test_an_older_candidate_can_be_named(world, doubtful):
    run_id = doubtful.blocked_run_id
    states.offer(run_id, state(3))
    older = settling.doubt(world.dave, doubtful).candidates[-1]

    settling.settle(world.dave, doubtful, "take_candidate", candidate_id=older.id)

    assert states.current_version(fresh(doubtful)).serial == 2


def test_the_outputs_of_a_taken_candidate_are_its_run_s(world):
    run = lost(world)
    outputs = {"url": {"value": "https://x", "type": "string"}}
    states.offer(run.id, state(1, outputs=outputs))

    settling.settle(world.dave, world.deployment(), "take_candidate")

    assert fresh(world.deployment()).outputs_run_id == run.id
    assert [row.value for row in session().scalars(select(RunOutput))] == ["https://x"]


def test_it_is_audited_once_with_decision_and_note(world, doubtful):
    settling.settle(world.dave, doubtful, "keep_current", "nothing was made")

    rows = session().scalars(select(AuditEvent).where(AuditEvent.action == "deployment.settle"))
    row = rows.one()
    assert row.after["decision"] == "keep_current"
    assert row.after["note"] == "nothing was made"
    assert "lost" in row.before["reason"]


def test_refusals(world, doubtful):
    with pytest.raises(Forbidden):
        settling.settle(world.vera, doubtful, "keep_current")
    with pytest.raises(NotFound):
        settling.settle(world.sam, doubtful, "keep_current")
    with pytest.raises(Invalid):
        settling.settle(world.dave, doubtful, "whatever")
    with pytest.raises(Invalid):
        settling.settle(world.dave, doubtful, "keep_current", "x" * 501)
    with pytest.raises(Conflict, match="not offered"):
        settling.settle(world.dave, doubtful, "take_candidate", candidate_id="nonsense")
    assert fresh(doubtful).blocked_at is not None


def test_there_is_nothing_to_settle_twice(world, doubtful):
    settling.settle(world.dave, doubtful, "keep_current")

    with pytest.raises(Conflict, match="nothing to settle"):
        settling.settle(world.dave, doubtful, "keep_current")


def test_without_a_candidate_there_is_none_to_take(world):
    lost(world)

    with pytest.raises(Conflict, match="no candidate"):
        settling.settle(world.dave, world.deployment(), "take_candidate")


def test_where_the_code_declares_a_backend_no_candidate_becomes_the_state(world, doubtful):
    doubtful.backend = "s3"
    session().commit()

    with pytest.raises(Conflict, match="state push"):
        settling.settle(world.dave, doubtful, "take_candidate")


def block(world):
    deployment = world.deployment()
    deployment.blocked_reason, deployment.blocked_at = "A state arrived late.", clock.now()
    session().commit()


def test_a_plan_that_waits_is_not_confirmed_while_a_block_is_on(world):
    run = ask(world.dave)
    planned(claim(hire()))
    block(world)

    with pytest.raises(Conflict, match="blocked"):
        runs.confirm(world.dave, run.id)

    about = offers.around([now(run)])[run.id]
    assert "confirm" not in offers.offered(world.dave, now(run), about)
    settling.settle(world.dave, world.deployment(), "keep_current")
    assert runs.confirm(world.dave, run.id).state == "confirmed"


def test_a_confirmed_plan_that_a_block_overtook_is_dropped(world):
    run = ask(world.dave)
    planned(claim(hire()))
    runs.confirm(world.dave, run.id)
    block(world)

    assert claim(hire(), holds_directory=True) is None

    assert now(run).state == "discarded"
    assert "blocked" in now(run).result


def test_auto_apply_asks_a_person_while_a_block_is_on(world):
    run = ask(world.dave, auto_apply=True)
    held = claim(hire())
    block(world)

    planned(held)

    assert now(run).state == "unconfirmed"
