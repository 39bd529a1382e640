"""Acting for somebody: with the rights held now, and never with more than both have."""

import pytest

from models.base import db
from models.member import Member, Role
from models.project import Project, Workspace
from models.user import User
from services import access
from services.access import Action, can, on_behalf, weaker_of
from services.errors import Forbidden


def for_(person):
    return on_behalf(person.id, trigger="schedule", trigger_id="s1", trigger_name="nightly")


def test_a_trigger_acts_with_the_rights_its_owner_has_now(world):
    before = for_(world.people["dave"])
    db.session.query(Member).filter_by(user_id=world.people["dave"].id).delete()
    db.session.commit()

    after = for_(world.people["dave"])

    assert can(before, Action.CREATE_RUN, world.stack)
    assert not can(after, Action.CREATE_RUN, world.stack)
    assert (after.trigger, after.trigger_id, after.trigger_name) == ("schedule", "s1", "nightly")


def test_a_trigger_whose_owner_is_gone_does_nothing(world):
    world.people["dave"].is_active = False
    db.session.commit()

    with pytest.raises(Forbidden, match="nightly"):
        for_(world.people["dave"])
    with pytest.raises(Forbidden):
        on_behalf(None, trigger="email", trigger_id="e1", trigger_name="mail")


@pytest.mark.parametrize(
    ("one", "other", "role"),
    [
        ("alice", "dave", Role.DEPLOYER),
        ("dave", "alice", Role.DEPLOYER),
        ("ada", "vera", Role.VIEWER),
        ("vera", "ada", Role.VIEWER),
        ("alice", "sam", None),
        ("ada", "ada", Role.OWNER),
    ],
)
def test_of_two_the_weaker_role_counts(world, one, other, role):
    both = weaker_of(world.actor(one), world.actor(other))

    assert both.name == world.actor(one).name
    assert access.role_on(both, world.stack) == role


def test_a_table_that_belongs_to_no_place_is_refused_instead_of_shown_whole(world):
    for table in (Project, Workspace, User):
        with pytest.raises(TypeError, match="belongs to no place"):
            access.visible(world.sam, table)
