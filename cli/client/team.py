"""gantry team: people and service accounts that hold roles together."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options, searched
from cli.client.fields import DESCRIPTION, TITLE, VERSION, agreed, changed, having, said
from cli.client.http import Json, path
from cli.client.output import Column, when

COLUMNS = [
    Column("team", "name"),
    Column("title", "title", 1),
    Column("members", "size", 2),
    Column("created", when("created_at"), 3),
]
MEMBERS = [
    Column("who", lambda item: item.get("user") or f"service-account:{item['service_account']}"),
    Column("name", "name", 1),
    Column("active", "is_active", 2),
]


@click.group(cls=Group)
def team() -> None:
    """Teams: people and service accounts that hold roles together.

    WHO is an e-mail address or service-account:NAME. “gantry member set” gives a team a role.
    """


@team.command("list", calls=["GET /teams"], examples=["gantry team list"])
@searched
@listing_options
@connected
def list_teams(here: Here, **given: Any) -> None:
    """List teams: all of them for administrators, yours for others."""
    here.listing("/teams", COLUMNS, "name", given)


@team.command("show", calls=["GET /teams/{team}"], examples=["gantry team show platform"])
@click.argument("team")
@connected
def show(here: Here, team: str) -> None:
    """Show one team, with the roles that it holds."""
    here.out.one(here.portal.get(path("teams", team)), "name")


@team.command(
    "create", calls=["POST /teams"], examples=["gantry team create platform --title Platform"]
)
@click.argument("name")
@having(TITLE, DESCRIPTION)
@connected
def create(here: Here, name: str, **given: Any) -> None:
    """Make a team, with nobody in it."""
    made = here.portal.make("/teams", {"name": name, **said(given)})
    here.out.done(made, "name", f"Made the team {made['name']}.")


@team.command(
    "edit", calls=["PATCH /teams/{team}"], examples=["gantry team edit platform --title Platform"]
)
@click.argument("team")
@having(TITLE, DESCRIPTION, VERSION)
@connected
def edit(here: Here, team: str, **given: Any) -> None:
    """Change a team's title or description."""
    made = here.portal.patch(path("teams", team), changed(given))
    here.out.done(made, "name", f"Changed the team {made['name']}.")


@team.command(
    "delete", calls=["DELETE /teams/{team}"], examples=["gantry team delete platform --yes"]
)
@click.argument("team")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@connected
def delete(here: Here, team: str, *, yes: bool) -> None:
    """Delete a team; its members lose the roles they had through it. Asks for its name."""
    agreed("team", team, yes=yes)
    here.portal.delete(path("teams", team), confirm=team)
    here.out.say(f"Deleted the team {team}.")


@team.command(
    "members", calls=["GET /teams/{team}/members"], examples=["gantry team members platform"]
)
@click.argument("team")
@connected
def members(here: Here, team: str) -> None:
    """List who is in a team."""
    here.out.listing(here.portal.get(path("teams", team, "members")), MEMBERS, "user")


@team.command(
    "add",
    calls=["GET /teams/{team}/members", "PUT /teams/{team}/members"],
    examples=["gantry team add platform dave@example.com service-account:ci"],
)
@click.argument("team")
@click.argument("who", nargs=-1, required=True)
@connected
def add(here: Here, team: str, who: tuple[str, ...]) -> None:
    """Take people or service accounts into a team."""
    wanted = [_named(each) for each in who]
    page = here.portal.amend(
        path("teams", team, "members"), lambda now: [*_without(now, wanted), *wanted]
    )
    here.out.listing(page, MEMBERS, "user")


@team.command(
    "remove",
    calls=["GET /teams/{team}/members", "PUT /teams/{team}/members"],
    examples=["gantry team remove platform dave@example.com"],
)
@click.argument("team")
@click.argument("who", nargs=-1, required=True)
@connected
def remove(here: Here, team: str, who: tuple[str, ...]) -> None:
    """Take people or service accounts out of a team."""
    gone = [_named(each) for each in who]
    page = here.portal.amend(path("teams", team, "members"), lambda now: _without(now, gone))
    here.out.listing(page, MEMBERS, "user")


def _without(now: list[Json], gone: list[Json]) -> list[Json]:
    """Who is in it, as they are sent, without these."""
    sent = [
        {kind: each[kind] for kind in ("user", "service_account") if each.get(kind)} for each in now
    ]
    return [each for each in sent if each not in gone]


def _named(who: str) -> Json:
    kind, colon, name = who.partition(":")
    return {"service_account": name} if colon and kind == "service-account" else {"user": who}
