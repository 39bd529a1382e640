"""What the shell offers while one types: places and runs, asked of the portal, and quickly.

Whatever goes wrong, nothing is offered: a completion never says a word.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click
from click.shell_completion import CompletionItem

from cli.client.command import Here
from cli.client.failures import Failure, printable
from cli.client.http import Json, Portal, path
from cli.client.output import Output

MOST = 50
PATIENCE_S = 1.0


def places(context: click.Context, nouns: Sequence[str], typed: str) -> list[CompletionItem]:
    """The next part of a place: `shop/` and its stacks, then the workspaces."""
    found: list[CompletionItem] = []
    with suppress(Failure, KeyError, TypeError):
        portal, before = _portal(context), typed.split("/")[:-1]
        part = len(before)
        if part < len(nouns):
            where = _where(nouns[part], before)
            head = "".join(f"{name}/" for name in before)
            tail = "/" if part < len(nouns) - 1 else ""
            found = [
                CompletionItem(f"{head}{each['name']}{tail}", type="plain", help=each.get("title"))
                for each in _listed(portal, where)
            ]
    return [each for each in found if str(each.value).startswith(typed)]


def runs(context: click.Context, typed: str) -> list[CompletionItem]:
    """The latest runs, by number and by id, with what they are."""
    found: list[CompletionItem] = []
    with suppress(Failure, KeyError, TypeError):
        for each in _listed(_portal(context), "/runs"):
            said = printable(f"{each['type']} {each['state']}: {each['message']}")
            name = f"{each['project']}#{each['number']}"
            found += [CompletionItem(name, help=said), CompletionItem(each["id"], help=said)]
    shown = [each for each in found if str(each.value).startswith(typed)]
    return shown if typed else [each for each in shown if "#" in str(each.value)]


def _where(noun: str, before: Sequence[str]) -> str:
    if noun == "stack":
        return path("projects", before[0], "stacks")
    return f"/{noun}s"


def _listed(portal: Portal, where: str) -> list[Json]:
    items: list[Json] = portal.get(where, limit=MOST)["items"]
    return items


def _portal(context: click.Context) -> Portal:
    """The portal of what has been typed so far, and of the environment."""
    given: dict[str, Any] = {
        name: context.params.get(name) for name in ("url", "token", "profile", "ca_file")
    }
    portal = Here(Output(quiet=True), **given).portal
    portal.patience_s = PATIENCE_S
    return portal
