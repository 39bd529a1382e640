"""gantry vcs: what deployments are linked to; integrations and deliveries stand beside."""

from typing import Any

import click

from cli.client import vcs_delivery, vcs_integration
from cli.client.command import Group, Here, connected
from cli.client.fields import VERSION, having, said
from cli.client.kinds import DEPLOYMENT, STACK, deployment_path, stack_path
from cli.client.output import Column

LINK = "/projects/{project}/stacks/{stack}/workspaces/{workspace}/vcs-link"
LINKS = [
    Column("workspace", "workspace"),
    Column("repository", "repository"),
    Column("branch", "branch", 1),
    Column("path", "path", 2),
    Column("on push", "on_push", 3),
    Column("pull requests", "on_pull_request", 4),
]


@click.group(cls=Group)
def vcs() -> None:
    """Repositories: integrations with services, links of deployments, deliveries."""


vcs.add_command(vcs_integration.integration)
vcs.add_command(vcs_delivery.delivery)


@vcs.command(
    "links",
    calls=["GET /projects/{project}/stacks/{stack}/vcs-links"],
    examples=["gantry vcs links shop/web"],
)
@click.argument("stack", type=STACK)
@connected
def links(here: Here, stack: tuple[str, ...]) -> None:
    """List which repositories the deployments of a stack are linked to."""
    here.out.listing(here.portal.get(stack_path(stack, "vcs-links")), LINKS, "repository")


@vcs.command(
    "link",
    calls=[f"GET {LINK}", f"PUT {LINK}"],
    examples=[
        "gantry vcs link shop/web/prod",
        "gantry vcs link shop/web/prod --integration github --repository shop/infra --path web",
    ],
)
@click.argument("place", type=DEPLOYMENT)
@click.option("--integration", metavar="NAME", help="Through this integration.")
@click.option("--repository", metavar="NAME", help="To this repository.")
@click.option("--branch", help="Follow this branch; the repository's default if not said.")
@click.option("--path", metavar="DIR", help="Where the code is in it.")
@click.option(
    "--glob", "globs", multiple=True, metavar="PATTERN", help="Other files that concern it."
)
@click.option("--tags", metavar="PATTERN", help="Which tags start a run.")
@click.option(
    "--on-push", type=click.Choice(["apply", "preview", "nothing"]), help="What a push starts."
)
@click.option("--on-pull-request/--no-pull-request", default=None, help="Preview them; or not.")
@click.option("--allow-forks/--no-forks", default=None, help="Those of forks, too; or not.")
@having(VERSION)
@connected
def link(here: Here, place: tuple[str, ...], **given: Any) -> None:
    """Show a deployment's link; with --repository link it, or change its link as a whole."""
    where, globs = deployment_path(place, "vcs-link"), list(given.pop("globs"))
    body = said(given) | ({"globs": globs} if globs else {})
    if not body:
        return here.out.one(here.portal.get(where), "repository")
    if not {"integration", "repository"} <= set(body):
        raise click.UsageError("Say --integration and --repository.")
    made = here.portal.put(where, body)
    return here.out.done(made, "repository", f"{'/'.join(place)} follows {made['repository']}.")


@vcs.command("unlink", calls=[f"DELETE {LINK}"], examples=["gantry vcs unlink shop/web/prod"])
@click.argument("place", type=DEPLOYMENT)
@connected
def unlink(here: Here, place: tuple[str, ...]) -> None:
    """Take a deployment's link away; what it has started goes on."""
    here.portal.delete(deployment_path(place, "vcs-link"))
    here.out.say(f"{'/'.join(place)} follows no repository any more.")
