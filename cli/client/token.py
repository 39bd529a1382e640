"""gantry token: API tokens."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options
from cli.client.http import path
from cli.client.output import Column, when

COLUMNS = [
    Column("name", "name"),
    Column("scopes", "scopes", 1),
    Column("created", when("created_at"), 3),
    Column("expires", when("expires_at"), 2),
    Column("last used", when("last_used_at"), 1),
    Column("id", "id"),
]


@click.group(cls=Group)
def token() -> None:
    """Tokens: what programs sign in with."""


@token.command(
    "list",
    calls=["GET /tokens"],
    examples=["gantry token list", "gantry token list --user dave@example.com"],
)
@click.option("--user", metavar="WHO", help="Somebody else's, for administrators.")
@listing_options
@connected
def list_tokens(here: Here, **given: Any) -> None:
    """List tokens, newest first; never their text."""
    here.listing("/tokens", COLUMNS, "id", given)


@token.command(
    "create",
    calls=["POST /tokens"],
    examples=[
        "gantry token create laptop",
        "gantry token create ci --scope read --scope run --expires 2027-06-30T00:00:00Z -q > token",
    ],
)
@click.argument("name")
@click.option("--user", metavar="WHO", help="For somebody else, by administrators.")
@click.option("--scope", "scopes", multiple=True, help="read, run, administer, state; repeat it.")
@click.option("--expires", metavar="TIME", help="When it ends, such as 2027-06-30T00:00:00Z.")
@connected
def create(
    here: Here, name: str, *, user: str | None, scopes: tuple[str, ...], expires: str | None
) -> None:
    """Make a token. Its text is printed now, and never shown again; --quiet prints it alone."""
    body: dict[str, Any] = {"name": name}
    body |= {"user": user} if user else {}
    body |= {"scopes": list(scopes)} if scopes else {}
    body |= {"expires_at": expires} if expires else {}
    made = here.portal.make("/tokens", body)
    if here.out.as_json:
        return here.out.raw(made)
    if not made.get("token"):
        here.out.say(
            f"The token {made['id']} was made, but its text got lost on the way: revoke it."
        )
        raise SystemExit(1)
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
