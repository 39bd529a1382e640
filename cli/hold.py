"""gantry hold: whether nothing may run, and letting it."""

import click

from cli import portal


@click.group()
def hold() -> None:
    """Letting nothing run, as after a restore."""


@hold.command()
def show() -> None:
    """Say whether Gantry is on hold, and why."""
    with portal.opened():
        from services import hold as holds

        found = holds.current()
        if found is None:
            print("Runs go on.")
        else:
            print(f"On hold since {found.since}: {found.reason}")


@hold.command()
@click.argument("reason")
def begin(reason: str) -> None:
    """Let nothing start from now on; what is at work goes on."""
    with portal.opened():
        from services import hold as holds
        from services.access import SYSTEM

        holds.begin(SYSTEM, reason)
        print("Nothing starts until it is released.")


@hold.command()
def release() -> None:
    """Let runs go on."""
    with portal.opened():
        from services import hold as holds
        from services.access import SYSTEM

        holds.release(SYSTEM)
        print("Runs go on.")
