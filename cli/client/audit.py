"""gantry audit: who did what, on what, from where, when."""

from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options
from cli.client.output import Column, when

COLUMNS = [
    Column("at", when("at")),
    Column("who", "actor.name"),
    Column("did", "action"),
    Column("on", "target.name", 1),
    Column("from", "address", 2),
    Column("request", "request_id", 3),
]


@click.group(cls=Group)
def audit() -> None:
    """The audit log: every change leaves one event, by whichever way it is made."""


@audit.command(
    "list",
    calls=["GET /audit"],
    examples=[
        "gantry audit list --action run.confirm --since 2026-11-01",
        "gantry audit list --target shop --all --json > audit.json",
    ],
)
@click.option("--who", metavar="NAME", help="By whoever has this in their name.")
@click.option("--action", metavar="WORD", help="A noun, such as run, or an action: run.confirm.")
@click.option("--target", metavar="NAME", help="On what has this id, or this in its name.")
@click.option("--since", metavar="WHEN", help="From this date or instant on.")
@click.option("--until", metavar="WHEN", help="Up to this date or instant.")
@click.option("--search", "q", metavar="WORDS", help="That hold this anywhere.")
@listing_options
@connected
def list_events(here: Here, **given: Any) -> None:
    """List what was done, newest first; --json has what was changed, before and after."""
    here.listing("/audit", COLUMNS, "id", given)
