"""gantry stack: code that describes resources."""

from pathlib import Path
from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options, searched
from cli.client.fields import (
    DELETING,
    DESCRIPTION,
    PROTECTED,
    SOURCE,
    TITLE,
    VERSION,
    agreed,
    changed,
    having,
    said,
    take_source,
)
from cli.client.http import Json, path
from cli.client.kinds import PROJECT, STACK, stack_path
from cli.client.output import Column, when

COLUMNS = [
    Column("stack", lambda item: f"{item['project']}/{item['name']}"),
    Column("engine", "engine", 2),
    Column("published", "published", 3),
    Column("auto-apply", "auto_apply", 4),
    Column("source", lambda item: _source(item["source"]), 1),
    Column("title", "title", 5),
    Column("created", when("created_at"), 6),
]
LOCAL = click.option(
    "--local",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Pack and upload this folder as its code.",
)
SETTINGS = (
    TITLE,
    DESCRIPTION,
    click.option("--engine", help="terraform, unless another is there."),
    LOCAL,
    *SOURCE,
    click.option(
        "--published/--draft", default=None, help="Whether triggers may start it; or people only."
    ),
    PROTECTED,
    click.option(
        "--auto-apply/--no-auto-apply", default=None, help="Apply without asking; or ask."
    ),
    click.option("--cancel-grace-s", type=int, metavar="S", help="Until force-cancel is allowed."),
    click.option("--max-duration-s", type=int, metavar="S", help="The longest time at work."),
    click.option("--silence-notice-s", type=int, metavar="S", help="Until silence is a notice."),
    click.option("--plan-expires-s", type=int, metavar="S", help="How long a plan may wait."),
)


@click.group(cls=Group)
def stack() -> None:
    """Stacks: code that describes resources, and how it is run."""


@stack.command(
    "list", calls=["GET /projects/{project}/stacks"], examples=["gantry stack list shop"]
)
@click.argument("project", type=PROJECT)
@searched
@listing_options
@connected
def list_stacks(here: Here, project: tuple[str, ...], **given: Any) -> None:
    """List the stacks of a project, by name."""
    here.listing(path("projects", *project, "stacks"), COLUMNS, "name", given)


@stack.command(
    "show",
    calls=["GET /projects/{project}/stacks/{stack}"],
    examples=["gantry stack show shop/web"],
)
@click.argument("stack", type=STACK)
@connected
def show(here: Here, stack: tuple[str, ...]) -> None:
    """Show one stack with its settings."""
    here.out.one(here.portal.get(stack_path(stack)), "name")


@stack.command(
    "create",
    calls=["POST /projects/{project}/stacks"],
    examples=[
        "gantry stack create shop/web --local ./infra",
        "gantry stack create shop/web --git https://git.example.com/shop.git --ref main --path web",
    ],
)
@click.argument("stack", type=STACK)
@having(*SETTINGS)
@connected
def create(here: Here, stack: tuple[str, ...], **given: Any) -> None:
    """Make a stack in a project."""
    project, name = stack
    body = {"name": name, **_settings(here, project, given)}
    made = here.portal.make(path("projects", project, "stacks"), body)
    here.out.done(made, "name", f"Made the stack {project}/{made['name']}.")


@stack.command(
    "edit",
    calls=["PATCH /projects/{project}/stacks/{stack}"],
    examples=["gantry stack edit shop/web --auto-apply", "gantry stack edit shop/web --local ."],
)
@click.argument("stack", type=STACK)
@having(*SETTINGS, VERSION)
@connected
def edit(here: Here, stack: tuple[str, ...], **given: Any) -> None:
    """Change a stack: its source, or how it is run."""
    version = given.pop("version")
    body = changed({**_settings(here, stack[0], given), "version": version})
    made = here.portal.patch(stack_path(stack), body)
    here.out.done(made, "name", f"Changed the stack {stack[0]}/{made['name']}.")


@stack.command(
    "publish",
    calls=["POST /projects/{project}/stacks/{stack}/publish"],
    examples=["gantry stack publish shop/web"],
)
@click.argument("stack", type=STACK)
@connected
def publish(here: Here, stack: tuple[str, ...]) -> None:
    """Let everything that starts runs start a stack, schedules and events among them."""
    made = here.portal.do(stack_path(stack, "publish"))
    here.out.done(made, "name", f"Published the stack {'/'.join(stack)}.")


@stack.command(
    "unpublish",
    calls=["POST /projects/{project}/stacks/{stack}/unpublish"],
    examples=["gantry stack unpublish shop/web"],
)
@click.argument("stack", type=STACK)
@connected
def unpublish(here: Here, stack: tuple[str, ...]) -> None:
    """Make a stack a draft again, which only people and programs start."""
    made = here.portal.do(stack_path(stack, "unpublish"))
    here.out.done(made, "name", f"The stack {'/'.join(stack)} is a draft.")


@stack.command(
    "delete",
    calls=["DELETE /projects/{project}/stacks/{stack}"],
    examples=["gantry stack delete shop/old --yes"],
)
@click.argument("stack", type=STACK)
@having(*DELETING)
@connected
def delete(here: Here, stack: tuple[str, ...], *, yes: bool, abandon_resources: bool) -> None:
    """Delete a stack with all that is kept of it. Asks for its name; cannot be undone."""
    agreed("stack", stack[1], yes=yes)
    query = {"confirm": stack[1], "abandon_resources": abandon_resources or None}
    here.portal.delete(stack_path(stack), **query)
    here.out.say(f"Deleted the stack {'/'.join(stack)}.")


def _settings(here: Here, project: str, given: Json) -> Json:
    folder = given.get("local")
    source = take_source(given)
    if folder is not None:
        from cli.client.inputs import uploaded

        source = uploaded(here, project, folder)
    return said({**given, "source": source})


def _source(source: Json | None) -> str:
    if source is None:
        return ""
    return str(source.get("url") or source.get("name") or source.get("id") or source.get("kind"))
