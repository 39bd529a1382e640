"""API tokens: shown once, never above their owner, useless once revoked."""

import datetime as dt

import pytest

from lib import clock
from models.base import db
from models.member import Role
from models.user import ApiToken
from services import tokens, users
from services.errors import Forbidden, Invalid, NotFound
from services.sessions import Origin

HERE = Origin("192.0.2.1")


def test_a_token_is_found_by_its_text_and_kept_as_a_hash(world):
    made = tokens.create(world.dave, "ci")

    token, user = tokens.find(made.text)

    assert (token.id, user.id) == (made.token.id, world.people["dave"].id)
    assert made.text not in vars(db.session.get(ApiToken, token.id)).values()


def test_an_unknown_text_finds_nothing(world):
    assert tokens.find("gty_user_00000000000000000000_" + "x" * 43) is None


def test_a_token_ends_at_its_time(world, frozen_clock):
    made = tokens.create(world.dave, "ci", expires_at=clock.now() + dt.timedelta(hours=1))

    frozen_clock.advance(3601)

    assert tokens.find(made.text) is None


def test_a_token_of_somebody_shut_out_works_no_more(world):
    made = tokens.create(world.dave, "ci")

    users.edit(world.ada, world.people["dave"].id, users.Changes(is_active=False))

    assert tokens.find(made.text) is None


def test_a_token_never_has_more_than_its_scope(world):
    made = tokens.create(world.ada, "reader", scopes=["read"])
    alice = tokens.create(world.alice, "runner", scopes=["read", "run"])

    reader = tokens.actor_of(*tokens.find(made.text), HERE)
    runner = tokens.actor_of(*tokens.find(alice.text), HERE)

    assert not reader.is_admin
    assert set(runner.project_roles.values()) == {Role.DEPLOYER}


def test_a_token_has_its_owner_s_roles_of_now(world):
    made = tokens.create(world.alice, "ci")
    db.session.execute(db.text("DELETE FROM member"))
    db.session.commit()

    actor = tokens.actor_of(*tokens.find(made.text), HERE)

    assert actor.project_roles == {}


def test_only_administrators_make_tokens_for_others(world):
    made = tokens.create(world.ada, "for dave", owner=world.people["dave"])

    assert made.token.user_id == world.people["dave"].id
    with pytest.raises(Forbidden):
        tokens.create(world.alice, "for dave", owner=world.people["dave"])


def test_nobody_revokes_the_token_of_another(world):
    made = tokens.create(world.dave, "ci")

    with pytest.raises(NotFound):
        tokens.revoke(world.alice, made.token.id)

    tokens.revoke(world.ada, made.token.id)
    assert tokens.find(made.text) is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "ci", "scopes": ["root"]}, "scopes"),
        ({"name": "ci", "scopes": []}, "scopes"),
        ({"name": "ci", "expires_at": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)}, "expires_at"),
    ],
)
def test_what_does_not_hold_is_said_by_field(world, fields, field):
    with pytest.raises(Invalid) as refused:
        tokens.create(world.dave, **fields)

    assert set(refused.value.fields) == {field}


def test_tokens_are_listed_page_by_page(world):
    made = [tokens.create(world.dave, f"t{number}").token.id for number in range(3)]

    first = tokens.listed(world.dave, after=None, limit=2)
    second = tokens.listed(world.dave, after=first.next, limit=2)

    assert [token.id for token in (*first.items, *second.items)] == made[::-1]
    assert second.next is None


def test_a_token_says_when_and_from_where_it_was_used_last(world):
    made = tokens.create(world.dave, "ci")

    tokens.find(made.text, Origin("192.0.2.9"))

    line = tokens.listed(world.dave, after=None, limit=1).items[0]
    db.session.refresh(line.token)
    assert line.token.last_used_from == "192.0.2.9"
    assert line.token.last_used_at is not None


def test_a_token_made_with_a_token_does_not_outlive_it(world):
    soon = clock.now() + dt.timedelta(days=1)
    made = tokens.create(world.dave, "short", expires_at=soon)
    actor = tokens.actor_of(*tokens.find(made.text), HERE)

    with pytest.raises(Invalid) as refused:
        tokens.create(actor, "long")

    assert set(refused.value.fields) == {"expires_at"}
    assert tokens.create(actor, "as long", expires_at=soon)


def test_places_that_one_does_not_see_bind_nothing(world):
    places = [{"project": "shop"}, {"stack": "shop/web"}, {"workspace": "prod"}, {"role": "god"}]
    for within in places:
        with pytest.raises(Invalid) as refused:
            tokens.create(world.sam, "ci", within=tokens.Within(**within))

        assert set(refused.value.fields) == set(within)


def test_a_token_warns_before_it_expires(world, frozen_clock):
    made = tokens.create(world.dave, "ci", expires_at=clock.now() + dt.timedelta(days=15))

    (line,) = tokens.listed(world.dave, after=None, limit=1).items
    assert not line.expires_soon
    frozen_clock.advance(2 * 86400)
    assert line.expires_soon
    frozen_clock.advance(14 * 86400)
    assert (line.expires_soon, line.is_expired) == (False, True)
    assert tokens.find(made.text) is None
