"""Pages of teams, service accounts and tokens: what is typed stays, what goes is named first."""

import re

import pytest

from models.base import db
from models.user import ApiToken
from services import members, service_accounts, teams, tokens
from tests.queries import queries

__all__ = ["queries"]

ADMIN = "/administration"
TEXT = re.compile(r"gty_(user|service)_[0-9a-z]{20}_[\w-]{43}")


@pytest.fixture
def platform(world):
    """A team with Dave in it that owns the project."""
    team = teams.create(world.ada, "platform", title="Platform engineering")
    teams.put_member(world.ada, team, "dave@example.com")
    members.put(world.ada, world.project, "platform", "owner", "team")
    return team


@pytest.fixture
def ci(world):
    return service_accounts.create(world.ada, "ci", description="Builds.")


def test_a_team_that_cannot_be_made_keeps_what_was_typed(browse, platform):
    sent = {"name": "platform", "title": "Another one", "description": "D"}

    answer = browse("ada").submit(f"{ADMIN}/teams", sent)

    assert answer.status_code == 409
    assert "There is already a team “platform”" in answer.text
    assert 'value="Another one"' in answer.text


def test_nobody_of_that_name_is_said_beside_the_field(browse, platform):
    answer = browse("ada").submit(f"{ADMIN}/teams/platform/members", {"who": "nobody"})

    assert answer.status_code == 422
    assert "There is no user or service account of this name." in answer.text
    assert 'value="nobody"' in answer.text


def test_deleting_a_team_lists_its_roles_and_asks_for_its_name(browse, platform):
    ada = browse("ada")

    asked = ada.get(f"{ADMIN}/teams/platform/delete").text
    wrong = ada.submit(f"{ADMIN}/teams/platform/delete", {"confirm": "plattform"})
    right = ada.submit(f"{ADMIN}/teams/platform/delete", {"confirm": "platform"})

    assert re.search(r"<strong>owner</strong>.*on the project.*shop", asked)
    assert "1 member loses" in asked
    assert (wrong.status_code, right.status_code) == (422, 303)
    assert ada.get(f"{ADMIN}/teams/platform").status_code == 404


def test_a_stale_edit_of_a_team_is_told(browse, platform):
    ada = browse("ada")
    ada.submit(f"{ADMIN}/teams/platform", {"title": "A", "version": "1"})

    answer = ada.submit(f"{ADMIN}/teams/platform", {"title": "B", "version": "1"})

    assert answer.status_code == 409
    assert "Somebody else changed this team meanwhile." in answer.text


def test_somebody_sees_their_teams_and_what_those_hold(browse, platform):
    shown = browse("dave").get("/account/teams").text

    assert "Platform engineering" in shown
    assert re.search(r"<strong>owner</strong>.*shop", shown)
    assert "You are in no team" in browse("vera").get("/account/teams").text


def test_members_say_where_a_role_comes_from(browse, platform):
    shown = browse("vera").get("/projects/shop/members").text

    assert "Who has a role in the end" in shown
    assert re.search(r"owner <span class=\"muted\">through team <span[^>]*>platform", shown)


def test_an_owner_gives_a_role_to_a_team_and_a_service_account(browse, world, platform, ci):
    alice = browse("alice")

    for kind, who in (("team", "platform"), ("service_account", "ci")):
        sent = {"kind": kind, "who": who, "role": "deployer"}
        assert alice.submit("/workspaces/staging/members", sent).status_code == 303

    kinds = {line.kind for line in members.of(world.alice, world.staging)}
    assert kinds == {"user", "team", "service_account"}


def test_an_unknown_team_is_said_beside_the_field(browse):
    sent = {"kind": "team", "who": "nobody", "role": "viewer"}

    answer = browse("alice").submit("/projects/shop/members", sent)

    assert answer.status_code == 422
    assert "There is no team of this name or id." in answer.text


def test_the_token_of_a_service_account_is_shown_once_with_a_button_to_copy(browse, ci):
    ada = browse("ada")

    made = ada.submit(f"{ADMIN}/service-accounts/ci/tokens", {"name": "github", "scope": "run"})

    text = TEXT.search(made.text)
    assert text.group(1) == "service"
    assert f'data-copy="{text.group(0)}"' in made.text
    assert not TEXT.search(ada.get(f"{ADMIN}/service-accounts/ci").text)
    assert made.headers["Cache-Control"].startswith("no-store")


def test_a_token_is_bound_as_the_form_says(browse, world):
    sent = {
        "name": "deploys",
        "scope": "run",
        "days": "date",
        "until": "2027-01-31",
        "within": "shop/web",
        "workspace": "staging",
        "role": "viewer",
    }

    browse("dave").submit("/account/tokens", sent)

    token = db.session.query(ApiToken).filter_by(name="deploys").one()
    assert (token.stack_id, token.workspace_id) == (world.stack.id, world.staging.id)
    assert (token.scopes, token.role.value) == (["read", "run"], "viewer")
    assert token.expires_at.isoformat() == "2027-02-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("within", "shop/nothing", "You see nothing of this name."),
        ("within", "nothing", "You see nothing of this name."),
        ("workspace", "nowhere", "You see no workspace of this name."),
        ("until", "tomorrow", "Give a date, such as 2027-06-30."),
        ("role", "god", "Say one of: viewer, deployer, owner."),
        ("name", "", "Give the token a name"),
        ("scope", "everything", "Choose from read, run, administer, state."),
    ],
)
def test_what_a_token_cannot_be_is_said_and_what_was_typed_stays(browse, field, value, said):
    sent = {"name": "deploys", "scope": "run", "days": "date", "until": "2027-01-31"}

    answer = browse("dave").submit("/account/tokens", sent | {field: value})

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="2027-01-31"' in answer.text or field == "until"


def test_a_service_account_that_is_shut_out_says_so(browse, ci):
    ada = browse("ada")
    ada.submit(f"{ADMIN}/service-accounts/ci/deactivate")

    assert "None of its tokens works until it is let in again." in (
        ada.get(f"{ADMIN}/service-accounts/ci").text
    )


def test_every_token_is_listed_with_whose_it_is(browse, world, ci):
    tokens.create(world.ada, "of the account", owner=ci)
    tokens.create(world.dave, "of Dave")

    shown = browse("ada").get(f"{ADMIN}/tokens").text

    assert "of the account" in shown
    assert f"{ADMIN}/service-accounts/ci" in shown
    assert f"{ADMIN}/users/{world.people['dave'].id}" in shown


def test_lists_take_as_many_queries_for_many_as_for_few(browse, world, ci, queries):
    ada, counts = browse("ada"), []
    for number in range(6):
        tokens.create(world.ada, f"t{number}", owner=ci)
        teams.put_member(world.ada, teams.create(world.ada, f"team-{number}"), "ada@example.com")
        if number in {1, 5}:
            found = {}
            for path in ("tokens", "teams", "service-accounts", "service-accounts/ci"):
                with queries() as seen:
                    ada.get(f"{ADMIN}/{path}")
                found[path] = len(seen)
            with queries() as seen:
                ada.get("/account/teams")
            counts.append(found | {"own": len(seen)})

    assert counts[0] == counts[1]
