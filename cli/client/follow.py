"""What commands share that follow a run, or wait for it: the options, the way, the last line."""

import click

from cli.client import plan
from cli.client.command import Here
from cli.client.counts import counts
from cli.client.failures import Exit
from cli.client.fields import having
from cli.client.following import NEED_A_PERSON, OVER, Follower, code_of
from cli.client.http import Json
from cli.client.kinds import DURATION
from cli.client.screen import clock_words, run_place, screen

options = having(
    click.option("--follow", "-f", is_flag=True, help="Show the log until the run is over."),
    click.option("--wait", is_flag=True, help="Wait until the run is over, without its log."),
    click.option("--timeout", type=DURATION, help="Wait at most so long (90s, 30m, 2h)."),
    click.option("--yes", "-y", is_flag=True, help="Confirm the plan without asking."),
    click.option(
        "--confirm-name",
        metavar="WORKSPACE",
        help="With --yes, needed to destroy something in a protected workspace.",
    ),
    click.option("--fail-on-changes", is_flag=True, help="End with 10 when the plan has changes."),
)
"""--follow, --wait, --timeout, and what answers the question on the way."""


def followed(
    here: Here, run_id: str, *, offset: int = 0, timeout_s: float | None = None, quiet: bool = False
) -> Json:
    """The run once it is over: its log is shown on the way, and how it ended is said."""
    run = _follower(here, run_id, quiet=quiet, offset=offset).follow(
        timeout_s=timeout_s, passive=frozenset()
    )
    say_end(here, run)
    return run


def through(here: Here, run: Json, given: Json) -> None:
    """Follow or wait as the options say, with the question on the way; ends the command.

    Raises:
        SystemExit: with the code that says how the run ended.
    """
    quiet = not given["follow"]
    follower = _follower(here, run["id"], quiet=quiet)
    run = follower.follow(timeout_s=given["timeout"], passive=NEED_A_PERSON)
    if run["state"] == "unconfirmed":
        accepted = plan.decide(here, run, yes=given["yes"], confirm_name=given["confirm_name"])
        if accepted is None:
            _left(here, run)
        follower = _follower(here, run["id"], quiet=quiet, offset=follower.offset)
        run = follower.follow(timeout_s=given["timeout"], passive=frozenset({"pending_review"}))
    say_end(here, run)
    if not here.out.is_for_people:
        here.out.one(run, "id")
    is_changed = given["fail_on_changes"] and run["state"] == "finished" and plan.has_changes(run)
    raise SystemExit(Exit.CHANGES if is_changed else code_of(run))


def made(here: Here, run: Json, given: Json) -> None:
    """Say that a run was made; then follow or wait as the options say, or leave it to itself."""
    here.out.say(f"Made run {run['number']}, {run_place(run)}: {run['id']}")
    if given["follow"] or given["wait"]:
        through(here, run, given)
    if not here.out.is_for_people:
        here.out.one(run, "id")
    elif run["waiting_on"]:
        here.out.say(f"It waits: {run['waiting_on']['text']}")


def say_end(here: Here, run: Json) -> None:
    """Say how a run has ended, or what it waits for."""
    state = run["state"]
    if state not in OVER:
        here.out.say(f"Run {run['number']}, {run_place(run)}, waits for a person ({state}).")
        return
    words = {"canceled": "was force-cancelled", "timed_out": "timed out"}.get(
        state, f"was {state}" if state in {"discarded", "stopped", "skipped"} else str(state)
    )
    here.out.say(f"Run {run['number']}, {run_place(run)}, {words}{_took(run)}.")
    if run["error"]:
        whose = (
            " (a fault of Gantry's own, not of your code)"
            if run["error"]["kind"] == "gantry"
            else ""
        )
        here.out.say(f"{run['error']['text']}{whose}")
    elif run["result"]:
        here.out.say(run["result"])
    if run["changes"] is not None and run["type"] == "preview":
        here.out.say(counts(run["changes"], whole=True))


def _left(here: Here, run: Json) -> None:
    here.out.say(
        f"Nothing was confirmed; the run waits and holds its lock. Later: gantry run confirm "
        f"{run['id']}, or gantry run discard {run['id']}"
    )
    raise SystemExit(Exit.NEEDS_PERSON)


def _follower(here: Here, run_id: str, *, quiet: bool, offset: int = 0) -> Follower:
    shown = screen(beside=not here.out.is_for_people, quiet=quiet)
    return Follower(here.portal, run_id, shown, offset=offset)


def _took(run: Json) -> str:
    from datetime import datetime

    if not run["started_at"] or not run["finished_at"]:
        return ""
    took = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    return f" after {clock_words(int(took.total_seconds()))}"
