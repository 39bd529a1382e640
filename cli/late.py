"""Groups of commands that are imported when they are used, so that --help is quick."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

Sections = Mapping[str, Mapping[str, tuple[str, str]]]
"""Title of a section → name of a command → (`module:attribute`, what it does)."""


class Suggesting(click.Group):
    """A group that says which command was meant, when one is misspelled."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), 3, 0.5)
            if not near or "Did you mean" in error.message:
                raise
            meant = " or ".join(f"“{name}”" for name in near)
            raise click.UsageError(f"{error.message} Did you mean {meant}?", ctx) from error


class LateGroup(Suggesting):
    """A group out of a table. Its list of commands is the table's, without loading any."""

    def __init__(self, *args: Any, sections: Sections, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.sections = sections
        self._table = {name: row for each in sections.values() for name, row in each.items()}

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self._table)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; unknown ones are click's to refuse."""
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def said(self, name: str) -> str:
        """What a command does, in a sentence."""
        return self._table[name][1]

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of --help, out of the table alone."""
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, said) for name, (_, said) in commands.items()])
