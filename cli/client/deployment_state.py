"""gantry deployment state: the versions of a deployment's state."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options
from cli.client.failures import Failure
from cli.client.kinds import DEPLOYMENT, deployment_path
from cli.client.output import Column, when

STATES = "/projects/{project}/stacks/{stack}/workspaces/{workspace}/state-versions"
VERSIONS = [
    Column("serial", "serial"),
    Column("current", lambda item: "current" if item["current"] else ""),
    Column("kind", "kind", 2),
    Column("resources", "resource_count", 3),
    Column("run", lambda item: (item["run"] or {}).get("number", ""), 1),
    Column("created", when("created_at")),
    Column("by", "created_by", 4),
    Column("note", "note", 5),
    Column("id", "id", 6),
]
DIFFERENCES = [
    Column("action", "action", is_state=True),
    Column("address", "address"),
]
NOTE = click.option("--note", default="", help="Why; kept with it.")


@click.group(cls=Group)
def state() -> None:
    """States of a deployment: its versions, download, import, roll back."""


@state.command(
    "list", calls=[f"GET {STATES}"], examples=["gantry deployment state list shop/web/prod"]
)
@click.argument("place", type=DEPLOYMENT)
@listing_options
@connected
def list_states(here: Here, place: tuple[str, ...], **given: Any) -> None:
    """List the versions of a state, newest first."""
    here.listing(deployment_path(place, "state-versions"), VERSIONS, "id", given)


@state.command(
    "show",
    calls=[f"GET {STATES}/{{version}}"],
    examples=["gantry deployment state show shop/web/prod 12"],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("version")
@connected
def show_state(here: Here, place: tuple[str, ...], version: str) -> None:
    """Show one version, by serial or id: facts, never its content."""
    here.out.one(here.portal.get(deployment_path(place, "state-versions", version)), "id")


@state.command(
    "download",
    calls=[f"GET {STATES}/{{version}}/download"],
    examples=["gantry deployment state download shop/web/prod 12 -o web.tfstate"],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("version")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Into this file, 0600."
)
@connected
def download(here: Here, place: tuple[str, ...], version: str, *, output: Path | None) -> None:
    """Download a version (owners). It holds secrets in clear; each download is audited."""
    where = deployment_path(place, "state-versions", version, "download")
    data = here.portal.request("GET", where).data
    if output is None:
        sys.stdout.buffer.write(data)
        return
    try:
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise Failure(f"{output} cannot be written: {error.strerror}.") from error
    here.out.say(f"Wrote {output}, {len(data):,} bytes. Only you can read it.")


@state.command(
    "import",
    calls=[f"POST {STATES}"],
    examples=["gantry deployment state import shop/web/prod web.tfstate --note 'From the laptop'"],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True)
)
@NOTE
@connected
def import_state(here: Here, place: tuple[str, ...], file: Path, *, note: str) -> None:
    """Import a state and make it current; the same bytes again change nothing."""
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    where = deployment_path(place, "state-versions")
    made = here.portal.make(where, data, note=note or None)
    here.out.done(made, "id", f"State {made['serial']} is current.")


@state.command(
    "rollback",
    calls=[f"POST {STATES}/{{version}}/rollback"],
    examples=["gantry deployment state rollback shop/web/prod 11 --note 'The import was wrong'"],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("version")
@NOTE
@connected
def rollback(here: Here, place: tuple[str, ...], version: str, *, note: str) -> None:
    """Make an older version current again, as a new one with a higher serial (owners)."""
    where = deployment_path(place, "state-versions", version, "rollback")
    made = here.portal.make(where, {"note": note})
    here.out.done(made, "id", f"State {made['serial']}, as it was in {version}, is current.")


@state.command(
    "compare",
    calls=[f"GET {STATES}/{{version}}/compare/{{other}}"],
    examples=["gantry deployment state compare shop/web/prod 11 12"],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("before")
@click.argument("after")
@connected
def compare(here: Here, place: tuple[str, ...], before: str, after: str) -> None:
    """List what differs between two versions; --json has the attributes."""
    where = deployment_path(place, "state-versions", before, "compare", after)
    found = here.portal.get(where)
    if here.out.as_json:
        return here.out.raw(found)
    return here.out.listing({"items": found["changes"], "next": None}, DIFFERENCES, "address")
