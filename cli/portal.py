"""The settings and the application, for commands.

The application stands above every other part of the house, the command line included, so it is
loaded by its name, as a web server does it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

from config import Settings, SettingsError, load

if TYPE_CHECKING:
    from flask import Flask


def settings() -> Settings:
    """The settings in force; warnings go to stderr. The data directory is there afterwards.

    Those that cannot be used end the command with a sentence and 2.
    """
    try:
        found, warnings = load()
    except SettingsError as error:
        print(f"gantry: {error}", file=sys.stderr)
        sys.exit(2)
    for warning in warnings:
        print(f"gantry: {warning}", file=sys.stderr)
    os.umask(0o077)  # What the portal keeps is for its own user.
    found.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def make_app(found: Settings) -> "Flask":
    """The application for these settings.

    Raises:
        lib.crypto.BadKey: when the secret key cannot be used.
    """
    app: Flask = import_module("app").create_app(found)
    return app


@contextmanager
def opened() -> Iterator[Settings]:
    """Run a command's body beside the application's database; a refusal ends it with a sentence."""
    from lib import logs

    found = settings()
    logs.configure("warning", found.log_format)
    with refusals(), make_app(found).app_context():
        yield found


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with a sentence when something is refused."""
    from lib.crypto import BadKey
    from services.errors import GantryError

    try:
        yield
    except GantryError as error:
        raise click.ClickException(error.text) from error
    except BadKey as error:
        raise click.ClickException(str(error)) from error


def installed_version() -> str:
    """Gantry's version, as the application says it."""
    return str(import_module("lib.version").VERSION)
