"""gantry db: the database's tables."""

import sys

import click

from cli import portal


@click.group()
def db() -> None:
    """The database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the database to what this Gantry needs."""
    with portal.opened():
        from services import schema

        before = schema.current()
        schema.upgrade()
        print(f"The database was at {before or 'nothing'} and is at {schema.head()} now.")


@db.command()
def check() -> None:
    """Say whether the database is at what this Gantry needs; ends with 1 when it is not."""
    with portal.opened():
        from services import schema

        found, wanted = schema.current(), schema.head()
        print(f"The database is at {found or 'nothing'}; this Gantry needs {wanted}.")
    sys.exit(0 if found == wanted else 1)
