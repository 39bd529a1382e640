"""gantry completion: what a shell needs to complete commands, places and runs."""

import click
from click.shell_completion import get_completion_class

from cli.client.command import Command
from cli.client.failures import Failure

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    examples=[
        'eval "$(gantry completion bash)"',
        "gantry completion zsh > ~/.zfunc/_gantry",
        "gantry completion fish > ~/.config/fish/completions/gantry.fish",
    ],
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands, options, places and runs."""
    from cli import gantry

    found = get_completion_class(shell)
    if found is None:
        raise Failure(f"There is no completion for {shell}.")
    click.echo(found(gantry, {}, "gantry", "_GANTRY_COMPLETE").source())
