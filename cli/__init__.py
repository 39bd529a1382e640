"""The gantry command. Its parts are loaded when they are asked for, so that --help is quick."""

import sys
from importlib import import_module
from typing import Any

import click

COMMANDS = {
    "serve": ("cli.serve", "Web, scheduler and embedded pool, in one command."),
    "web": ("cli.serve", "The web alone, beside a scheduler and workers elsewhere."),
    "db": ("cli.db", "The database's tables: upgrade, check."),
    "user": ("cli.user", "People: create, list, reset-password, deactivate."),
    "doctor": ("cli.doctor", "What is in force, and what is the matter."),
    "backup": ("cli.backup", "Write everything to one file, while the portal works."),
    "restore": ("cli.backup", "Fill an empty place from a backup; it is on hold then."),
    "hold": ("cli.hold", "Let nothing run, or let it again: show, begin, release."),
    "secrets": ("cli.secrets", "The secret key: rotate it."),
    "version": ("cli.version", "Which Gantry this is."),
}


class LateGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; unknown ones are click's to refuse."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of --help, out of the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])


@click.command(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
def gantry() -> None:
    """Gantry runs infrastructure as code: queued, previewed, approved, applied, remembered."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command. Settings that cannot be used end it with a sentence and 2."""
    from config import SettingsError

    try:
        return gantry.main(arguments, prog_name="gantry")
    except SettingsError as error:
        print(f"gantry: {error}", file=sys.stderr)
        return sys.exit(2)
