"""Signing in: counted, kept on the server, ended for good."""

import datetime as dt

import pytest

from models.base import db
from models.user import SignInAttempt, UserSession
from services import sessions, users
from services.errors import Invalid, NotFound, TooMany
from tests import factories

HERE = sessions.Origin("192.0.2.1", "Firefox")


def test_the_right_password_opens_a_session(world):
    secret, user = sessions.sign_in(" DAVE@example.com ", factories.PASSWORD, HERE)

    assert user.id == world.people["dave"].id
    assert sessions.find(secret).user.id == user.id


def test_the_secret_itself_is_not_kept(world):
    secret, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)

    assert secret not in [row.id for row in db.session.query(UserSession)]


@pytest.mark.parametrize("email", ["dave@example.com", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(world, email):
    with pytest.raises(Invalid) as refused:
        sessions.sign_in(email, "wrong", HERE)

    assert refused.value.fields == {"password": sessions.WRONG}


def test_who_is_shut_out_cannot_sign_in(world):
    users.edit(world.ada, world.people["dave"].id, users.Changes(is_active=False))

    with pytest.raises(Invalid):
        sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)


def test_the_eleventh_failure_within_a_minute_is_refused(world, frozen_clock):
    for _ in range(10):
        with pytest.raises(Invalid):
            sessions.sign_in("dave@example.com", "wrong", HERE)

    with pytest.raises(TooMany):
        sessions.sign_in("dave@example.com", factories.PASSWORD, sessions.Origin("192.0.2.9"))
    with pytest.raises(TooMany):
        sessions.sign_in("vera@example.com", factories.PASSWORD, HERE)

    frozen_clock.advance(61)
    assert sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)


def test_a_sign_in_that_succeeds_is_not_counted(world):
    sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)

    assert db.session.query(SignInAttempt).count() == 0


def test_a_session_ends_when_it_is_not_used(world, frozen_clock):
    secret, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)

    frozen_clock.advance(dt.timedelta(days=15).total_seconds())

    assert sessions.find(secret) is None


def test_use_moves_the_end_on(world, frozen_clock):
    secret, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)

    for _ in range(3):
        frozen_clock.advance(dt.timedelta(days=10).total_seconds())

        assert sessions.find(secret)


def test_signing_out_ends_the_session_for_good(world):
    secret, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)
    opened = sessions.find(secret).session

    sessions.sign_out(world.dave, opened.id)

    assert sessions.find(secret) is None


def test_nobody_ends_the_session_of_another(world):
    secret, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)
    opened = sessions.find(secret).session

    with pytest.raises(NotFound):
        sessions.sign_out(world.vera, opened.id)

    assert sessions.find(secret)


def test_a_new_password_ends_the_other_sessions(world):
    kept, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)
    other, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, HERE)

    users.change_password(
        world.dave,
        factories.PASSWORD,
        "another long password",
        keep_session=sessions.find(kept).session.id,
    )

    assert sessions.find(kept)
    assert sessions.find(other) is None
