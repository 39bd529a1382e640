"""gantry admin: what administrators do over the API, from anywhere.

`gantry user` and `gantry hold` do the same on the server's machine, without a token.
"""

import sys
from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options, searched
from cli.client.fields import VERSION, changed, having, said
from cli.client.http import path
from cli.client.output import Column, when

USERS = [
    Column("e-mail", "email"),
    Column("name", "name", 1),
    Column("admin", "is_admin", 2),
    Column("active", "is_active", 2),
    Column("last here", when("last_sign_in_at"), 3),
    Column("id", "id", 4),
]
NAME = click.option("--name", help="What pages call them.")
PASSWORD = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group(cls=Group)
def admin() -> None:
    """What administrators do over the API: users, and the hold after a restore."""


@admin.group(cls=Group)
def user() -> None:
    """People."""


@user.command(
    "list", calls=["GET /users"], examples=["gantry admin user list --search example.com"]
)
@searched
@listing_options
@connected
def list_users(here: Here, **given: Any) -> None:
    """List everybody, by address."""
    here.listing("/users", USERS, "email", given)


@user.command(
    "show", calls=["GET /users/{user_id}"], examples=["gantry admin user show dave@example.com"]
)
@click.argument("who")
@connected
def show(here: Here, who: str) -> None:
    """Show somebody, by address or id."""
    here.out.one(here.portal.get(path("users", who)), "id")


@user.command(
    "create",
    calls=["POST /users"],
    examples=[
        "gantry admin user create nia@example.com --name Nia",
        "gantry admin user create nia@example.com --password-stdin < password",
    ],
)
@click.argument("email")
@NAME
@click.option("--admin", "is_admin", is_flag=True, help="Make them an administrator.")
@PASSWORD
@connected
def create(
    here: Here, email: str, *, name: str | None, is_admin: bool, password_stdin: bool
) -> None:
    """Make a user. Without a password one is made, and printed this once."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    body = said({"email": email, "name": name, "password": password}) | {"is_admin": is_admin}
    made = here.portal.make("/users", body)
    here.out.done(made, "id", f"Made {made['email']}.")
    if made.get("password") and here.out.is_for_people:
        here.out.say("Password, to be changed at first sign-in:")
        print(made["password"])


@user.command(
    "edit",
    calls=["PATCH /users/{user_id}"],
    examples=["gantry admin user edit dave@example.com --inactive"],
)
@click.argument("who")
@NAME
@click.option("--admin/--no-admin", "is_admin", default=None, help="An administrator; or not.")
@click.option("--active/--inactive", "is_active", default=None, help="Let them in; or shut out.")
@PASSWORD
@having(VERSION)
@connected
def edit(here: Here, who: str, *, password_stdin: bool, **given: Any) -> None:
    """Change a user: name, rights, whether they may come in, password."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    made = here.portal.patch(path("users", who), changed({**given, "password": password}))
    here.out.done(made, "id", f"Changed {made['email']}.")


@admin.group(cls=Group)
def hold() -> None:
    """The hold after a restore, in which nothing runs."""


@hold.command("show", calls=["GET /hold"], examples=["gantry admin hold show"])
@connected
def show_hold(here: Here) -> None:
    """Say whether nothing runs now, and why."""
    here.out.one(here.portal.get("/hold"), "on_hold")


@hold.command("release", calls=["POST /hold/release"], examples=["gantry admin hold release"])
@connected
def release(here: Here) -> None:
    """Let runs go on."""
    here.portal.do("/hold/release")
    here.out.say("Runs go on.")
