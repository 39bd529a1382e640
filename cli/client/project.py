"""gantry project: teams' homes."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options, searched
from cli.client.fields import DELETING, DESCRIPTION, TITLE, VERSION, agreed, changed, having, said
from cli.client.http import path
from cli.client.kinds import PROJECT
from cli.client.output import Column, when

COLUMNS = [
    Column("project", "name"),
    Column("title", "title", 1),
    Column("created", when("created_at"), 2),
    Column("by", "created_by", 3),
]


@click.group(cls=Group)
def project() -> None:
    """Projects: a team's home, with its stacks and members."""


@project.command("list", calls=["GET /projects"], examples=["gantry project list --search pay"])
@searched
@listing_options
@connected
def list_projects(here: Here, **given: Any) -> None:
    """List the projects that you see, by name."""
    here.listing("/projects", COLUMNS, "name", given)


@project.command("show", calls=["GET /projects/{project}"], examples=["gantry project show shop"])
@click.argument("project", type=PROJECT)
@connected
def show(here: Here, project: tuple[str, ...]) -> None:
    """Show one project."""
    here.out.one(here.portal.get(path("projects", *project)), "name")


@project.command(
    "create", calls=["POST /projects"], examples=["gantry project create shop --title 'The shop'"]
)
@click.argument("name")
@having(TITLE, DESCRIPTION)
@connected
def create(here: Here, name: str, **given: Any) -> None:
    """Make a project; you become its owner. NAME stands in URLs and is never changed."""
    made = here.portal.make("/projects", {"name": name, **said(given)})
    here.out.done(made, "name", f"Made the project {made['name']}.")


@project.command(
    "edit",
    calls=["PATCH /projects/{project}"],
    examples=["gantry project edit shop --title 'Our shop'"],
)
@click.argument("project", type=PROJECT)
@having(TITLE, DESCRIPTION, VERSION)
@connected
def edit(here: Here, project: tuple[str, ...], **given: Any) -> None:
    """Change a project's title or description."""
    made = here.portal.patch(path("projects", *project), changed(given))
    here.out.done(made, "name", f"Changed the project {made['name']}.")


@project.command(
    "delete", calls=["DELETE /projects/{project}"], examples=["gantry project delete old --yes"]
)
@click.argument("project", type=PROJECT)
@having(*DELETING)
@connected
def delete(here: Here, project: tuple[str, ...], *, yes: bool, abandon_resources: bool) -> None:
    """Delete a project with all that is kept of it. Asks for its name; cannot be undone."""
    name = project[0]
    agreed("project", name, yes=yes)
    query = {"confirm": name, "abandon_resources": abandon_resources or None}
    here.portal.delete(path("projects", name), **query)
    here.out.say(f"Deleted the project {name}.")
