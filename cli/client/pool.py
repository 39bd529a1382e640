"""gantry pool, gantry queue: who executes runs, and what waits for them."""

import click

from cli.client.command import Command, Group, Here, connected
from cli.client.http import path
from cli.client.output import Column, when
from cli.client.screen import run_place

POOLS = [
    Column("pool", "name"),
    Column("slots", "slots"),
    Column("busy", "busy"),
    Column("waiting", "waiting"),
    Column("workers", lambda item: len(item["workers"]), 1),
]
QUEUE = [
    Column("run", lambda run: f"{run['project']}#{run['number']}"),
    Column("type", "type", 1),
    Column("state", "state", is_state=True),
    Column("where", run_place),
    Column("priority", lambda run: run["priority"] or "", 2),
    Column("why", "waiting_on.text", 3),
    Column("since", when("created_at"), 4),
]


@click.group(cls=Group)
def pool() -> None:
    """Worker pools: who executes runs."""


@pool.command("list", calls=["GET /worker-pools"], examples=["gantry pool list"])
@connected
def list_pools(here: Here) -> None:
    """List the pools, with what they can do at once and do now."""
    here.out.listing(here.portal.get("/worker-pools"), POOLS, "name")


@pool.command("show", calls=["GET /worker-pools/{name}"], examples=["gantry pool show embedded"])
@click.argument("name")
@connected
def show(here: Here, name: str) -> None:
    """Show one pool with its workers."""
    here.out.one(here.portal.get(path("worker-pools", name)), "name")


@pool.command(
    "limit",
    calls=["PATCH /worker-pools/{name}"],
    examples=["gantry pool limit embedded 2", "gantry pool limit embedded none"],
)
@click.argument("name")
@click.argument("concurrency", metavar="NUMBER|none")
@connected
def limit(here: Here, name: str, concurrency: str) -> None:
    """Say how many runs a pool has at work at once; 0 pauses it, none lifts the limit."""
    if concurrency != "none" and not concurrency.isdecimal():
        raise click.BadParameter("Give a whole number, or none.")
    wanted = None if concurrency == "none" else int(concurrency)
    made = here.portal.patch(path("worker-pools", name), {"concurrency": wanted})
    said = "no limit" if wanted is None else f"{wanted} at work at once"
    here.out.done(made, "name", f"The pool {name} has {said}.")


@click.command(
    "queue",
    cls=Command,
    calls=["GET /worker-pools/{name}/queue"],
    examples=["gantry queue", "gantry queue --pool embedded --json"],
)
@click.option("--pool", metavar="NAME", help="Of this pool; the first one otherwise.")
@connected
def queue(here: Here, pool: str | None) -> None:
    """List what is at work, what waits in order, and what is held up and why."""
    name = pool or here.portal.get("/worker-pools")["items"][0]["name"]
    found = here.portal.get(path("worker-pools", name, "queue"))
    here.out.listing(found, QUEUE, "id")
    if found.get("more"):
        here.out.say(f"And {found['more']} more.")
