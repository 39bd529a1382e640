"""gantry notices: what one is told by mail of one's own runs."""

import click

from cli.client.command import Command, Here, connected
from cli.client.fields import said


@click.command(
    cls=Command,
    calls=["GET /me/notices", "PUT /me/notices"],
    examples=["gantry notices", "gantry notices --waits --no-ends"],
)
@click.option("--waits/--no-waits", default=None, help="That a run waits for a person.")
@click.option("--fails/--no-fails", default=None, help="That a run failed, or took too long.")
@click.option("--ends/--no-ends", default=None, help="That one of ten minutes or more ended.")
@connected
def notices(here: Here, **given: bool | None) -> None:
    """Show what you are told by mail of your own runs, or choose it."""
    chosen = here.portal.get("/me/notices")
    if said(given):
        chosen = here.portal.put("/me/notices", chosen | said(given))
    here.out.one(chosen, "waits")
