"""A plan before somebody accepts it: what it changes in words, the question, and the answer."""

import sys
from collections.abc import Mapping

import click

from cli.client.command import Here
from cli.client.counts import counts
from cli.client.failures import Exit, Failure, Refused, printable
from cli.client.http import Json, path
from cli.client.run_act import act
from cli.client.screen import run_place

SIGNS: Mapping[str, tuple[str, str]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "delete": ("-", "red"),
    "replace": ("±", "red"),
    "read": ("<", "dim"),
    "import": ("i", "cyan"),
    "move": (">", "cyan"),
    "forget": ("x", "yellow"),
}
MOST_LISTED = 40


def has_changes(run: Json) -> bool:
    """Whether its plan would change anything."""
    return any((run.get("changes") or {}).values())


def destroys(run: Json) -> int:
    """How many things its plan destroys, those that are replaced among them."""
    changes = run.get("changes") or {}
    return int(changes.get("destroy") or 0) + int(changes.get("replace") or 0)


def decide(here: Here, run: Json, *, yes: bool, confirm_name: str | None) -> Json | None:
    """Accept the plan that waits: show it, ask (or with `yes` do not), and send its sha256 along.

    Gives the run as it is then; None when whoever was asked would not.

    Raises:
        Failure: when there is nobody to ask, or the name that is needed was not given.
        Refused: when the portal will not: another plan, an outdated one, somebody else's lock.
    """
    show(here, run)
    guarded = destroys(run) > 0 and _is_protected(here, run)
    if yes:
        _refuse_unnamed(run, guarded=guarded, confirm_name=confirm_name)
    elif not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Failure(
            f"The plan waits to be confirmed: gantry run confirm {run['id']} --yes"
            f"{' --confirm-name ' + run['workspace'] if guarded else ''}",
            Exit.NEEDS_PERSON,
        )
    elif not _asked(run, guarded=guarded):
        return None
    return act(here, run["id"], "confirm", {"plan_sha256": run["plan_sha256"]})


def show(here: Here, run: Json) -> None:
    """Show what the plan would change: on standard error, for people."""
    if not here.out.is_for_people:
        return
    from rich.text import Text

    from cli.client.output import console

    screen = console(on_error=True)
    document = here.portal.get(path("runs", run["id"], "changes"), limit=200)
    listed = sorted(
        (each for each in document["changes"] if each["action"] not in {"no-op", "read"}),
        key=lambda each: each["action"] not in {"delete", "replace"},
    )
    screen.print(f"Run {run['number']}, {run_place(run)}:", style="bold")
    for each in listed[:MOST_LISTED]:
        sign, style = SIGNS.get(each["action"], ("·", ""))
        screen.print(Text(f"  {sign} {printable(each['address'])}", style), soft_wrap=True)
    if len(listed) > MOST_LISTED or document["next"]:
        screen.print(f"  … and more: gantry run changes {run['id']} --all", style="dim")
    screen.print(Text(f"  {counts(run['changes'], whole=True)}", "bold"))


def _asked(run: Json, *, guarded: bool) -> bool:
    try:
        return _ask(run, guarded=guarded)
    except (click.Abort, KeyboardInterrupt):
        raise Failure(
            f"Interrupted. The plan still waits: gantry run confirm {run['id']}", Exit.INTERRUPTED
        ) from None


def _ask(run: Json, *, guarded: bool) -> bool:
    if guarded:
        click.echo(
            f"This destroys {destroys(run):,} of the resources in {run['workspace']}, which is "
            "protected.",
            err=True,
        )
        typed = click.prompt(
            "Type the workspace's name to go on", default="", show_default=False, err=True
        )
        return bool(typed.strip() == run["workspace"])
    return click.confirm("Apply this plan?", default=False, err=True)


def _refuse_unnamed(run: Json, *, guarded: bool, confirm_name: str | None) -> None:
    if confirm_name is not None and confirm_name != run["workspace"]:
        raise Failure(
            f"--confirm-name says {confirm_name}, and the run is in {run['workspace']}.",
            Exit.NEEDS_PERSON,
        )
    if guarded and confirm_name is None:
        raise Failure(
            f"The plan destroys {destroys(run):,} resources in {run['workspace']}, which is "
            f"protected. Say so: --yes --confirm-name {run['workspace']}",
            Exit.NEEDS_PERSON,
        )


def _is_protected(here: Here, run: Json) -> bool:
    try:
        workspace = here.portal.get(path("workspaces", run["workspace"]))
        stack = here.portal.get(path("projects", run["project"], "stacks", run["stack"]))
    except Refused:
        return True  # A token that is bound to less sees neither; then the name is asked for.
    return bool(workspace.get("protected") or stack.get("protected"))
