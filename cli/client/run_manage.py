"""gantry run rerun, promote, archive, prioritize, comment, bulk: what else is done with runs."""

import sys
from typing import Any

import click

from cli.client import follow
from cli.client.command import Command, Here, connected
from cli.client.failures import Exit
from cli.client.http import Json, path
from cli.client.kinds import RUN, run_id
from cli.client.output import Column
from cli.client.run_act import act
from cli.client.screen import run_place

ACTIONS = ("rerun", "archive", "unarchive", "cancel", "discard", "confirm", "prioritize")
RESULTS = [
    Column("run", "run"),
    Column("ok", "ok"),
    Column("made", "made", 1),
    Column("why not", "reason"),
]
MOST_AT_ONCE = 500


def _again(verb: str, said: str) -> click.Command:
    """A command that makes a run out of one."""

    @click.command(
        verb,
        cls=Command,
        help=said,
        calls=[f"POST /runs/{{run_id}}/{verb}"],
        examples=[f"gantry run {verb} shop#17", f"gantry run {verb} shop#17 --follow"],
    )
    @click.argument("run", type=RUN)
    @follow.options
    @connected
    def command(here: Here, run: str, **given: Any) -> None:
        made: Json = here.portal.make(path("runs", run_id(here.portal, run), verb))
        follow.made(here, made, given)

    return command


rerun = _again("rerun", "Make a new run with the inputs and the source of one that has ended.")
promote = _again(
    "promote", "Apply what a finished preview showed: an apply of the same source and inputs."
)
plan_again = _again(
    "plan-again", "Replace a run whose plan is outdated by a new one, and discard it."
)


@click.command(
    "archive",
    cls=Command,
    calls=["POST /runs/{run_id}/archive"],
    examples=["gantry run archive shop#17"],
)
@click.argument("run", type=RUN)
@connected
def archive(here: Here, run: str) -> None:
    """Hide a run from lists; never stops anything."""
    _acted(here, run, "archive", {}, "is archived")


@click.command(
    "unarchive",
    cls=Command,
    calls=["POST /runs/{run_id}/unarchive"],
    examples=["gantry run unarchive shop#17"],
)
@click.argument("run", type=RUN)
@connected
def unarchive(here: Here, run: str) -> None:
    """Show an archived run in lists again."""
    _acted(here, run, "unarchive", {}, "is in lists again")


@click.command(
    "prioritize",
    cls=Command,
    calls=["POST /runs/{run_id}/prioritize"],
    examples=["gantry run prioritize shop#17", "gantry run prioritize shop#17 --priority 0"],
)
@click.argument("run", type=RUN)
@click.option("--priority", type=int, default=1, show_default=True, help="0 lifts it.")
@connected
def prioritize(here: Here, run: str, *, priority: int) -> None:
    """Let a run go before others in its pool, or lift that."""
    _acted(here, run, "prioritize", {"priority": priority}, f"has the priority {priority}")


@click.command(
    "comment",
    cls=Command,
    calls=["POST /runs/{run_id}/comments"],
    examples=[
        "gantry run comment shop#17 'Fine by me.'",
        "gantry run comment shop#17 - < review.txt",
    ],
)
@click.argument("run", type=RUN)
@click.argument("text")
@connected
def comment(here: Here, run: str, text: str) -> None:
    """Say something about a run; “-” reads it from standard input."""
    said = sys.stdin.read() if text == "-" else text
    made = here.portal.make(path("runs", run_id(here.portal, run), "comments"), {"text": said})
    here.out.done(made, "comment.id", "Said.")


@click.command(
    "bulk",
    cls=Command,
    calls=["POST /runs/bulk"],
    examples=[
        "gantry run bulk archive shop#17 shop#18",
        "gantry run list -q --status failed --until 30d | gantry run bulk archive -",
    ],
)
@click.argument("action", type=click.Choice(ACTIONS))
@click.argument("runs", nargs=-1, required=True)
@connected
def bulk(here: Here, action: str, runs: tuple[str, ...]) -> None:
    """Do one thing to many runs; “-” reads their ids from standard input. Says of each how it went.

    Ends with 7 when one of them was refused.
    """
    names = sys.stdin.read().split() if runs == ("-",) else list(runs)
    ids = [run_id(here.portal, RUN.convert(name, None, None)) for name in names]
    items: list[Json] = []
    for begin in range(0, len(ids), MOST_AT_ONCE):
        body = {"action": action, "runs": ids[begin : begin + MOST_AT_ONCE]}
        items += here.portal.make("/runs/bulk", body)["items"]
    here.out.listing({"items": items, "next": None}, RESULTS, "run")
    raise SystemExit(Exit.DONE if all(each["ok"] for each in items) else Exit.REFUSED)


def _acted(here: Here, reference: str, verb: str, body: Json, said: str) -> None:
    done = act(here, run_id(here.portal, reference), verb, body)
    here.out.done(done, "id", f"Run {done['number']}, {run_place(done)}, {said}.")
