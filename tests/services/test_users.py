"""People: made, changed, shut out; an administrator always stays."""

import pytest

from models.audit import AuditEvent
from models.base import db
from services import sessions, users
from services.errors import Conflict, Forbidden, Invalid, NotFound
from tests import factories


def test_addresses_are_kept_in_lower_case_and_compared_so(world):
    user, _ = users.create(world.ada, " Nia@Example.COM ", password="a long enough one")

    assert user.email == "nia@example.com"
    with pytest.raises(Invalid):
        users.create(world.ada, "NIA@example.com")


def test_only_administrators_make_users(world):
    with pytest.raises(Forbidden):
        users.create(world.alice, "nia@example.com")


@pytest.mark.parametrize("email", ["", "nia", "nia@", "@example.com", "a b@example.com"])
def test_an_address_must_look_like_one(world, email):
    with pytest.raises(Invalid) as refused:
        users.create(world.ada, email)

    assert set(refused.value.fields) == {"email"}


def test_the_first_administrator_is_made_once(app):
    first = users.first_administrator("root@example.com", None)

    assert first[1] is not None
    assert users.first_administrator("other@example.com", None) is None


def test_nobody_makes_themselves_administrator(world):
    with pytest.raises(Forbidden):
        users.edit(world.dave, world.people["dave"].id, users.Changes(is_admin=True))


def test_nobody_changes_another(world):
    with pytest.raises(NotFound):
        users.edit(world.alice, world.people["dave"].id, users.Changes(name="D"))


def test_an_edit_of_an_old_version_is_a_conflict(world):
    dave = world.people["dave"]
    users.edit(world.dave, dave.id, users.Changes(name="David"), version=1)

    with pytest.raises(Conflict):
        users.edit(world.dave, dave.id, users.Changes(name="Davy"), version=1)


def test_the_last_administrator_can_neither_go_nor_step_down(world):
    for changes in (users.Changes(is_admin=False), users.Changes(is_active=False)):
        with pytest.raises(Conflict):
            users.edit(world.ada, world.people["ada"].id, changes)


def test_a_reset_ends_every_session(world):
    secret, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, sessions.Origin("::1"))

    _, made = users.reset_password(world.ada, world.people["dave"].id)

    assert sessions.find(secret) is None
    assert sessions.sign_in("dave@example.com", made, sessions.Origin("::1"))


def test_the_audit_log_has_the_change_and_no_password(world):
    users.edit(
        world.ada, world.people["dave"].id, users.Changes(name="David", password="a new long one")
    )

    row = db.session.query(AuditEvent).filter_by(action="user.edit").one()
    assert (row.before["name"], row.after["name"]) == ("Dave", "David")
    assert "a new long one" not in str(row.after)
