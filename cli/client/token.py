"""gantry token: API tokens."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options
from cli.client.failures import Failure
from cli.client.fields import having, said
from cli.client.http import Json, path
from cli.client.output import Column, when


def _within(item: Json) -> str:
    """The role it has at most, and the place it is bound to."""
    parts = [item.get(name) for name in ("role", "project", "stack", "workspace")]
    return " ".join(str(part) for part in parts if part)


COLUMNS = [
    Column("name", "name"),
    Column("of", "owner.name", 2),
    Column("scopes", "scopes", 1),
    Column("within", _within, 2),
    Column("created", when("created_at"), 3),
    Column("expires", when("expires_at"), 2),
    Column("last used", when("last_used_at"), 1),
    Column("id", "id"),
]


@click.group(cls=Group)
def token() -> None:
    """Tokens: what programs sign in with."""


OWNER = (
    click.option("--user", metavar="WHO", help="Somebody else's, for administrators."),
    click.option("--service-account", metavar="NAME", help="A service account's."),
)
WITHIN = (
    click.option("--role", metavar="ROLE", help="At most viewer, deployer or owner."),
    click.option("--project", metavar="NAME", help="Only in this project."),
    click.option("--stack", metavar="NAME", help="Only for this stack (or PROJECT/STACK)."),
    click.option("--workspace", metavar="NAME", help="Only in this workspace."),
)


@token.command(
    "list",
    calls=["GET /tokens"],
    examples=["gantry token list", "gantry token list --service-account ci"],
)
@having(*OWNER)
@click.option("--everybody", is_flag=True, help="Everybody's, for administrators.")
@listing_options
@connected
def list_tokens(here: Here, *, everybody: bool, **given: Any) -> None:
    """List tokens, newest first; never their text."""
    # The API calls it `all`, which is how long a list is to be here.
    here.listing("/tokens", COLUMNS, "id", given | ({"all": True} if everybody else {}))


@token.command(
    "show", calls=["GET /tokens/{token_id}"], examples=["gantry token show 06gzq1k2v5c8m9r3tw4x"]
)
@click.argument("token_id", metavar="ID")
@connected
def show(here: Here, token_id: str) -> None:
    """Show one token; never its text."""
    here.out.one(here.portal.get(path("tokens", token_id)), "id")


@token.command(
    "create",
    calls=["POST /tokens"],
    examples=[
        "gantry token create laptop",
        "gantry token create ci --scope read --scope run --expires 2027-06-30T00:00:00Z",
        "gantry token create deploy --service-account ci --project shop --workspace prod -q",
    ],
)
@click.argument("name")
@having(*OWNER)
@click.option("--scope", "scopes", multiple=True, help="read, run, administer, state; repeat it.")
@having(*WITHIN)
@click.option(
    "--expires", "expires_at", metavar="TIME", help="When it ends, such as 2027-06-30T00:00:00Z."
)
@connected
def create(here: Here, name: str, *, scopes: tuple[str, ...], **given: Any) -> None:
    """Make a token. Its text is printed now, and never shown again; --quiet prints it alone."""
    body = {"name": name, **said(given)} | ({"scopes": list(scopes)} if scopes else {})
    made = here.portal.make("/tokens", body)
    if here.out.as_json:
        return here.out.raw(made)
    if not made.get("token"):
        raise Failure(
            f"The token {made['id']} was made, but its text got lost on the way. Revoke it with "
            f"“gantry token revoke {made['id']}”, and make another."
        )
    here.out.say(f"Made the token {made['id']}. Keep this text; it is not shown again:")
    return print(made["token"])


@token.command(
    "revoke", calls=["DELETE /tokens/{token_id}"], examples=["gantry token revoke 06gzk3…"]
)
@click.argument("token_id", metavar="ID")
@connected
def revoke(here: Here, token_id: str) -> None:
    """Make a token useless, at once."""
    here.portal.delete(path("tokens", token_id))
    here.out.say("The token works no more.")
