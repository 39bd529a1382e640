"""States: what is current, what is only a copy, and what waits for a person's decision."""

import datetime as dt
import json

import pytest
from sqlalchemy import func, select

from models.blob import Blob
from models.run_content import StateVersion
from services import blobs, states
from services.runs import work
from services.states import reading
from services.transaction import session
from tests.services.states.shelf import applied, applying, content, fresh, lost, state


def kinds(deployment):
    rows = select(StateVersion).where(StateVersion.deployment_id == deployment.id)
    return [row.kind for row in session().scalars(rows.order_by(StateVersion.id))]


def newest(deployment):
    rows = select(StateVersion).where(StateVersion.deployment_id == deployment.id)
    return session().scalars(rows.order_by(StateVersion.id.desc())).first()


def test_a_run_s_state_is_current_and_kept_encrypted(world):
    applied(world, 3, password="hunter2-hunter2")
    deployment = fresh(world.deployment())

    version = states.current_version(deployment)

    assert (version.serial, version.kind, version.resource_count) == (3, "run", 1)
    assert states.content(deployment.id) == content(3, password="hunter2-hunter2")
    sealed = select(Blob.data).where(Blob.kind == "state")
    assert b"hunter2" not in session().scalars(sealed).one()


def test_a_copy_of_a_run_at_work_is_not_current_and_the_next_takes_its_place(world):
    _, held = applying(world)

    states.keep_progress(held, state(1))
    states.keep_progress(held, state(2, things=("one", "two")))

    deployment = fresh(world.deployment())
    assert deployment.current_state_id is None
    assert kinds(deployment) == ["progress"]
    assert newest(deployment).serial == 2
    assert session().scalar(select(func.count()).select_from(Blob)) == 2, "the plan and one copy"


def test_a_copy_that_equals_the_current_state_is_not_kept(world):
    applied(world, 1)
    _, held = applying(world)

    states.keep_progress(held, state(1))

    assert kinds(world.deployment()) == ["run"]


def test_the_run_s_own_state_replaces_its_copies(world):
    _, held = applying(world)
    states.keep_progress(held, state(1))

    states.keep(held, state(2))

    assert kinds(world.deployment()) == ["run"]


def test_a_lost_run_s_copy_becomes_a_candidate_and_not_current(world):
    run, held = applying(world)
    states.keep_progress(held, state(1))

    work.lose(run.id)

    deployment = fresh(world.deployment())
    assert kinds(deployment) == ["candidate"]
    assert deployment.current_state_id is None
    assert deployment.blocked_run_id == run.id


def test_a_worker_that_lost_its_run_changes_no_state(world):
    run, late = applying(world)
    work.take_over(run.id, "another", dt.timedelta())

    for report in (states.keep, states.keep_progress):
        with pytest.raises(work.Fenced):
            report(late, state(1))

    assert kinds(world.deployment()) == []


def test_a_late_state_of_a_lost_run_is_offered_and_blocks_again_what_was_settled(world):
    run = lost(world)
    deployment = world.deployment()
    deployment.blocked_at = deployment.blocked_reason = deployment.blocked_run_id = None
    session().commit()

    states.offer(run.id, state(1))

    deployment = fresh(deployment)
    assert kinds(deployment) == ["candidate"]
    assert deployment.current_state_id is None
    assert "arrived after" in deployment.blocked_reason


def test_the_same_state_offered_twice_is_one_candidate_and_the_current_one_is_none(world):
    applied(world, 1)
    run = lost(world)

    states.offer(run.id, state(1))
    states.offer(run.id, state(2))
    states.offer(run.id, state(2))

    assert kinds(world.deployment()) == ["run", "candidate"]


def test_a_state_offered_while_its_run_is_in_other_hands_blocks_nothing(world):
    run, late = applying(world)

    states.offer(run.id, state(1))

    assert fresh(world.deployment()).blocked_at is None
    states.keep(late, state(1))
    assert kinds(world.deployment()) == ["run"], "the run itself brought the very same state"


def test_what_is_kept_can_be_read_back_bit_by_bit(world):
    applied(world, 1)

    found = blobs.read(newest(world.deployment()).blob_id)

    assert json.loads(found)["serial"] == 1


def test_an_address_keeps_the_letters_of_its_key_as_terraform_writes_them():
    assert reading.instance_address("a.b", "zürich/1") == 'a.b["zürich/1"]'
    assert reading.instance_address("a.b", 'say "x"') == 'a.b["say \\"x\\""]'
    assert reading.instance_address("a.b", 0) == "a.b[0]"
