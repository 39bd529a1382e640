"""gantry service-account: who programs are."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options, searched
from cli.client.fields import VERSION, changed, having, said
from cli.client.http import path
from cli.client.output import Column, when

COLUMNS = [
    Column("account", "name"),
    Column("description", "description", 2),
    Column("responsible", "responsible", 1),
    Column("admin", "is_admin", 3),
    Column("active", "is_active", 1),
    Column("created", when("created_at"), 4),
]
DESCRIPTION = click.option("--description", help="What it is for.")
RESPONSIBLE = click.option("--responsible", metavar="WHO", help="Whom to ask about it.")


@click.group(cls=Group)
def service_account() -> None:
    """Service accounts: who programs are. “gantry token create --service-account” makes a token."""


@service_account.command(
    "list", calls=["GET /service-accounts"], examples=["gantry service-account list"]
)
@searched
@listing_options
@connected
def list_accounts(here: Here, **given: Any) -> None:
    """List service accounts, by name (administrators)."""
    here.listing("/service-accounts", COLUMNS, "name", given)


@service_account.command(
    "show",
    calls=["GET /service-accounts/{account}"],
    examples=["gantry service-account show ci"],
)
@click.argument("account")
@connected
def show(here: Here, account: str) -> None:
    """Show one service account."""
    here.out.one(here.portal.get(path("service-accounts", account)), "name")


@service_account.command(
    "create",
    calls=["POST /service-accounts"],
    examples=["gantry service-account create ci --description 'Deploys from CI'"],
)
@click.argument("name")
@having(DESCRIPTION, RESPONSIBLE)
@click.option("--admin", "is_admin", is_flag=True, help="It may do everything.")
@connected
def create(here: Here, name: str, *, is_admin: bool, **given: Any) -> None:
    """Make a service account. It has no role and no token yet."""
    body = {"name": name, **said(given)} | ({"is_admin": True} if is_admin else {})
    made = here.portal.make("/service-accounts", body)
    here.out.done(made, "name", f"Made the service account {made['name']}.")


@service_account.command(
    "edit",
    calls=["PATCH /service-accounts/{account}"],
    examples=["gantry service-account edit ci --inactive"],
)
@click.argument("account")
@having(DESCRIPTION, RESPONSIBLE)
@click.option("--admin/--no-admin", "is_admin", default=None, help="It may do everything; or not.")
@click.option("--active/--inactive", "is_active", default=None, help="Its tokens are good; or not.")
@having(VERSION)
@connected
def edit(here: Here, account: str, **given: Any) -> None:
    """Change a service account, or shut it out."""
    made = here.portal.patch(path("service-accounts", account), changed(given))
    here.out.done(made, "name", f"Changed the service account {made['name']}.")
