"""gantry workspace: places to deploy to."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options, searched
from cli.client.fields import (
    DELETING,
    DESCRIPTION,
    PROTECTED,
    TITLE,
    VERSION,
    agreed,
    changed,
    having,
    said,
)
from cli.client.http import path
from cli.client.kinds import WORKSPACE
from cli.client.output import Column, when

COLUMNS = [
    Column("workspace", "name"),
    Column("protected", "protected"),
    Column("title", "title", 1),
    Column("created", when("created_at"), 2),
    Column("by", "created_by", 3),
]
DESTROYED = [
    Column("project", "project"),
    Column("stack", "stack"),
    Column("run", "run.number"),
    Column("why not", "reason"),
    Column("id", "run.id", 1),
]


@click.group(cls=Group)
def workspace() -> None:
    """Workspaces: places to deploy to, such as staging and prod."""


@workspace.command("list", calls=["GET /workspaces"], examples=["gantry workspace list"])
@searched
@listing_options
@connected
def list_workspaces(here: Here, **given: Any) -> None:
    """List the workspaces that you see, by name."""
    here.listing("/workspaces", COLUMNS, "name", given)


@workspace.command(
    "show", calls=["GET /workspaces/{workspace}"], examples=["gantry workspace show prod"]
)
@click.argument("workspace", type=WORKSPACE)
@connected
def show(here: Here, workspace: tuple[str, ...]) -> None:
    """Show one workspace."""
    here.out.one(here.portal.get(path("workspaces", *workspace)), "name")


@workspace.command(
    "create", calls=["POST /workspaces"], examples=["gantry workspace create prod --protected"]
)
@click.argument("name")
@having(TITLE, DESCRIPTION, PROTECTED)
@connected
def create(here: Here, name: str, **given: Any) -> None:
    """Make a workspace; you become its owner. NAME stands in URLs and is never changed."""
    made = here.portal.make("/workspaces", {"name": name, **said(given)})
    here.out.done(made, "name", f"Made the workspace {made['name']}.")


@workspace.command(
    "edit",
    calls=["PATCH /workspaces/{workspace}"],
    examples=["gantry workspace edit prod --protected"],
)
@click.argument("workspace", type=WORKSPACE)
@having(TITLE, DESCRIPTION, PROTECTED, VERSION)
@connected
def edit(here: Here, workspace: tuple[str, ...], **given: Any) -> None:
    """Change a workspace's title, description or protection."""
    made = here.portal.patch(path("workspaces", *workspace), changed(given))
    here.out.done(made, "name", f"Changed the workspace {made['name']}.")


@workspace.command(
    "delete",
    calls=["DELETE /workspaces/{workspace}"],
    examples=["gantry workspace delete old --yes"],
)
@click.argument("workspace", type=WORKSPACE)
@having(*DELETING)
@connected
def delete(here: Here, workspace: tuple[str, ...], *, yes: bool, abandon_resources: bool) -> None:
    """Delete a workspace with all that is kept of it. Asks for its name; cannot be undone."""
    name = workspace[0]
    agreed("workspace", name, yes=yes)
    query = {"confirm": name, "abandon_resources": abandon_resources or None}
    here.portal.delete(path("workspaces", name), **query)
    here.out.say(f"Deleted the workspace {name}.")


@workspace.command(
    "destroy",
    calls=["POST /workspaces/{workspace}/destroy"],
    examples=["gantry workspace destroy review-12 --yes"],
)
@click.argument("workspace", type=WORKSPACE)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@connected
def destroy(here: Here, workspace: tuple[str, ...], *, yes: bool) -> None:
    """Make a destroy run for everything deployed in a workspace. The workspace stays."""
    name = workspace[0]
    agreed("workspace", name, yes=yes)
    made = here.portal.make(path("workspaces", name, "destroy"), {"confirm": name})
    here.out.listing(made, DESTROYED, "run.id")
