"""The routes of teams, service accounts and tokens."""

from models.base import db
from services import service_accounts, teams, tokens
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


def _ci_token(world):
    """The id of a token of the service account."""
    ci = service_accounts.get(world.ada, account(world))
    return tokens.create(world.ada, "github", owner=ci).token.id


def _dave(world):
    return world.people["dave"].id


def _shut_out(world):
    name = account(world)
    service_accounts.edit(world.ada, name, {"is_active": False})
    return name


CASES = [
    Case("account.own_teams", EVERYONE),
    Case("teams.index", ADMIN),
    Case("teams.create", ADMIN, 303, send={"name": "platform"}),
    Case("teams.show", ADMIN, names=TEAM),
    Case("teams.edit", ADMIN, 303, names=TEAM, send={"title": "Platform"}),
    Case("teams.put_member", ADMIN, 303, names=TEAM, send={"who": "vera@example.com"}),
    Case("teams.delete_member", ADMIN, 303, names=TEAM | {"user_id": _dave}, send={}),
    Case("teams.confirm_delete", ADMIN, names=TEAM),
    Case("teams.delete", ADMIN, 303, names=TEAM, send={"confirm": "platform"}),
    Case("service_accounts.index", ADMIN),
    Case("service_accounts.create", ADMIN, 303, send={"name": "ci"}),
    Case("service_accounts.show", ADMIN, names=CI),
    Case("service_accounts.edit", ADMIN, 303, names=CI, send={"description": "Builds."}),
    Case("service_accounts.deactivate", ADMIN, 303, names=CI, send={}),
    Case("service_accounts.activate", ADMIN, 303, names={"account": _shut_out}, send={}),
    Case("service_accounts.create_token", ADMIN, names=CI, send={"name": "github"}),
    Case(
        "service_accounts.revoke_token",
        ADMIN,
        303,
        names={"token_id": _ci_token, "account": "ci"},
        send={},
    ),
    Case("tokens.index", ADMIN),
    Case("tokens.revoke", ADMIN, 303, names={"token_id": _dave_s_token}, send={}),
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
