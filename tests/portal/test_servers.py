"""A provider's resources through the portal: drift, replacement, failure, time, secrets."""

import datetime as dt
import json

import pytest
from sqlalchemy import select

from lib import clock
from models.base import db
from models.project import Deployment
from models.run import Run
from models.run_state import RunType
from models.schedule import Purpose
from services import drift, schedules, ttl
from services.access import SYSTEM, person
from services.runs import NewRun
from services.schedules import NewSchedule
from services.transaction import transaction
from tests import factories
from tests.provider.fixtures import PYTHON, lay_into
from tests.scheduler.waiting import eventually

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("portal-servers")]

NOTHING = dict.fromkeys("add change destroy replace import move forget outputs".split(), 0)


@pytest.fixture(scope="module")
def store(module_portal):
    """The provider `demo`, laid into the portal's store as an administrator does it."""
    if not PYTHON.exists():
        pytest.skip("the provider has no environment: make provider-venv")
    return lay_into(module_portal.data_dir / "providers")


@pytest.fixture
def cloud(tmp_path):
    return tmp_path / "cloud"


@pytest.fixture
def servers(portal, store, cloud):
    """A stack of servers; its cloud is the test's own."""
    stack = portal.stack("servers")
    portal.set_variable(stack, "root", str(cloud))
    return stack


def counts(run):
    return {name: count for name, count in run.changes.items() if count}


def test_servers_are_made_replaced_and_destroyed(portal, servers, cloud):
    made = portal.applied(servers)
    replaced = portal.run(servers, variables={"image": "debian-13"})
    portal.confirmed(replaced)
    gone = portal.run(servers, "destroy", auto_apply=True)

    assert counts(made) == {"add": 2, "outputs": 1}
    assert portal.outputs(made)["ip"].startswith("10.0.0.")
    web = portal.changes(replaced)["demo_server.web"]
    assert (web["action"], web["replace_paths"]) == ("replace", [["image"]])
    assert ["ip"] in web["unknown"]
    assert gone.state == "finished"
    assert not (cloud / "greeting.txt").exists()
    assert list((cloud / "servers").iterdir()) == []


def test_drift_is_in_the_change_document(portal, servers, cloud):
    portal.applied(servers)
    (cloud / "greeting.txt").write_text("changed by hand\n")

    run = portal.run(servers, "preview")

    from services.runs import change_pages  # noqa: PLC0415 - for this test alone

    drift = change_pages.document(run)["drift"]
    assert [(each["address"], each["action"]) for each in drift] == [
        ("demo_file.greeting", "update")
    ]
    assert counts(run) == {"change": 1}


def test_drift_is_found_by_a_check_and_put_right_by_an_apply(portal, servers, cloud):
    portal.applied(servers)
    (cloud / "greeting.txt").write_text("changed by hand\n")

    check = portal.settled(drift.check_now(SYSTEM, portal.deployment(servers)))
    found = drift.of(SYSTEM, portal.deployment(servers)).verdict
    items, drifted = found.items, found.drifted
    portal.applied(servers)
    portal.settled(drift.check_now(SYSTEM, portal.deployment(servers)))
    after = drift.of(SYSTEM, portal.deployment(servers)).verdict

    assert (check.state, check.refresh_only) == ("finished", True)
    assert check.changes == NOTHING | {"drift": 1}
    assert drifted
    assert [(each["address"], each["action"]) for each in items] == [
        ("demo_file.greeting", "update")
    ]
    assert items[0]["attributes"]
    assert (after.drifted, after.items) == (False, [])


def test_a_quota_that_is_exceeded_is_said_with_its_address(portal, servers):
    run = portal.run(servers, auto_apply=True, variables={"fail": True})

    assert (run.state, run.error_kind) == ("failed", "engine")
    assert run.error_text == "quota exceeded (demo_server.web, main.tf line 46)."
    assert portal.resources(servers).keys() == {"demo_file.greeting"}


def test_what_a_provider_keeps_secret_is_in_no_row_and_no_file(portal, servers, cloud):
    secret = "pa55-of-a-server"
    portal.set_variable(servers, "password", secret, secret=True)

    made = portal.applied(servers)
    [server] = (cloud / "servers").iterdir()
    token = json.loads(server.read_text())["token"]
    changed = portal.applied(servers, variables={"image": "debian-13"})
    destroyed = portal.run(servers, "destroy", auto_apply=True)

    assert {run.state for run in (made, changed, destroyed)} == {"finished"}
    assert portal.traces_of(secret) == []
    assert portal.traces_of(token) == []


def test_cancelling_while_a_server_is_made_keeps_the_server(portal, servers):
    from services import runs  # noqa: PLC0415 - for this test alone
    from services.access import SYSTEM  # noqa: PLC0415 - loaded only when it is needed

    run = portal.create(servers, auto_apply=True, variables={"delay": 1})
    portal.until_logged(run, "demo_server.web: Creating")

    runs.cancel(SYSTEM, run.id)
    stopped = portal.settled(run)

    assert stopped.state == "stopped"
    assert "demo_server.web" in portal.resources(servers)
    assert portal.deployment(servers).blocked_at is None


def soon():
    """A planned time that comes while the test waits for it."""
    return (clock.now() + dt.timedelta(seconds=1)).isoformat()


def run_by(trigger, place):
    """The run that a trigger of this kind has started there, or None."""
    db.session.rollback()
    wanted = (Run.deployment_id == place.id) & (Run.trigger_kind == trigger)
    return db.session.scalars(select(Run).where(wanted)).first()


def is_gone(place_id):
    db.session.rollback()
    return db.session.scalars(select(Deployment.id).where(Deployment.id == place_id)).all() == []


FILE = """
terraform {
  required_providers {
    demo = { source = "gantry/demo" }
  }
}

provider "demo" {
  root = "%s"
}

resource "demo_file" "greeting" {
  filename = "greeting.txt"
  content  = "hello\\n"
}
"""


@pytest.mark.usefixtures("store")
def test_what_a_planned_check_finds_is_put_right_and_at_its_date_all_is_destroyed(portal, cloud):
    stack = portal.stack({"main.tf": FILE % cloud}, published=True, auto_apply=True)
    portal.applied(stack)
    place = portal.deployment(stack)
    with transaction():
        owner = person(factories.user("olga", is_admin=True))
    (cloud / "greeting.txt").write_text("changed by hand\n")
    wanted = NewRun(
        project="shop", stack=stack, workspace="staging", type=RunType.PREVIEW, drift=True
    )
    planned = NewSchedule(
        name="drift check",
        request=wanted,
        when={"at": soon()},
        what_if={},
        purpose=Purpose.DRIFT,
        extras={"reconcile": True},
    )

    check = schedules.create(owner, planned)

    repair = portal.settled(eventually(lambda: run_by("drift", place), within_s=40))
    found = run_by("schedule", place)
    verdict = drift.of(SYSTEM, place).verdict
    assert (found.trigger_id, found.result) == (check.id, "1 thing has drifted.")
    assert repair.state == "finished", portal.log(repair)
    assert repair.created_by_name.startswith("Olga")
    assert (cloud / "greeting.txt").read_text() == "hello\n"
    assert (verdict.drifted, verdict.note) == (False, f"Put right by run #{repair.number}.")

    place_id = place.id
    ttl.put(owner, place, at=soon(), then="deployment")

    eventually(lambda: is_gone(place_id), within_s=40)
    assert not (cloud / "greeting.txt").exists()
