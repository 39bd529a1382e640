"""Each check of the doctor, against the harm it is there to find."""

import datetime as dt
import hashlib
import io
import tarfile

import pytest
from sqlalchemy import delete, insert, text, update

from lib import clock
from lib.crypto import Key, Keyring
from models.base import db
from models.blob import Blob
from models.project import Deployment, DeploymentLock
from models.run import Run
from models.run_content import Plan, PlanUse, StateVersion
from models.run_state import RunState as S
from services import blobs, doctor, first_start, hold, house, workers
from services.transaction import transaction
from tests.services.runs.workshop import ask, claim, hire, planned


@pytest.fixture
def furnished(world):
    first_start._check_key()  # noqa: SLF001 - what a start does
    return world


def long_ago():
    return clock.now() - dt.timedelta(minutes=5)


def harm(*statements):
    """Change rows behind the portal's back."""
    with transaction() as here:
        for statement in statements:
            here.execute(statement)


def finding(name):
    db.session.rollback()
    db.session.expire_all()
    return {found.name: found for found in doctor.examine()}[name]


def not_well():
    db.session.rollback()
    db.session.expire_all()
    return {found.name for found in doctor.examine() if not found.is_well}


def bundle(content):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:") as tar:
        member = tarfile.TarInfo("plan")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def unconfirmed(furnished):
    """A run that waits with a plan that is whole."""
    run = ask(furnished.dave)
    planned(claim(hire()))
    with transaction():
        blob = blobs.put("plan", bundle(b"the plan"))
    digest = hashlib.sha256(b"the plan").hexdigest()
    harm(update(Plan).where(Plan.run_id == run.id).values(blob_id=blob.id, sha256=digest))
    return run


@pytest.fixture
def with_state(furnished):
    """A deployment with a current state."""
    place = furnished.deployment()
    content = b'{"serial": 1}'
    with transaction() as here:
        version = StateVersion(
            deployment_id=place.id,
            blob_id=blobs.put("state", content).id,
            serial=1,
            lineage="l",
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            resource_count=0,
        )
        here.add(version)
        here.flush()
        place.current_state_id = version.id
    return version


def test_all_is_well_in_a_portal_at_work(furnished, unconfirmed, with_state):
    ask(furnished.dave)
    ask(furnished.dave, "preview")
    claim(hire())

    assert not_well() == set()


def test_an_ended_run_that_holds_a_slot_is_named(furnished):
    run = ask(furnished.dave, "preview")
    harm(update(Run).where(Run.id == run.id).values(state=S.FAILED, worker_id="w"))

    found = finding("ended runs")

    assert (found.is_well, found.text) == (False, "shop #1 (failed) still hold a lock or a slot.")
    assert found.mend


def test_an_ended_run_that_holds_the_lock_is_named(furnished):
    run = ask(furnished.dave)
    harm(update(Run).where(Run.id == run.id).values(state=S.FINISHED))

    assert not_well() == {"ended runs", "locks"}


def test_two_runs_that_may_change_one_deployment_are_named(furnished):
    _, second = ask(furnished.dave), ask(furnished.dave)
    harm(update(Run).where(Run.id == second.id).values(state=S.READY))

    assert "shop/web/staging (2)" in finding("one at a time").text
    assert "shop #2" in finding("locks").text


def test_a_change_without_its_lock_is_named(furnished):
    run = ask(furnished.dave)
    harm(delete(DeploymentLock).where(DeploymentLock.run_id == run.id))

    assert "shop #1 (ready)" in finding("locks").text


def test_a_run_whose_worker_is_gone_is_named(furnished):
    run = ask(furnished.dave)
    claim(hire())
    harm(update(Run).where(Run.id == run.id).values(lease_until=clock.now() - 2 * _LEASE))

    found = finding("owners")

    assert "shop #1 (preparing)" in found.text
    assert "adopts" in found.mend


@pytest.mark.parametrize("loss", ["no plan", "no bundle", "damaged", "another plan"])
def test_a_plan_that_is_lost_is_named(loss, unconfirmed):
    mine = Plan.run_id == unconfirmed.id
    [blob_id] = db.session.scalars(db.select(Plan.blob_id).where(mine))
    harm(
        {
            "no plan": delete(Plan).where(mine),
            "no bundle": update(Plan).where(mine).values(blob_id=None),
            "damaged": update(Blob).where(Blob.id == blob_id).values(data=b"x" * 99),
            "another plan": update(Plan).where(mine).values(sha256="ab" * 32),
        }[loss]
    )

    assert "shop #1 (unconfirmed)" in finding("plans").text


def test_a_run_with_two_used_plans_is_named(unconfirmed):
    rows = [
        {"plan_id": name, "sha256": "", "run_id": unconfirmed.id, "epoch": 1, "at": clock.now()}
        for name in ("one", "two")
    ]
    harm(insert(PlanUse).values(rows))

    assert not finding("plan uses").is_well


@pytest.mark.parametrize("loss", ["gone", "damaged", "another"])
def test_a_state_that_does_not_open_is_named(loss, with_state):
    blob = Blob.id == with_state.blob_id
    harm(
        {
            "gone": update(Deployment).values(current_state_id="nothing"),
            "damaged": update(Blob).where(blob).values(data=b"x" * 99),
            "another": update(StateVersion).values(sha256="ab" * 32),
        }[loss]
    )

    assert "shop/web/staging" in finding("states").text


def test_a_wrong_key_is_named(furnished):
    found = house.house()
    house.move_in(_with_key(found, "x" * 40))
    try:
        assert "not the one" in finding("key").text
    finally:
        house.move_in(found)


def test_too_little_disk_is_named(furnished):
    found = house.house()
    house.move_in(_with(found, disk_floor_bytes=1 << 62))
    try:
        assert not_well() == {"disk"}
    finally:
        house.move_in(found)


def test_a_database_at_another_head_is_named_and_nothing_else_asked(furnished):
    harm(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        names = [found.name for found in doctor.examine()]
        assert not finding("migrations").is_well
        assert names == ["database", "migrations", "disk"]
    finally:
        from services import schema  # noqa: PLC0415 - loaded only when it is needed

        # No input of anybody.
        harm(text(f"UPDATE alembic_version SET version_num = '{schema.head()}'"))  # noqa: S608


def test_a_hold_is_said_and_no_fault(furnished):
    hold.begin(furnished.ada, "It was restored.")

    found = finding("hold")

    assert (found.is_well, found.text) == (True, "On hold, nothing runs: It was restored.")


def test_many_are_counted_and_a_few_named(furnished):
    for _ in range(7):
        ask(furnished.dave, "preview")
    harm(update(Run).values(state=S.FAILED, worker_id="w"))

    assert "and 2 more" in finding("ended runs").text


def _with_key(found, text):
    return _with(found, keyring=Keyring(Key.from_text(text)))


def _with(found, **changes):
    from dataclasses import replace  # noqa: PLC0415 - loaded only when it is needed

    return replace(found, **changes)


_LEASE = dt.timedelta(seconds=30)


def test_a_run_that_is_queued_for_nothing_is_named(furnished):
    ask(furnished.dave)
    waiting = ask(furnished.dave)
    assert finding("queues").is_well

    harm(delete(DeploymentLock), update(Run).values(state_since=long_ago()))

    found = finding("queues")
    assert not found.is_well
    assert f"#{waiting.number} (queued)" in found.text
    assert "Start a portal" in found.mend


def test_runs_that_wait_for_a_worker_are_named_when_there_is_none(furnished):
    run, worker = ask(furnished.dave), hire()
    harm(update(Run).values(state_since=long_ago()))
    assert finding("workers").is_well

    workers.sign_off(worker)

    found = finding("workers")
    assert not found.is_well
    assert f"#{run.number} (ready)" in found.text
