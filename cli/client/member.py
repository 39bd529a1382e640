"""gantry member: who may do what in a project or a workspace."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from cli.client.command import Group, Here, connected
from cli.client.failures import Exit, Failure, Refused
from cli.client.http import Json, path
from cli.client.kinds import PLACE
from cli.client.output import Column

PLACES = ("/projects/{project}/members", "/workspaces/{workspace}/members")
READ, WRITE = [f"GET {each}" for each in PLACES], [f"PUT {each}" for each in PLACES]
KINDS = ("user", "team", "service_account")
ROLES = click.Choice(["owner", "deployer", "viewer"])


def _who(item: Json) -> tuple[str, str]:
    return next((kind, str(item[kind])) for kind in KINDS if item.get(kind))


def _spelled(item: Json) -> str:
    kind, name = _who(item)
    return name if kind == "user" else f"{kind.replace('_', '-')}:{name}"


COLUMNS = [
    Column("who", _spelled),
    Column("role", "role"),
    Column("name", "name", 1),
]
EFFECTIVE = [*COLUMNS, Column("through", lambda item: _ways(item["ways"]), 2)]


@click.group(cls=Group)
def member() -> None:
    """Members of a project or a workspace (workspace:NAME), and their roles.

    WHO is an e-mail address, team:NAME or service-account:NAME.
    """


@member.command(
    "list", calls=READ, examples=["gantry member list shop", "gantry member list workspace:prod"]
)
@click.argument("place", type=PLACE)
@click.option("--effective", is_flag=True, help="With those who have it through teams.")
@click.option("--etag", is_flag=True, help="Print the list's ETag alone, for replace --if-match.")
@connected
def list_members(here: Here, place: tuple[str, ...], *, effective: bool, etag: bool) -> None:
    """List the members, owners first; with --effective everybody who has a role in the end."""
    if etag:
        click.echo(here.portal.tagged(_where(place))[1])
        return
    page = here.portal.get(_where(place), effective=effective or None)
    here.out.listing(page, EFFECTIVE if effective else COLUMNS, "user")


@member.command(
    "set",
    calls=[*READ, *WRITE],
    examples=[
        "gantry member set shop dave@example.com deployer",
        "gantry member set workspace:prod team:platform owner",
    ],
)
@click.argument("place", type=PLACE)
@click.argument("who")
@click.argument("role", type=ROLES)
@connected
def set_member(here: Here, place: tuple[str, ...], who: str, role: str) -> None:
    """Make somebody a member, or give them another role."""
    wanted = _named(who)
    try:
        page = here.portal.amend(
            _where(place), lambda now: [*_without(now, wanted), {**wanted, "role": role}]
        )
    except Refused as refused:
        # The list is the command's doing; its places mean nothing to whoever named one member.
        fields = refused.problem.get("errors")
        if not fields:
            raise
        raise Failure(f"{who}: {' '.join(fields.values())}", Exit.REFUSED) from refused
    here.out.done(page, "items", f"{who} is {role} of {_words(place)}.")


@member.command(
    "remove", calls=[*READ, *WRITE], examples=["gantry member remove shop dave@example.com"]
)
@click.argument("place", type=PLACE)
@click.argument("who")
@connected
def remove(here: Here, place: tuple[str, ...], who: str) -> None:
    """Take somebody's role away."""
    wanted, present = _named(who), here.portal.get(_where(place))["items"]
    if len(_without(present, wanted)) == len(present):
        raise Failure(f"{who} is no member of {_words(place)}.", Exit.REFUSED)
    page = here.portal.amend(_where(place), lambda now: _without(now, wanted))
    here.out.done(page, "items", f"{who} is no member of {_words(place)} any more.")


@member.command(
    "replace",
    calls=WRITE,
    examples=[
        "gantry member replace shop members.json",
        "gantry member replace shop members.json --if-match W/5f1c0a",
    ],
)
@click.argument("place", type=PLACE)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--if-match", default="", metavar="ETAG", help="Only if the list is still this one.")
@connected
def replace(here: Here, place: tuple[str, ...], file: Path, *, if_match: str) -> None:
    """Make those in FILE the members, and nobody else: [{"user": …, "role": …}, …], - for stdin."""
    try:
        wanted: Any = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"{file} holds no JSON that can be read.", Exit.USAGE) from error
    page = here.portal.put(_where(place), wanted, seen=if_match)
    here.out.listing(page, COLUMNS, "user")


def _ways(ways: list[Json]) -> str:
    return ", ".join(f"{each['role']} by {each['team'] or 'name'}" for each in ways)


def _where(place: tuple[str, ...]) -> str:
    if len(place) != 2:
        raise click.UsageError("Members are those of a project, or of workspace:NAME.")
    return path(*place, "members")


def _words(place: tuple[str, ...]) -> str:
    return f"{place[0].removesuffix('s')} {place[1]}"


def _without(now: list[Json], gone: Json) -> list[Json]:
    """The members as they are sent, without one of them."""
    sent = [dict([_who(each)]) | {"role": each["role"]} for each in now]
    return [each for each in sent if not _same(each, gone)]


def _named(who: str) -> Json:
    kind, colon, name = who.partition(":")
    spelled = kind.replace("-", "_")
    return {spelled: name} if colon and spelled in KINDS else {"user": who}


def _same(one: Json, other: Json) -> bool:
    return _who(one) == _who(other)
