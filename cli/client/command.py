"""How a command of the client is made: its group, examples, calls, and the options all share."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, update_wrapper
from typing import Any, TypeVar

import click

from cli.client import profiles
from cli.client.failures import Exit, Failure
from cli.client.http import PATIENCE_S, Json, Portal, path
from cli.client.kinds import DURATION
from cli.client.output import Column, Output
from cli.late import Suggesting

_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}")
F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_LIMIT = 50
COMMON = "Options of every command"
REACHED_BY = ("url", "token", "profile", "ca_file", "retry_for")
"""Options of every command that say which portal is meant, and how it is reached."""


class Command(click.Command):
    """A command with examples, and with the calls of the API that it makes."""

    def __init__(
        self, *args: Any, examples: Sequence[str] = (), calls: Sequence[str] = (), **rest: Any
    ) -> None:
        super().__init__(*args, **rest)
        self.examples, self.calls = examples, calls

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its own options, then those that every command has."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                (common if getattr(parameter, "is_common", False) else own).append(record)
        for title, records in (("Options", own), (COMMON, common)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its examples, as they are typed."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"  {example}\n")
        super().format_epilog(ctx, formatter)


class Group(Suggesting):
    """A noun: its verbs are Commands."""

    command_class = Command
    group_class = type


class Common(click.Option):
    """An option that every command has."""

    is_common = True


@dataclass
class Here:
    """What a command has at hand: the portal, and where it prints."""

    out: Output
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    profile: str | None = None
    ca_file: str | None = None
    retry_for: float = PATIENCE_S
    """Seconds."""

    @cached_property
    def portal(self) -> Portal:
        """The portal: from options and environment, else from the profile that is in use.

        Raises:
            Failure: when there is no portal or no token.
        """
        kept = None
        if self.url is None or self.token is None:
            kept = profiles.named(profiles.load(), self.profile)
        url = self.url or (kept.url if kept else None)
        # A token is for the portal it was kept with, and is not handed to another.
        token = self.token or (kept.token if kept and url == kept.url else None)
        if url is None or token is None:
            raise Failure(
                "You are not signed in to a portal. Use “gantry login”, or set GANTRY_URL and "
                "GANTRY_TOKEN.",
                Exit.REFUSED,
            )
        ca_file = self.ca_file or (kept.ca_file if kept else None)
        return Portal(
            usual_url(url),
            token,
            ca_file,
            patience_s=self.retry_for,
            is_quiet=not self.out.is_for_people,
        )

    def listing(
        self, where: str, columns: Sequence[Column], name: str, listed: Json, **query: Any
    ) -> None:
        """Print the list that is there; `listed` holds the values of `listing_options`."""
        most = None if listed.pop("everything") else listed.pop("limit")
        listed.pop("limit", None)
        self.out.listing(self.portal.pages(where, most, **query, **listed), columns, name)


def usual_url(text: str) -> str:
    """A portal's URL as it is used: with a scheme, without the API's path.

    Raises:
        Failure: when it is none.
    """
    from urllib.parse import urlsplit

    typed = text.strip()
    if "://" not in typed:
        typed = f"{'http' if is_this_machine(typed) else 'https'}://{typed}"
    parts = urlsplit(typed)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise Failure(
            f"“{text}” is no URL of a portal. Say one such as https://gantry.example.com",
            Exit.USAGE,
        )
    return typed.rstrip("/").removesuffix("/api/v1")


def is_this_machine(place: str) -> bool:
    """Whether `HOST[:PORT][/…]` names the machine that the command runs on."""
    from urllib.parse import urlsplit

    try:
        host = urlsplit(f"//{place}").hostname or ""
    except ValueError:
        return False
    return host in {"localhost", "::1"} or bool(_LOOPBACK.fullmatch(host))


def connected(command: F) -> F:
    """Give a command the options that all share, and `here` as its first argument."""

    def run(*, as_json: bool, quiet: bool, **given: Any) -> Any:
        reached = {name: given.pop(name) for name in REACHED_BY}
        here = Here(Output(as_json=as_json, quiet=quiet), **reached)
        try:
            return command(here, **given)
        except (KeyboardInterrupt, click.Abort):
            raise Failure("Interrupted.", Exit.INTERRUPTED) from None

    wrapped: Any = update_wrapper(run, command)
    for option in reversed(_common()):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]  # it has the options, and the same name


class Count(click.IntRange):
    """A whole number in a range, called so when something else is given."""

    name = "whole number"


def listing_options(command: F) -> F:
    """Give a list its length: `--limit` or `--all`."""
    limit = click.option(
        "--limit",
        type=Count(1),
        default=DEFAULT_LIMIT,
        show_default=True,
        help="How many at most.",
    )
    everything = click.option("--all", "everything", is_flag=True, help="All of them.")
    return limit(everything(command))


def searched(command: F) -> F:
    """Give a list `--search`."""
    return click.option("--search", "q", metavar="WORDS", help="Those that hold these words.")(
        command
    )


def _common() -> list[Callable[[Any], Any]]:
    def option(*names: str, **settings: Any) -> Callable[[Any], Any]:
        return click.option(*names, cls=Common, **settings)

    return [
        option("--json", "as_json", is_flag=True, help="The API's JSON, for programs."),
        option("--quiet", "-q", is_flag=True, help="Ids (or names) alone."),
        option("--profile", envvar="GANTRY_PROFILE", metavar="NAME", help="Which portal."),
        option("--url", envvar="GANTRY_URL", metavar="URL", help="The portal's URL."),
        option("--token", envvar="GANTRY_TOKEN", hidden=True, callback=_not_typed),
        option(
            "--ca-file",
            envvar="GANTRY_CA_FILE",
            metavar="FILE",
            help="Certificates to trust instead of the usual ones.",
        ),
        option(
            "--retry-for",
            envvar="GANTRY_RETRY_FOR",
            type=DURATION,
            default=f"{PATIENCE_S:.0f}s",
            metavar="TIME",
            help="How long to try again while the portal cannot be reached (60s).",
        ),
    ]


def _not_typed(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse a token that stands on the command line, where every user of the machine reads it."""
    source = context.get_parameter_source(str(option.name))
    if source is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("A command line can be read by others: set GANTRY_TOKEN instead.")
    return value


__all__ = [
    "Command",
    "Count",
    "Group",
    "Here",
    "Json",
    "connected",
    "is_this_machine",
    "listing_options",
    "path",
    "searched",
]
