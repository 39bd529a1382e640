"""The routes of teams, service accounts and tokens."""

from models.base import db
from services import service_accounts, teams
from tests.rules.matrix.case import ADMIN, EVERYONE, Case

REST = "alice vera sam"


def team(world):
    """A team with Dave in it, by name."""
    made = teams.create(world.ada, "platform")
    teams.put_member(world.ada, made, "dave@example.com")
    return made.name


def account(world):
    made = service_accounts.create(world.ada, "ci")
    db.session.commit()
    return made.name


def _dave_s_token(world):
    return world.token_of("dave").split("_")[2]


TEAM = {"team": team}
CI = {"account": account}

CASES = [
    Case("api_teams.index", EVERYONE),
    Case("api_teams.create", ADMIN, 201, send={"name": "platform"}),
    Case("api_teams.show", "ada dave", blind=REST, names=TEAM),
    Case("api_teams.members", "ada dave", blind=REST, names=TEAM),
    Case("api_teams.edit", ADMIN, blind=REST, names=TEAM, send={"title": "Platform"}),
    Case(
        "api_teams.replace_members",
        ADMIN,
        blind=REST,
        names=TEAM,
        send=[{"user": "vera@example.com"}],
    ),
    Case("api_teams.delete", ADMIN, 204, blind=REST, names=TEAM, query="?confirm=platform"),
    Case("api_service_accounts.index", ADMIN),
    Case("api_service_accounts.create", ADMIN, 201, send={"name": "ci"}),
    Case("api_service_accounts.show", ADMIN, blind="alice dave vera sam", names=CI),
    Case("api_service_accounts.edit", ADMIN, names=CI, send={"description": "Builds."}),
    Case(
        "api_tokens.show",
        "ada dave",
        blind="alice vera sam",
        names={"token_id": _dave_s_token},
    ),
]
