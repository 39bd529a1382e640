"""gantry variable: values set at a project, workspace, stack or deployment."""

import sys
from typing import Any

import click

from cli.client.command import Group, Here, connected
from cli.client.http import path
from cli.client.kinds import PLACE, content, json_of
from cli.client.output import Column, when

PLACES = (
    "/projects/{project}",
    "/workspaces/{workspace}",
    "/projects/{project}/stacks/{stack}",
    "/projects/{project}/stacks/{stack}/workspaces/{workspace}",
)
COLUMNS = [
    Column("name", "name"),
    Column("category", "category", 2),
    Column("value", lambda row: "(hidden)" if row["hidden"] else row["value"]),
    Column("secret", "secret", 1),
    Column("changed", when("updated_at"), 3),
    Column("by", "updated_by", 4),
]


@click.group(cls=Group)
def variable() -> None:
    """Variables of a place; the nearest wins: deployment, stack, workspace, project.

    A PLACE is PROJECT, PROJECT/STACK, PROJECT/STACK/WORKSPACE or workspace:WORKSPACE.
    """


@variable.command(
    "list",
    calls=[f"GET {each}/variables" for each in PLACES],
    examples=["gantry variable list shop/web/prod", "gantry variable list workspace:prod"],
)
@click.argument("place", type=PLACE)
@connected
def list_variables(here: Here, place: tuple[str, ...]) -> None:
    """List the variables set at a place; values for those who may see them, never secret ones."""
    here.out.listing(here.portal.get(path(*place, "variables")), COLUMNS, "name")


@variable.command(
    "show",
    calls=[f"GET {each}/variables/{{name}}" for each in PLACES],
    examples=["gantry variable show shop/web/prod image"],
)
@click.argument("place", type=PLACE)
@click.argument("name")
@connected
def show(here: Here, place: tuple[str, ...], name: str) -> None:
    """Show one variable."""
    here.out.one(here.portal.get(path(*place, "variables", name)), "name")


@variable.command(
    "set",
    calls=[f"PUT {each}/variables/{{name}}" for each in PLACES],
    examples=[
        "gantry variable set shop/web/prod image web:1.9",
        'gantry variable set shop/web/prod zones \'["a", "b"]\' --typed',
        "gantry variable set workspace:prod AWS_REGION eu-central-1 --env",
        "gantry variable set workspace:prod database_password --secret < password.txt",
        "gantry variable set shop/web/prod certificate @server.pem --secret",
    ],
)
@click.argument("place", type=PLACE)
@click.argument("name")
@click.argument("value", required=False)
@click.option("--env", is_flag=True, help="An environment variable, not one of terraform.")
@click.option("--secret/--plain", default=None, help="Written, and never shown again; or shown.")
@click.option("--typed", is_flag=True, help="The value is JSON: a number, a list, an object.")
@click.option("--version", type=int, metavar="N", help="Only if this is still its version.")
@connected
def set_variable(here: Here, place: tuple[str, ...], name: str, **given: Any) -> None:
    """Make or change a variable.

    @FILE takes the VALUE from a file, just as it is. Without a VALUE it is read from standard input
    (a line end at its end is left out), or asked for without showing it. A secret belongs there,
    not on a command line, which others on the machine can read.
    """
    text = _text(given["value"], secret=bool(given["secret"]))
    body: dict[str, Any] = {"value": json_of(text, "--typed") if given["typed"] else text}
    if given["env"]:
        body["category"] = "environment"
    body |= {field: given[field] for field in ("secret", "version") if given[field] is not None}
    made = here.portal.put(path(*place, "variables", name), body)
    here.out.done(made, "name", f"Set {name}.")
    for warning in made.get("warnings", []):
        here.out.say(warning)


@variable.command(
    "delete",
    calls=[f"DELETE {each}/variables/{{name}}" for each in PLACES],
    examples=["gantry variable delete shop/web/prod image"],
)
@click.argument("place", type=PLACE)
@click.argument("name")
@connected
def delete(here: Here, place: tuple[str, ...], name: str) -> None:
    """Take a variable away."""
    here.portal.delete(path(*place, "variables", name))
    here.out.say(f"Took {name} away.")


def _text(value: str | None, *, secret: bool) -> str:
    if value is not None:
        return content(value)
    if sys.stdin.isatty():
        return str(click.prompt("Value", hide_input=True, err=True, confirmation_prompt=secret))
    return sys.stdin.read().removesuffix("\n")
