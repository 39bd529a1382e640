"""gantry deployment ttl: when a deployment is destroyed by itself."""

import click

from cli.client.command import Group, Here, connected
from cli.client.fields import VERSION, having, said
from cli.client.kinds import DEPLOYMENT, deployment_path
from cli.client.output import local

ONE = "/projects/{project}/stacks/{stack}/workspaces/{workspace}/time-to-live"


@click.group(cls=Group)
def ttl() -> None:
    """Time to live: when a deployment is destroyed by itself."""


@ttl.command("show", calls=[f"GET {ONE}"], examples=["gantry deployment ttl show shop/web/dev"])
@click.argument("place", type=DEPLOYMENT)
@connected
def show_ttl(here: Here, place: tuple[str, ...]) -> None:
    """Show when a deployment is destroyed."""
    here.out.one(here.portal.get(deployment_path(place, "time-to-live")), "at")


@ttl.command(
    "set",
    calls=[f"PUT {ONE}"],
    examples=[
        "gantry deployment ttl set shop/web/review-7 2026-12-24T18:00 --timezone Europe/Berlin"
    ],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("at", metavar="TIME")
@click.option("--timezone", metavar="ZONE", help="Of a TIME without one; UTC if not said.")
@click.option(
    "--then",
    type=click.Choice(["keep", "deployment", "stack"]),
    help="What is removed afterwards; keep removes nothing.",
)
@having(VERSION)
@connected
def set_ttl(here: Here, place: tuple[str, ...], **given: str | int | None) -> None:
    """Set or move it: a destroy is made then, and applied without asking again."""
    done = here.portal.put(deployment_path(place, "time-to-live"), said(given))
    here.out.done(done, "at", f"{'/'.join(place)} is destroyed at {local(done['at'])}.")


@ttl.command(
    "remove", calls=[f"DELETE {ONE}"], examples=["gantry deployment ttl remove shop/web/review-7"]
)
@click.argument("place", type=DEPLOYMENT)
@connected
def remove_ttl(here: Here, place: tuple[str, ...]) -> None:
    """Take it away; nothing is destroyed."""
    here.portal.delete(deployment_path(place, "time-to-live"))
    here.out.say(f"{'/'.join(place)} stays.")
