"""gantry drift: whether what exists is still what was applied."""

from typing import Any

import click

from cli.client import follow
from cli.client.command import Group, Here, connected, listing_options
from cli.client.fields import VERSION, having, said
from cli.client.http import Json
from cli.client.kinds import DEPLOYMENT, deployment_path
from cli.client.output import Column, when
from cli.client.screen import run_place

ONE = "/projects/{project}/stacks/{stack}/workspaces/{workspace}/drift"
COLUMNS = [
    Column("where", run_place),
    Column("drifted", lambda item: _verdict(item["drifted"])),
    Column("things", "count", 1),
    Column("since", when("since"), 2),
    Column("checked", when("checked_at"), 2),
    Column("run", "run.number", 3),
    Column("note", "note", 4),
]


def _verdict(drifted: bool | None) -> str:  # noqa: FBT001 - it is one of three values
    return {True: "yes", False: "no", None: "never checked"}[drifted]


@click.group(cls=Group)
def drift() -> None:
    """Drift: whether what exists is still what was applied."""


@drift.command(
    "list", calls=["GET /drift"], examples=["gantry drift list --drifted --workspace prod"]
)
@click.option("--drifted/--not-drifted", default=None, help="Those that have; or have not.")
@click.option("--project", metavar="NAME", help="In this project.")
@click.option("--workspace", metavar="NAME", help="In this workspace.")
@listing_options
@connected
def list_drift(here: Here, **given: Any) -> None:
    """List every deployment that was checked."""
    here.listing("/drift", COLUMNS, "workspace", given)


@drift.command("show", calls=[f"GET {ONE}"], examples=["gantry drift show shop/web/prod"])
@click.argument("place", type=DEPLOYMENT)
@connected
def show(here: Here, place: tuple[str, ...]) -> None:
    """Show what is known of a deployment's drift."""
    here.out.one(here.portal.get(deployment_path(place, "drift")), "drifted")


@drift.command(
    "check",
    calls=[f"POST {ONE}/check"],
    examples=["gantry drift check shop/web/prod", "gantry drift check shop/web/prod --follow"],
)
@click.argument("place", type=DEPLOYMENT)
@follow.options
@connected
def check(here: Here, place: tuple[str, ...], **given: Any) -> None:
    """Look for drift at once: a preview that only refreshes, with the code applied last."""
    made = here.portal.make(deployment_path(place, "drift", "check"))
    follow.made(here, made, given)


@drift.command(
    "ignore",
    calls=[f"PUT {ONE}"],
    examples=[
        "gantry drift ignore shop/web/prod 'aws_autoscaling_group.*:desired_capacity'",
        "gantry drift ignore shop/web/prod",
    ],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("rules", nargs=-1, metavar="[ADDRESS[:ATTRIBUTE]]...")
@having(VERSION)
@connected
def ignore(
    here: Here, place: tuple[str, ...], rules: tuple[str, ...], *, version: int | None
) -> None:
    """Say what is not to be minded, instead of what was so far: addresses, attributes, with *."""
    body = said({"ignore": [_rule(each) for each in rules], "version": version})
    done = here.portal.put(deployment_path(place, "drift"), body)
    here.out.done(done, "drifted", f"Rules of what is not to be minded: {len(rules)}.")


def _rule(text: str) -> Json:
    address, colon, attribute = text.rpartition(":")
    return {"address": address, "attribute": attribute} if colon else {"address": text}
