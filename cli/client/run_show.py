"""gantry run list, show, logs and the like: what there is to see of runs."""

import sys
from typing import TYPE_CHECKING, Any

import click

from cli.client.command import Command, Count, Here, connected, listing_options
from cli.client.counts import counts
from cli.client.failures import Failure
from cli.client.http import Json, path
from cli.client.kinds import DURATION, RUN, run_id
from cli.client.output import Column, when

if TYPE_CHECKING:
    from cli.client.following import Log

FILTERS = (
    ("project", "NAME", "In this project."),
    ("stack", "NAME", "Of this stack; also PROJECT/STACK."),
    ("workspace", "NAME", "In this workspace."),
    ("type", "TYPES", "preview, apply, destroy, task, test; several parted by commas."),
    ("status", "WORDS", "pending, running, succeeded, failed, cancelled, timed_out."),
    ("state", "WORDS", "Exact states, such as unconfirmed."),
    ("trigger", "KINDS", "manual, api, schedule, email, vcs, dependency, drift, ttl."),
    ("created-by", "WHO", "Made by this person: id, e-mail address or name."),
    ("branch", "NAME", "From this branch."),
    ("since", "WHEN", "Made since: 24h, 7d, a date, a time."),
    ("until", "WHEN", "Made until then."),
    ("search", "WORDS", "Words in message, commit, branch, names; #12 is a number."),
)
COLUMNS = [
    Column("run", lambda run: f"{run['project']}#{run['number']}"),
    Column("type", "type"),
    Column("state", "state", is_state=True),
    Column("stack", "stack", 1),
    Column("workspace", "workspace", 1),
    Column("changes", lambda run: counts(run["changes"]), 4),
    Column("by", "created_by.name", 5),
    Column("created", when("created_at"), 3),
    Column("id", "id", 2),
    Column("message", "message", 6),
]
CHANGES = [
    Column("action", "action", is_state=True),
    Column("address", "address"),
    Column("reason", "reason", 1),
]
SHOWN = [
    Column("run", lambda run: f"{run['number']} of {run['project']}"),
    Column("id", "id"),
    Column("type", "type"),
    Column("state", "state", is_state=True),
    Column("stack", "stack"),
    Column("workspace", "workspace"),
    Column("message", "message"),
    Column("waits", "waiting_on.text"),
    Column("changes", lambda run: counts(run["changes"])),
    Column("result", "result"),
    Column("error", "error.text"),
    Column("source", lambda run: _source(run["source"])),
    Column("engine", lambda run: f"{run['engine'] or ''} {run['engine_version'] or ''}"),
    Column("trigger", "trigger.kind"),
    Column("made by", "created_by.name"),
    Column("made", when("created_at")),
    Column("began", when("started_at")),
    Column("ended", when("finished_at")),
    Column("drift", lambda run: "yes" if run["drift"] else ""),
    Column("outdated", lambda run: "yes" if run["outdated"] else ""),
    Column("archived", lambda run: "yes" if run["archived"] else ""),
    Column("priority", lambda run: run["priority"] or ""),
    Column("cancelled", when("cancel_requested_at")),
    Column("kill from", when("force_cancel_at")),
    Column("plan", "plan_sha256"),
    Column("you may", lambda run: ", ".join(run["actions"])),
]


def filtered(command: Any) -> Any:
    """Give a command the filters of lists of runs."""
    command = click.option(
        "--archived", type=click.Choice(["false", "true", "any"]), help="Archived ones, too."
    )(command)
    command = click.option("--drift/--no-drift", default=None, help="Drift checks, or none.")(
        command
    )
    for name, metavar, said in reversed(FILTERS):
        parameter = "q" if name == "search" else name.replace("-", "_")
        command = click.option(f"--{name}", parameter, metavar=metavar, help=said)(command)
    return command


@click.command(
    "list",
    cls=Command,
    calls=["GET /runs"],
    examples=[
        "gantry run list --status running",
        "gantry run list --project shop --state unconfirmed",
        "gantry run list --since 24h --status failed --json | jq '.items[].error.text'",
    ],
)
@filtered
@click.option(
    "--sort",
    type=click.Choice(["-created_at", "created_at", "-finished_at", "finished_at"]),
    help="By when they were made or ended; a minus puts the latest first.",
)
@click.option("--fields", metavar="NAMES", help="With --json, only these, parted by commas.")
@listing_options
@connected
def list_runs(here: Here, **given: Any) -> None:
    """List runs, newest first."""
    if given["fields"] and not here.out.as_json:
        raise click.UsageError("--fields goes with --json.")
    here.listing("/runs", COLUMNS, "id", given)


@click.command(
    "show",
    cls=Command,
    calls=["GET /runs/{run_id}"],
    examples=["gantry run show shop#17", "gantry run show shop#17 --json"],
)
@click.argument("run", type=RUN)
@click.option("--exit-code", is_flag=True, help="End with the code that says how the run stands.")
@connected
def show(here: Here, run: str, *, exit_code: bool) -> None:
    """Show one run, as it is now."""
    found = here.portal.get(path("runs", run_id(here.portal, run)))
    here.out.one(found, "id", SHOWN)
    if exit_code:
        from cli.client.following import code_of

        raise SystemExit(code_of(found))


@click.command(
    "logs",
    cls=Command,
    calls=["GET /runs/{run_id}/logs"],
    examples=[
        "gantry run logs shop#17",
        "gantry run logs -f shop#17",
        "gantry run logs shop#17 --offset 65536 > rest.log",
    ],
)
@click.argument("run", type=RUN)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run is over.")
@click.option("--offset", type=Count(0), default=0, help="Begin at this byte.")
@click.option("--timeout", type=DURATION, help="Follow at most for so long.")
@connected
def logs(here: Here, run: str, *, follow: bool, offset: int, timeout: float | None) -> None:
    """Print a run's log: as it is, or following it to the end of the run."""
    from cli.client.follow import followed
    from cli.client.following import Log, code_of

    found = run_id(here.portal, run)
    if follow:
        ended = followed(here, found, offset=offset, timeout_s=timeout)
        raise SystemExit(code_of(ended))
    _print_log(Log(here.portal, found, offset))


def _print_log(log: "Log") -> None:
    """The bytes as they are; for a terminal without what it would obey."""
    if not sys.stdout.isatty():
        for data in log.read():
            sys.stdout.buffer.write(data)
        return
    from cli.client.output import console
    from cli.client.screen import Lines, harmless

    colours, lines = not console().no_color, Lines()
    for data in log.read():
        for line in lines.take(data):
            print(harmless(line, colours=colours))
    print("".join(lines.end()) + ("\x1b[0m" if colours else ""), end="")


@click.command(
    "changes",
    cls=Command,
    calls=["GET /runs/{run_id}/changes"],
    examples=["gantry run changes shop#17", "gantry run changes shop#17 --all --json"],
)
@click.argument("run", type=RUN)
@listing_options
@connected
def changes(here: Here, run: str, *, limit: int, everything: bool) -> None:
    """List what a run changes, resource by resource; --json has before and after."""
    where = path("runs", run_id(here.portal, run), "changes")
    document = changes_of(here, where, None if everything else limit)
    if here.out.as_json:
        return here.out.raw(document)
    page = {"items": document["changes"], "next": document["next"]}
    here.out.listing(page, CHANGES, "address")
    return here.out.say(counts(document["summary"], whole=True))


def changes_of(here: Here, where: str, most: int | None) -> Json:
    """The change document with at most so many changes."""
    document: Json = here.portal.get(where, limit=min(most or 200, 200))
    while document["next"] and (most is None or len(document["changes"]) < most):
        rest = most - len(document["changes"]) if most else 200
        page = here.portal.get(where, limit=min(rest, 200), cursor=document["next"])
        document["changes"] += page["changes"]
        document["next"] = page["next"]
    return document


@click.command(
    "result",
    cls=Command,
    calls=["GET /runs/{run_id}/result"],
    examples=["gantry run result shop#17 > plan.json"],
)
@click.argument("run", type=RUN)
@connected
def result(here: Here, run: str) -> None:
    """Print what came of a run: a preview's change document, a Spec, or a sentence."""
    where = path("runs", run_id(here.portal, run), "result")
    reply = here.portal.request("GET", where)
    kind = reply.headers.get("Content-Type", "")
    if "json" in kind and not here.out.as_json:
        found = here.portal.get(where) if not reply.data else _json(reply.data)
        if set(found) == {"result"}:
            return print(found["result"])
    sys.stdout.buffer.write(reply.data.rstrip(b"\n") + b"\n")
    return None


def _json(data: bytes) -> Json:
    import json

    try:
        found: Json = json.loads(data)
    except ValueError:
        raise Failure("The result cannot be read.") from None
    return found


def _source(source: Json | None) -> str:
    """Where the code came from, short."""
    if source is None:
        return ""
    match source.get("kind"):
        case "git":
            commit = str(source.get("commit") or "")[:12]
            return f"{source.get('url')} {source.get('ref') or ''} {commit}".strip()
        case "configuration_version":
            return f"upload {source.get('id')}"
        case _:
            return " ".join(str(value) for value in source.values())
