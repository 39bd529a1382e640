"""Options that several nouns share, and the bodies that they make."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.client.failures import Exit, Failure
from cli.client.http import Json

F = TypeVar("F", bound=Callable[..., Any])
TITLE = click.option("--title", help="What people call it.")
DESCRIPTION = click.option("--description", help="What it is for.")
PROTECTED = click.option(
    "--protected/--not-protected", default=None, help="Refuse destroy runs; or not."
)
VERSION = click.option(
    "--version", type=int, metavar="N", help="Only if this is still its version."
)
SOURCE = (
    click.option("--configuration", metavar="ID", help="Code that was uploaded before."),
    click.option("--git", metavar="URL", help="Code from a repository."),
    click.option("--ref", metavar="REF", help="Its branch or tag; also with --vcs-link."),
    click.option("--path", "subfolder", metavar="DIR", help="The folder in the repository."),
    click.option("--commit", metavar="SHA", help="Exactly this commit."),
    click.option("--vcs-link", is_flag=True, help="The repository linked to the deployment."),
    click.option("--module", metavar="NAME", help="A module of the registry."),
    click.option("--module-version", metavar="VERSION", help="Which version of it."),
    click.option("--source", metavar="JSON", help="Any source, as the API takes it."),
)
_SOURCES = ("local", "configuration", "git", "module", "vcs_link", "source")


def having(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Give a command these options, in this order."""

    def give(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return give


def said(given: Json) -> Json:
    """What was said of it: options that were given."""
    return {name: value for name, value in given.items() if value is not None}


def changed(given: Json) -> Json:
    """The body of a change.

    Raises:
        UsageError: when nothing is to be changed.
    """
    body = said(given)
    if not set(body) - {"version"}:
        raise click.UsageError("Say what is to be changed.")
    return body


def source_of(given: Json) -> Json | None:
    """The source that the options of SOURCE (and `local`, which is uploaded) mean, or None.

    Raises:
        UsageError: when there are several.
    """
    from cli.client.kinds import json_of

    named = [name for name in _SOURCES if given.get(name)]
    if len(named) > 1:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in named)
        raise click.UsageError(f"Say one source, not several: {options}.")
    match named:
        case ["source"]:
            source: Json = json_of(given["source"], "--source")
            return source
        case ["configuration"]:
            return {"kind": "configuration_version", "id": given["configuration"]}
        case ["git"]:
            revision = {"ref": given["ref"], "path": given["subfolder"], "commit": given["commit"]}
            return said({"kind": "git", "url": given["git"], **revision})
        case ["vcs_link"]:
            return said({"kind": "vcs_link", "ref": given["ref"]})
        case ["module"]:
            version = given["module_version"]
            return said({"kind": "module", "name": given["module"], "version": version})
        case _:
            return None


def take_source(given: Json) -> Json | None:
    """The source, with its options taken out of what was given."""
    source = source_of(given)
    for name in ("ref", "subfolder", "commit", "module_version", *_SOURCES):
        given.pop(name, None)
    return source


DELETING = (
    click.option("--yes", "-y", is_flag=True, help="Do not ask."),
    click.option(
        "--abandon-resources",
        is_flag=True,
        help="Although resources remain, which stay as they are.",
    ),
)


def agreed(noun: str, name: str, *, yes: bool) -> None:
    """Let whoever deletes something type its name; `yes` stands for that.

    Raises:
        Failure: when another name is typed, or there is nobody to ask.
    """
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"This cannot be undone. To delete the {noun} {name}, say --yes.", Exit.USAGE)
    click.echo(
        f"The {noun} {name} and all that is kept of it goes. This cannot be undone.", err=True
    )
    typed = click.prompt("Type its name to go on", default="", show_default=False, err=True)
    if typed.strip() != name:
        raise Failure(f"Nothing was deleted: that is not the name of the {noun}.")
