"""gantry vcs delivery: what services have sent, and what became of it."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options
from cli.client.http import path
from cli.client.kinds import DEPLOYMENT
from cli.client.output import Column, when
from cli.client.screen import run_place

DELIVERY = "/deliveries/{delivery_id}"
DELIVERIES = [
    Column("received", when("received_at")),
    Column("event", "event", 2),
    Column("repository", "repository"),
    Column("verdict", "verdict"),
    Column("reason", "reason", 3),
    Column("id", "id", 1),
]


@click.group(cls=Group)
def delivery() -> None:
    """What services have sent, and what became of it."""


@delivery.command(
    "list",
    calls=["GET /deliveries"],
    examples=["gantry vcs delivery list --project shop"],
)
@click.option("--integration", metavar="ID", help="By this integration.")
@click.option("--project", metavar="NAME", help="For this project.")
@click.option("--verdict", metavar="WORD", help="What became of it.")
@listing_options
@connected
def list_deliveries(here: Here, **given: Any) -> None:
    """List deliveries, newest first."""
    here.listing("/deliveries", DELIVERIES, "id", given)


@delivery.command(
    "show", calls=[f"GET {DELIVERY}"], examples=["gantry vcs delivery show 06gzq1k2v5c8m9r3tw4x"]
)
@click.argument("delivery_id", metavar="ID")
@connected
def show_delivery(here: Here, delivery_id: str) -> None:
    """Show a delivery, and what became of it for each deployment that you see."""
    here.out.one(here.portal.get(path("deliveries", delivery_id)), "id")


@delivery.command(
    "redeliver",
    calls=[f"POST {DELIVERY}/redeliver"],
    examples=["gantry vcs delivery redeliver 06gzq1k2v5c8m9r3tw4x"],
)
@click.argument("delivery_id", metavar="ID")
@connected
def redeliver(here: Here, delivery_id: str) -> None:
    """Deal with a delivery again; what was started is not started again."""
    done = here.portal.do(path("deliveries", delivery_id, "redeliver"))
    here.out.done(done, "id", "It is dealt with again.")


@delivery.command(
    "run-anyway",
    calls=[f"POST {DELIVERY}/run-anyway"],
    examples=["gantry vcs delivery run-anyway 06gzq1k2v5c8m9r3tw4x shop/web/prod"],
)
@click.argument("delivery_id", metavar="ID")
@click.argument("place", type=DEPLOYMENT)
@connected
def run_anyway(here: Here, delivery_id: str, place: tuple[str, ...]) -> None:
    """Make the run of a skipped delivery for one deployment, with your rights."""
    body = dict(zip(("project", "stack", "workspace"), place, strict=True))
    made = here.portal.make(path("deliveries", delivery_id, "run-anyway"), body)
    here.out.done(made, "id", f"Made run {made['number']}, {run_place(made)}: {made['id']}")
