"""Teams: a role of the team is a role of each in it, at once and no longer than that."""

import pytest

from models.audit import AuditEvent
from models.base import db
from models.member import Role
from services import members, service_accounts, teams
from services.access import Action, can, on_behalf
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.members import Wanted
from tests.queries import queries

__all__ = ["queries"]


@pytest.fixture
def platform(world):
    """A team with Sam in it, owner of the project and of staging."""
    team = teams.create(world.ada, "platform", title="Platform")
    teams.put_member(world.ada, team, "sam@example.com")
    for place in (world.project, world.staging):
        members.put(world.ada, place, "platform", "owner", "team")
    return team


def test_a_team_s_role_is_everybody_s_in_it(world, platform):
    assert can(world.sam, Action.EDIT, world.stack)
    assert can(world.sam, Action.CREATE_RUN, world.deployment())
    assert not can(world.sam, Action.SEE, world.deployment(world.prod))


@pytest.mark.parametrize(
    ("own", "through", "strongest"),
    [
        ("viewer", "owner", Role.OWNER),
        ("owner", "viewer", Role.OWNER),
        ("deployer", "deployer", Role.DEPLOYER),
    ],
)
def test_the_strongest_of_own_and_through_teams_counts(world, own, through, strongest):
    team = teams.create(world.ada, "crew")
    teams.put_member(world.ada, team, "sam@example.com")
    members.put(world.ada, world.project, "sam@example.com", own)
    members.put(world.ada, world.project, "crew", through, "team")

    assert world.sam.project_roles[world.project.id] == strongest


def test_of_two_teams_the_stronger_one_counts(world, platform):
    weak = teams.create(world.ada, "readers")
    teams.put_member(world.ada, weak, "sam@example.com")
    members.put(world.ada, world.project, "readers", "viewer", "team")

    assert world.sam.project_roles[world.project.id] == Role.OWNER


def test_who_leaves_a_team_loses_its_roles_at_once(world, platform):
    teams.remove_member(world.ada, platform, world.people["sam"].id)

    assert world.sam.project_roles == {}


def test_a_team_that_loses_its_role_loses_it_for_everybody(world, platform):
    members.remove(world.ada, world.project, platform.id)

    assert world.sam.project_roles == {}
    assert world.sam.workspace_roles == {world.staging.id: Role.OWNER}


def test_a_deleted_team_takes_its_roles_along_and_says_which(world, platform):
    with pytest.raises(Invalid):
        teams.delete_team(world.ada, platform, confirm="platfrom")

    teams.delete_team(world.ada, platform, confirm="platform")

    row = db.session.query(AuditEvent).filter_by(action="team.delete").one()
    assert row.before["roles"] == ["owner on project shop", "owner on workspace staging"]
    assert row.before["members"] == ["sam@example.com"]
    assert world.sam.project_roles == {}


def test_an_actor_takes_one_query_however_many_teams(world, queries):
    for number in range(5):
        team = teams.create(world.ada, f"team-{number}")
        teams.put_member(world.ada, team, "sam@example.com")
        members.put(world.ada, world.project, team.name, "viewer", "team")
    db.session.commit()

    with queries() as seen:
        actor = world.sam

    assert actor.project_roles
    assert len([each for each in seen if "member" in each]) == 1


def test_a_service_account_in_a_team_acts_with_its_roles(world, platform):
    account = service_accounts.create(world.ada, "ci")
    teams.replace_members(world.ada, platform, [{"service_account": "ci"}])

    actor = on_behalf(account.id, trigger="schedule", trigger_id="s", trigger_name="nightly")

    assert actor.kind == "service_account"
    assert can(actor, Action.CREATE_RUN, world.deployment())
    assert not can(world.sam, Action.SEE, world.stack)


def test_members_say_where_a_role_comes_from(world, platform):
    members.put(world.ada, world.project, "sam@example.com", "viewer")

    found = {line.email: line for line in members.holders(world.vera, world.project)}

    assert found["sam@example.com"].role == Role.OWNER
    assert list(found["sam@example.com"].ways) == [(Role.OWNER, "platform"), (Role.VIEWER, "")]
    assert list(found["dave@example.com"].ways) == [(Role.DEPLOYER, "")]


def test_an_empty_team_is_no_owner(world, platform):
    empty = teams.create(world.ada, "empty")

    with pytest.raises(Forbidden):
        members.replace(world.alice, world.project, [Wanted(empty.name, "owner", "team")])

    members.replace(world.alice, world.project, [{"team": "platform", "role": "owner"}])
    assert not can(world.alice, Action.SEE, world.project)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"team": "nobody", "role": "viewer"}, "0.team"),
        ({"service_account": "nobody", "role": "viewer"}, "0.service_account"),
        ({"user": "dave@example.com", "team": "platform", "role": "viewer"}, "0.team"),
        ({"team": "platform", "role": "god"}, "0.role"),
        ({"team": "platform", "role": "viewer", "since": "x"}, "0.since"),
        ({"role": "viewer"}, "0.user"),
        ({"service_account": "dave@example.com", "role": "viewer"}, "0.service_account"),
        ("dave@example.com", "0"),
    ],
)
def test_a_member_that_is_none_is_said_by_its_field(world, platform, entry, field):
    with pytest.raises(Invalid) as refused:
        members.replace(world.alice, world.project, [entry])

    assert field in refused.value.fields


def test_the_audit_log_names_teams_as_teams(world, platform):
    row = db.session.query(AuditEvent).filter_by(action="member.replace").first()

    assert row.after == {"team:platform": "owner"}


def test_one_sees_the_teams_one_is_in_and_no_other(world, platform):
    teams.create(world.ada, "secret")

    page = teams.listed(world.sam, after=None, limit=50)

    assert [(line.team.name, line.size) for line in page.items] == [("platform", 1)]
    with pytest.raises(NotFound):
        teams.get(world.sam, "secret")
    with pytest.raises(NotFound):
        teams.get(world.vera, "platform")


def test_only_administrators_change_teams(world, platform):
    for change in (
        lambda: teams.create(world.sam, "mine"),
        lambda: teams.edit(world.sam, platform, {"title": "Mine"}),
        lambda: teams.put_member(world.sam, platform, "vera@example.com"),
        lambda: teams.remove_member(world.sam, platform, world.people["sam"].id),
        lambda: teams.replace_members(world.sam, platform, []),
        lambda: teams.delete_team(world.sam, platform, confirm="platform"),
    ):
        with pytest.raises(Forbidden):
            change()


def test_a_name_is_taken_once_and_a_stale_edit_refused(world, platform):
    with pytest.raises(Conflict):
        teams.create(world.ada, "platform")
    teams.edit(world.ada, platform, {"title": "P"}, version=1)
    with pytest.raises(Conflict):
        teams.edit(world.ada, platform, {"title": "Q"}, version=1)


@pytest.mark.parametrize(
    "entry", ["sam@example.com", {"user": "nobody"}, {"team": "platform"}, {"user": 1}, {}]
)
def test_what_cannot_be_in_a_team_is_refused(world, platform, entry):
    with pytest.raises(Invalid):
        teams.replace_members(world.ada, platform, [entry])

    assert [user.email for user in teams.members_of(world.ada, platform)] == ["sam@example.com"]
