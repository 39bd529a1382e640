"""gantry doctor: what is in force, and what is the matter."""

import sys

import click

from cli import portal
from config import lines


@click.command()
def doctor() -> None:
    """Say which settings are in force and what is the matter; ends with 1 when something is."""
    with portal.opened() as settings:
        from services import health

        print("Settings that differ from their default:")
        for line in lines(settings):
            if line.is_set:
                print(f"  {line.variable}={line.value}")
        found = health.checks()
        for check in found:
            print(f"{'ok ' if check.is_well else 'BAD'}  {check.name}: {check.text}")
    sys.exit(0 if all(check.is_well for check in found) else 1)
