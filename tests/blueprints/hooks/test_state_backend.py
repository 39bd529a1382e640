"""The HTTP state protocol, word for word: rule 7 of the contract."""

import base64
import hashlib
import json

import pytest
from sqlalchemy import func, select

from lib import clock
from models.audit import AuditEvent
from models.base import db
from models.project import DeploymentLock
from models.run_content import StateVersion
from services import locks, runs, states, tokens
from services.runs import work
from tests.services.runs.workshop import ask, claim, hire, now, planned
from tests.services.states.shelf import applied, applying, content, fresh, lost, state

URL = "/state/shop/web/staging"


def info(identity="lock-1", who="dave@laptop"):
    return {"ID": identity, "Operation": "OperationTypeApply", "Who": who, "Created": "now"}


def versions():
    return db.session.scalar(select(func.count()).select_from(StateVersion))


def audited():
    rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))
    return [row.action for row in rows if not row.action.startswith(("token.", "run."))]


def lock(caller, identity="lock-1", **kwargs):
    return caller.open(URL, method="LOCK", json=info(identity), **kwargs)


def unlock(caller, identity="lock-1"):
    return caller.open(URL, method="UNLOCK", json=info(identity))


def push(caller, body, identity="lock-1", method="POST", **kwargs):
    return caller.open(f"{URL}?ID={identity}", method=method, data=body, **kwargs)


def basic(world, name, user="whoever"):
    pair = base64.b64encode(f"{user}:{world.token_of(name)}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


# -- Who is there ------------------------------------------------------------------------------


def test_a_token_is_taken_as_password_and_as_bearer(app, world, api, client):
    applied(world, 1)
    db.session.commit()

    assert client.get(URL, headers=basic(world, "alice")).text == content(1).decode()
    assert api("alice").get(URL).data == content(1)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "LOCK", "UNLOCK"])
def test_without_a_good_token_it_is_401_and_says_how(world, client, method):
    for headers in (
        {},
        {"Authorization": "Basic nonsense"},
        {"Authorization": "Basic " + base64.b64encode(b"x:gty_wrong").decode()},
        {"Authorization": "Bearer gty_wrong"},
    ):
        answer = client.open(URL, method=method, headers=headers)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_browser_s_session_is_no_credential(world, browse):
    assert browse("alice").get(URL).status_code == 401


@pytest.mark.parametrize("url", ["/state/shop/web/nowhere", "/state/none/web/staging"])
def test_a_name_that_is_not_known_is_403_and_never_404(world, api, url):
    assert api("alice").get(url).status_code == 403


@pytest.mark.parametrize("url", ["/state/", "/state/shop", "/state/a/b/c/d", f"{URL}/"])
def test_an_address_that_is_none_is_400_and_never_404(world, api, url):
    assert api("alice").get(url).status_code == 400


def test_what_somebody_may_not_see_is_403(world, api):
    applied(world, 1)

    assert api("sam").get(URL).status_code == 403


@pytest.mark.parametrize("name", ["dave", "vera"])
def test_only_owners_read_and_write_states(world, api, name):
    applied(world, 1)

    assert api(name).get(URL).status_code == 403
    assert push(api(name), content(2)).status_code == 403


def test_a_token_with_the_scope_state_reads_states_and_does_nothing_else(world, client):
    applied(world, 1)
    text = tokens.create(world.alice, "laptop", scopes=["state"]).text
    headers = {"Authorization": f"Bearer {text}"}
    place = "/api/v1/projects/shop/stacks/web/workspaces/staging"

    assert client.get(URL, headers=headers).data == content(1)
    assert client.post(f"{place}/lock", headers=headers, json={}).status_code == 404


@pytest.mark.parametrize("scopes", [["read"], ["read", "run"]])
def test_a_token_with_less_reads_no_state(world, client, scopes):
    applied(world, 1)
    text = tokens.create(world.alice, "ci", scopes=scopes).text

    answer = client.get(URL, headers={"Authorization": f"Bearer {text}"})

    assert answer.status_code == 403


# -- Reading -----------------------------------------------------------------------------------


def test_404_means_that_there_never_was_a_state(world, api):
    assert api("alice").get(URL).status_code == 404


def test_a_state_that_is_not_decided_is_409_and_never_404(world, api):
    run, held = applying(world)
    assert api("alice").get(URL).status_code == 409, "its first resources may exist by now"
    states.keep_progress(held, state(1))
    assert api("alice").get(URL).status_code == 409

    work.lose(run.id)

    assert api("alice").get(URL).status_code == 409


# -- Locking -----------------------------------------------------------------------------------


def test_lock_again_with_the_same_id_is_as_once(world, api):
    caller = api("alice")

    assert [lock(caller).status_code for _ in range(2)] == [200, 200]
    assert audited() == ["deployment.client_lock"]


def test_another_lock_is_423_with_the_holder_s_info(world, api):
    lock(api("alice"))

    answer = lock(api("ada"), "lock-2")

    assert answer.status_code == 423
    assert answer.json["ID"] == "lock-1"
    assert answer.json["Who"] == "dave@laptop"
    assert set(answer.json) <= {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}


def test_the_same_by_post_and_delete(world, api):
    caller = api("alice")

    assert caller.post(f"{URL}/lock", json=info()).status_code == 200
    assert caller.post(f"{URL}/lock", json=info("lock-2")).status_code == 423
    assert caller.delete(f"{URL}/lock", json=info()).status_code == 200
    assert db.session.scalars(select(DeploymentLock)).all() == []


def test_a_run_waits_for_a_client_and_says_for_whom_and_goes_on_after_it(world, api):
    lock(api("alice"))
    run = ask(world.dave)

    waiting = runs.waiting_on(now(run))

    assert (waiting.kind, now(run).state) == ("lock", "queued")
    assert "Alice" in waiting.text
    assert "dave@laptop" in waiting.text
    unlock(api("alice"))
    assert now(run).state == "ready"


def test_a_client_waits_for_a_run(world, api):
    run = ask(world.dave)

    answer = lock(api("alice"))

    assert answer.status_code == 423
    assert answer.json["ID"] == run.id
    assert f"#{run.number}" in answer.json["Info"]


def test_a_client_waits_for_a_lock_by_hand_but_not_for_its_own(world, api):
    locks.lock(world.alice, world.deployment(), "hands off")

    answer = lock(api("ada"))

    assert answer.status_code == 423
    assert "hands off" in answer.json["Info"]
    assert lock(api("alice")).status_code == 200


def test_a_blocked_deployment_gives_no_lock(world, api):
    lost(world)

    answer = lock(api("alice"))

    assert answer.status_code == 423
    assert "blocked" in answer.json["Info"]


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{}", b'{"ID": 7}', b'{"ID": ""}'])
def test_a_lock_without_an_id_is_refused(world, api, body):
    assert api("alice").open(URL, method="LOCK", data=body).status_code == 400


def test_unlock_needs_the_id_of_the_lock(world, api):
    lock(api("alice"))

    answer = unlock(api("alice"), "lock-2")

    assert answer.status_code == 423
    assert answer.json["ID"] == "lock-1"


def test_unlock_again_is_as_once(world, api):
    lock(api("alice"))

    assert [unlock(api("alice")).status_code for _ in range(2)] == [200, 200]
    assert audited() == ["deployment.client_lock", "deployment.client_unlock"]


def test_unlock_without_a_body_forces_and_takes_an_owner(world, api):
    lock(api("alice"))

    assert api("dave").open(URL, method="UNLOCK").status_code == 403
    assert api("alice").open(URL, method="UNLOCK").status_code == 200
    assert audited()[-1] == "deployment.force_unlock"
    assert api("alice").open(URL, method="UNLOCK").status_code == 409


def test_a_run_s_lock_is_not_forced_open(world, api):
    run = ask(world.dave)

    assert api("alice").open(URL, method="UNLOCK").status_code == 409
    assert db.session.scalars(select(DeploymentLock)).one().run_id == run.id


def test_a_client_s_lock_can_be_forced_open_in_the_portal(world, api):
    lock(api("alice"))
    place = "/api/v1/projects/shop/stacks/web/workspaces/staging"

    assert api("alice").delete(f"{place}/lock").status_code == 409
    assert api("dave").delete(f"{place}/lock?force=true").status_code == 403
    assert api("alice").delete(f"{place}/lock?force=true").status_code == 204


# -- Writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_state_is_written_under_the_lock(world, api, method):
    caller = api("alice")
    lock(caller)

    answer = push(caller, content(1), method=method)

    assert answer.status_code == 200
    assert caller.get(URL).data == content(1)
    version = states.current_version(fresh(world.deployment()))
    assert (version.kind, version.serial, version.created_by_name) == ("push", 1, "Alice")
    assert audited() == ["deployment.client_lock", "state.push"]


def test_the_same_bytes_again_are_200_and_no_new_version(world, api):
    caller = api("alice")
    lock(caller)

    assert [push(caller, content(1)).status_code for _ in range(2)] == [200, 200]
    assert versions() == 1


@pytest.mark.parametrize(
    "body",
    [
        content(1, things=("x",)),
        content(2, things=("x",)),
        content(3, lineage="another"),
    ],
)
def test_a_lower_serial_or_another_lineage_is_409(world, api, body):
    applied(world, 2)
    caller = api("alice")
    lock(caller)

    assert push(caller, body).status_code == 409
    assert caller.get(URL).data == content(2)


@pytest.mark.parametrize("identity", ["", "lock-2"])
def test_a_write_without_the_lock_s_id_is_refused(world, api, identity):
    caller = api("alice")
    assert push(caller, content(1), identity).status_code == 409
    lock(caller)

    assert push(caller, content(1), identity).status_code == 423
    assert versions() == 0


def test_a_run_s_lock_is_none_to_write_under(world, api):
    run = ask(world.dave)

    assert push(api("alice"), content(1), run.id).status_code == 423


@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense"])
def test_what_is_no_state_is_refused(world, api, body):
    caller = api("alice")
    lock(caller)

    assert push(caller, body).status_code == 422


def test_a_body_damaged_on_its_way_is_refused(world, api):
    caller = api("alice")
    lock(caller)
    said = base64.b64encode(hashlib.md5(content(1), usedforsecurity=False).digest()).decode()

    assert push(caller, content(2), headers={"Content-MD5": said}).status_code == 400
    assert push(caller, content(1), headers={"Content-MD5": said}).status_code == 200


def test_a_block_that_came_meanwhile_refuses_the_write_and_loses_nothing(world, api):
    caller = api("alice")
    lock(caller)
    deployment = world.deployment()
    deployment.blocked_reason, deployment.blocked_at = "Restored.", clock.now()
    db.session.commit()

    answer = push(caller, content(1))

    assert answer.status_code == 409
    assert json.loads(answer.data)["detail"].startswith("The deployment is blocked: Restored.")
    assert [row.serial for row in states.candidates(deployment.id)] == [1]
    assert fresh(deployment).current_state_id is None


def test_a_write_from_outside_makes_a_plan_outdated(world, api):
    applied(world, 1)
    run = ask(world.dave, "preview")
    held = claim(hire())
    planned(held)
    lock(api("alice"))

    push(api("alice"), content(2))

    assert now(run).base_state_id != fresh(world.deployment()).current_state_id
