"""gantry schedule: runs at planned times, their ledger, and the times to come."""

from typing import Any

import click

from cli.client.command import Count, Group, Here, connected, listing_options, searched
from cli.client.fields import VERSION, changed, having, said
from cli.client.http import Json, path
from cli.client.inputs import INPUTS, TYPES, take_inputs
from cli.client.kinds import DEPLOYMENT, json_of
from cli.client.output import Column, when
from cli.client.screen import run_place
from cli.client.starter import EXAMPLE, Starter

ONE = "/schedules/{schedule_id}"
COLUMNS = [
    Column("name", "name"),
    Column("where", run_place, 1),
    Column("type", "type", 3),
    Column("when", "words"),
    Column("state", "state", 1),
    Column("next", when("next"), 2),
    Column("last", "last.outcome", 4),
    Column("id", "id"),
]
LEDGER = [
    Column("planned for", when("scheduled_for")),
    Column("outcome", "outcome"),
    Column("run", "run.number"),
    Column("state", "run.state", 1, is_state=True),
    Column("reason", "reason", 2),
    Column("by", "actor", 3),
]
NEXT = [Column("planned for", when("scheduled_for"))]
WHEN = (
    click.option("--cron", metavar="LINE", help="A cron line of five fields."),
    click.option("--every", metavar="TIME", help="An interval, such as '15 minutes' or '1 day'."),
    click.option("--at", metavar="TIME", help="One time."),
    click.option("--timezone", metavar="ZONE", help="Whose clock it follows; UTC if not said."),
    click.option("--start", metavar="TIME", help="Nothing comes before it."),
    click.option("--end", metavar="TIME", help="Nothing comes after: a time, a date, or a number."),
    click.option("--active", metavar="JSON", help="Hours and weekdays, as the API takes them."),
    click.option(
        "--overlap", type=click.Choice(["skip", "queue"]), help="While the last one still runs."
    ),
    click.option(
        "--missed", type=click.Choice(["none", "one", "all"]), help="Which missed times come late."
    ),
    click.option("--max-delay-s", type=int, metavar="S", help="Later than this is missed."),
)
PLACES = (
    click.option("--project", metavar="NAME", help="Of this project."),
    click.option("--stack", metavar="NAME", help="Of this stack of the project."),
    click.option("--workspace", metavar="NAME", help="In this workspace."),
)


@click.group(cls=Group)
def schedule() -> None:
    """Schedules: runs at planned times, each of which makes at most one run."""


STARTER = Starter(schedule, "gantry schedule", "schedule", "schedule", "schedules", "schedule_id")


@schedule.command(
    "list",
    calls=["GET /schedules"],
    examples=["gantry schedule list", "gantry schedule list --project shop"],
)
@having(*PLACES)
@searched
@listing_options
@connected
def list_schedules(here: Here, **given: Any) -> None:
    """List the schedules that you see."""
    here.listing("/schedules", COLUMNS, "id", given)


STARTER.show("Show one schedule.")


@schedule.command(
    "create",
    calls=["POST /schedules"],
    examples=[
        "gantry schedule create shop/web/prod nightly --cron '0 3 * * *' --timezone Europe/Berlin",
        "gantry schedule create shop/web/prod drift --every '1 day' --drift --reconcile",
    ],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("name")
@click.option(
    "--type", "-t", "kind", type=click.Choice(TYPES), default="preview", show_default=True,
    help="What its runs are to do.",
)  # fmt: skip
@having(*WHEN)
@click.option("--drift", is_flag=True, help="It is the drift check of the deployment.")
@click.option("--reconcile", is_flag=True, help="And applies when something has drifted.")
@having(*INPUTS)
@connected
def create(here: Here, place: tuple[str, ...], name: str, **given: Any) -> None:
    """Make a schedule. Its runs act with the rights that you have when they are made."""
    project, stack, workspace = place
    body = {"project": project, "stack": stack, "workspace": workspace, "name": name}
    body |= {"type": given.pop("kind"), **take_inputs(here, project, given)}
    flags = {flag: given.pop(flag) for flag in ("drift", "reconcile")}
    body |= {flag: is_set for flag, is_set in flags.items() if is_set}
    made = here.portal.make("/schedules", body | _when(given))
    here.out.done(made, "id", f"Made the schedule {made['name']}: {made['words']} ({made['id']}).")


@schedule.command(
    "edit",
    calls=[f"PATCH {ONE}"],
    examples=[f"gantry schedule edit {EXAMPLE} --cron '0 4 * * *'"],
)
@click.argument("schedule_id", metavar="ID")
@click.option("--name", help="What people call it.")
@click.option("--type", "-t", "kind", type=click.Choice(TYPES), help="What its runs are to do.")
@having(*WHEN)
@click.option("--reconcile/--no-reconcile", default=None, help="Apply when something has drifted.")
@having(*INPUTS, VERSION)
@connected
def edit(here: Here, schedule_id: str, **given: Any) -> None:
    """Change a schedule; only what is said changes. You are its owner from then on."""
    where = path("schedules", schedule_id)
    project = here.portal.get(where)["project"] if given["local"] else ""
    body = {"type": given.pop("kind"), "reconcile": given.pop("reconcile")}
    body |= take_inputs(here, project, given)
    made = here.portal.patch(where, changed(body | _when(given)))
    here.out.done(made, "id", f"Changed the schedule {made['name']}: {made['words']}.")


STARTER.delete("Delete a schedule with its ledger; the runs it made stay. Asks for its name.")
STARTER.verb("pause", "Let no time come until it is resumed.", "is paused")
STARTER.verb("resume", "Go on with the next time from now.", "goes on")
STARTER.verb("skip-next", "Decide now that nothing happens the next time.", "skips a time")
STARTER.verb("take-back", "Let times come after all that were skipped.", "skips none")


@schedule.command(
    "run-now",
    calls=[f"POST {ONE}/run-now"],
    examples=[f"gantry schedule run-now {EXAMPLE}"],
)
@click.argument("schedule_id", metavar="ID")
@connected
def run_now(here: Here, schedule_id: str) -> None:
    """Make its run at once, with your rights; its planned times stay as they are."""
    made = here.portal.make(path("schedules", schedule_id, "run-now"))
    here.out.done(made, "id", f"Made run {made['number']}, {run_place(made)}: {made['id']}")


@schedule.command(
    "ledger",
    calls=[f"GET {ONE}/ledger"],
    examples=[f"gantry schedule ledger {EXAMPLE} --outcome missed,refused"],
)
@click.argument("schedule_id", metavar="ID")
@click.option("--outcome", metavar="WORDS", help="fired, missed, skipped, refused; commas part.")
@listing_options
@connected
def ledger(here: Here, schedule_id: str, **given: Any) -> None:
    """List what came of each planned time, newest first."""
    here.listing(path("schedules", schedule_id, "ledger"), LEDGER, "run.id", given)


@schedule.command("next", calls=[f"GET {ONE}/next"], examples=[f"gantry schedule next {EXAMPLE}"])
@click.argument("schedule_id", metavar="ID")
@click.option("--limit", type=Count(1, 100), default=10, show_default=True, help="How many.")
@connected
def following(here: Here, schedule_id: str, *, limit: int) -> None:
    """List the next planned times, in your time zone."""
    where = path("schedules", schedule_id, "next")
    here.out.listing(here.portal.get(where, limit=limit), NEXT, "scheduled_for")


def _when(given: Json) -> Json:
    """When, as the API takes it."""
    active = given.pop("active")
    end = given.pop("end")
    number = int(end) if end is not None and end.isdigit() else end
    return said({**given, "end": number, "active": json_of(active, "--active") if active else None})
