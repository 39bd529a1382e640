"""gantry version."""

import platform

import click


@click.command()
def version() -> None:
    """Say which Gantry this is."""
    from cli.portal import installed_version

    print(f"Gantry {installed_version()} (Python {platform.python_version()})")
