"""Kinds of arguments: places, runs, durations, `NAME=VALUE`."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import click

from cli.client.failures import Exit, Failure
from cli.client.http import Json, Portal, path

RUN_ID = re.compile(r"[0-9a-z]{20}")
NUMBERED = re.compile(r"([a-z0-9][a-z0-9-]{0,62})[#:](\d{1,9})")
IN_URL = re.compile(r"/runs/([0-9a-z]{20})(?:[/?#].*)?$")
_DURATION = re.compile(r"(\d{1,6})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
PLACE_NOUNS = ("projects", "stacks", "workspaces")


class Duration(click.ParamType[float, str]):
    """A time to wait: 90, 90s, 30m, 2h."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Seconds."""
        match = _DURATION.fullmatch(str(value))
        if match is None:
            self.fail("Say a time such as 90s, 30m or 2h.", param, ctx)
        return int(match[1]) * _SECONDS[match[2]]


class Names(click.ParamType[tuple[str, ...], str]):
    """A place of so many names: `shop/web/staging`."""

    def __init__(self, *nouns: str) -> None:
        self.nouns = nouns
        self.name = "/".join(nouns)

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        """The names."""
        if isinstance(value, tuple):
            return value
        names = tuple(str(value).split("/"))
        if len(names) != len(self.nouns) or not all(names):
            self.fail(f"Say it as {self.name.upper()}, such as {self.example}.", param, ctx)
        return names

    @property
    def example(self) -> str:
        """A place as it may be named."""
        return "/".join(("shop", "web", "staging")[: len(self.nouns)])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How help calls it."""
        del param, ctx
        return self.name.upper()

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """The places that the portal knows."""
        from cli.client import completion

        del param
        return completion.places(ctx, self.nouns, incomplete)


class AnyPlace(Names):
    """A project, a stack, a deployment, or `workspace:NAME`."""

    name = "place"

    def __init__(self) -> None:
        super().__init__("project", "stack", "workspace")
        self.name = "place"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        """The parts of its path below the API's base."""
        if isinstance(value, tuple):
            return value
        text = str(value)
        if text.startswith("workspace:") and text.count(":") == 1 and "/" not in text:
            return ("workspaces", text.removeprefix("workspace:"))
        names = text.split("/")
        if not 1 <= len(names) <= 3 or not all(names) or ":" in text:
            self.fail(
                "Say a place: PROJECT, PROJECT/STACK, PROJECT/STACK/WORKSPACE or "
                "workspace:WORKSPACE.",
                param,
                ctx,
            )
        return tuple(part for pair in zip(PLACE_NOUNS, names, strict=False) for part in pair)


class RunReference(click.ParamType[str, str]):
    """A run: its id, `PROJECT#NUMBER`, or the address of its page."""

    name = "run"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """What `run_id` understands, harmless in a path."""
        text = str(value).strip()
        found = IN_URL.search(text)
        if found:
            return found[1]
        if not RUN_ID.fullmatch(text) and not NUMBERED.fullmatch(text):
            self.fail("Say a run: its id, PROJECT#NUMBER, or its page's address.", param, ctx)
        return text

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """The latest runs."""
        from cli.client import completion

        del param
        return completion.runs(ctx, incomplete)


PROJECT = Names("project")
WORKSPACE = Names("workspace")
STACK = Names("project", "stack")
DEPLOYMENT = Names("project", "stack", "workspace")
PLACE = AnyPlace()
RUN = RunReference()
DURATION = Duration()


def deployment_path(names: tuple[str, ...], *rest: object) -> str:
    """The path of a deployment, and what is below it."""
    project, stack, workspace = names
    return path("projects", project, "stacks", stack, "workspaces", workspace, *rest)


def stack_path(names: tuple[str, ...], *rest: object) -> str:
    """The path of a stack, and what is below it."""
    return path("projects", names[0], "stacks", names[1], *rest)


def run_id(portal: Portal, reference: str) -> str:
    """The id of the run that a reference means.

    Raises:
        Failure: when there is none.
    """
    numbered = NUMBERED.fullmatch(reference)
    if numbered is None:
        return reference
    project, number = numbered[1], numbered[2]
    query = {"project": project, "q": f"#{number}", "archived": "any", "limit": 1}
    items: list[Json] = portal.get("/runs", **query)["items"]
    if not items:
        raise Failure(f"There is no run {number} in {project} that you may see.", Exit.REFUSED)
    return str(items[0]["id"])


def pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """`NAME=VALUE` by name; `NAME=@FILE` is the file's text, `@-` standard input's, `@@…` `@…`."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE, not “{name}”.")
        found[name] = content(value)
    return found


def content(value: str) -> str:
    """A value as it is meant: itself, or what stands in the file after an @."""
    if value.startswith("@@") or not value.startswith("@"):
        return value[1:] if value.startswith("@@") else value
    if value == "@-":
        return sys.stdin.read()
    try:
        return Path(value[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Failure(f"{value[1:]} cannot be read: {reason}.", Exit.USAGE) from error


def json_of(text: str, option: str) -> Any:
    """JSON that was typed.

    Raises:
        UsageError: when it is none.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{option} takes JSON, and this is none.") from error
