"""gantry user: people, for who has a shell on the server."""

import sys
from typing import Any

import click

from cli import portal


@click.group()
def user() -> None:
    """People."""


@user.command()
@click.argument("email")
@click.option("--name", default="", help="What pages call them.")
@click.option("--admin", is_flag=True, help="Make them an administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, name: str, *, admin: bool, password_stdin: bool) -> None:
    """Make a user. Without a password one is made and printed."""
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    with portal.opened():
        from services import users
        from services.access import SYSTEM

        made, password = users.create(SYSTEM, email, name=name, password=given, is_admin=admin)
        print(f"Made {made.email}.")
        if password:
            print(f"Password, to be changed at first sign-in: {password}")


@user.command("list")
def list_users() -> None:
    """List everybody."""
    with portal.opened():
        from services import users
        from services.access import SYSTEM

        after = None
        while True:
            found = users.listed(SYSTEM, after=after, limit=200)
            for each in found.items:
                notes = [word for word, holds in _notes(each) if holds]
                print(f"{each.email}\t{each.name}\t{', '.join(notes)}")
            if found.next is None:
                return
            after = found.next


@user.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Give a user a new password, which is printed; ends their sessions."""
    with portal.opened():
        from services import users
        from services.access import SYSTEM

        _, password = users.reset_password(SYSTEM, email)
        print(f"Password, to be changed at the next sign-in: {password}")


@user.command()
@click.argument("email")
def deactivate(email: str) -> None:
    """Shut a user out; ends their sessions, their tokens work no more."""
    with portal.opened():
        from services import users
        from services.access import SYSTEM

        users.edit(SYSTEM, email, users.Changes(is_active=False))
        print(f"{email} can no longer sign in.")


def _notes(each: Any) -> list[tuple[str, bool]]:
    return [("administrator", each.is_admin), ("shut out", not each.is_active)]
