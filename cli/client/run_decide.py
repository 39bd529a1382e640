"""gantry run confirm, discard, cancel, force-cancel, review: deciding about runs."""

from typing import Any

import click

from cli.client import follow, plan
from cli.client.command import Command, Here, connected
from cli.client.failures import Exit, Failure
from cli.client.http import Json, path
from cli.client.kinds import RUN, run_id
from cli.client.run_act import act
from cli.client.screen import run_place

METADATA = click.option(
    "--metadata", multiple=True, metavar="TEXT", help="A string to attach, such as a signature."
)


@click.command(
    "confirm",
    cls=Command,
    calls=["POST /runs/{run_id}/confirm"],
    examples=[
        "gantry run confirm shop#17",
        "gantry run confirm shop#17 --yes --follow",
        "gantry run confirm shop#17 --yes --plan-sha256 $SHA",
    ],
)
@click.argument("run", type=RUN)
@click.option("--plan-sha256", metavar="SHA", help="Only if this is still the plan that waits.")
@follow.options
@connected
def confirm(here: Here, run: str, **given: Any) -> None:
    """Accept a run's plan, so that exactly it is applied.

    Shows what the plan changes, and asks. The plan that was shown is the one that is confirmed:
    when another has taken its place, the portal refuses.
    """
    found: Json = here.portal.get(path("runs", run_id(here.portal, run)))
    wanted = given["plan_sha256"] or found["plan_sha256"]
    if found["state"] != "unconfirmed" or wanted != found["plan_sha256"]:
        # The portal says why not.
        body = {"plan_sha256": wanted} if wanted else {}
        act(here, found["id"], "confirm", body)
    accepted = plan.decide(here, found, yes=given["yes"], confirm_name=given["confirm_name"])
    if accepted is None:
        raise Failure("Nothing was confirmed; the run waits.", Exit.NEEDS_PERSON)
    if given["follow"] or given["wait"]:
        follow.through(here, accepted, given)
    here.out.done(accepted, "id", f"Confirmed; run {accepted['number']} is {accepted['state']}.")


@click.command(
    "discard",
    cls=Command,
    calls=["POST /runs/{run_id}/discard"],
    examples=["gantry run discard shop#17 --reason 'wrong branch'"],
)
@click.argument("run", type=RUN)
@click.option("--reason", default="", help="Why; kept in its history.")
@METADATA
@connected
def discard(here: Here, run: str, *, reason: str, metadata: tuple[str, ...]) -> None:
    """Drop a run before its work begins, or its plan before it is applied."""
    body = {"reason": reason, "metadata": list(metadata)}
    _acted(here, run, "discard", body, "is discarded")


@click.command(
    "cancel",
    cls=Command,
    calls=["POST /runs/{run_id}/cancel"],
    examples=["gantry run cancel shop#17"],
)
@click.argument("run", type=RUN)
@METADATA
@connected
def cancel(here: Here, run: str, *, metadata: tuple[str, ...]) -> None:
    """Ask a run at work to stop: its engine may finish what it must, and save its state."""
    _acted(here, run, "cancel", {"metadata": list(metadata)}, "is asked to stop")


@click.command(
    "force-cancel",
    cls=Command,
    calls=["POST /runs/{run_id}/force-cancel"],
    examples=["gantry run force-cancel shop#17 --yes"],
)
@click.argument("run", type=RUN)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@METADATA
@connected
def force_cancel(here: Here, run: str, *, yes: bool, metadata: tuple[str, ...]) -> None:
    """Kill a run that did not stop in its grace period. Its deployment is blocked afterwards."""
    if not yes:
        click.confirm(
            "What the run was changing is left half done, and its deployment is blocked until "
            "somebody settles it. Kill it?",
            abort=True,
            err=True,
        )
    _acted(here, run, "force-cancel", {"metadata": list(metadata)}, "is being killed")


def _acted(here: Here, reference: str, verb: str, body: Json, said: str) -> None:
    done = act(here, run_id(here.portal, reference), verb, body)
    here.out.done(done, "id", f"Run {done['number']}, {run_place(done)}, {said}.")
