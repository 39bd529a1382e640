"""gantry doctor: what is in force, what is the matter, and how to mend it."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli import portal
from config import Settings, lines

if TYPE_CHECKING:
    from services.doctor import Finding


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(*, as_json: bool) -> None:
    """Say what is the matter and how to mend it; changes nothing, ends with 1 when something is."""
    settings = portal.settings()
    found = _without_key(settings) or _examined()
    is_well = all(finding.is_well for finding in found)
    if as_json:
        print(json.dumps({"well": is_well, "checks": [asdict(f) for f in found]}, indent=1))
    else:
        _say(settings, found)
    sys.exit(0 if is_well else 1)


def _examined() -> "list[Finding]":
    with portal.opened() as settings:
        from flask import current_app

        from scheduler import doctor as machine
        from services import doctor as kept

        engines = current_app.extensions["gantry_engines"]
        return [*kept.examine(), *machine.examine(settings, engines)]


def _without_key(settings: Settings) -> "list[Finding]":
    """Opening the portal would make a key; where one was lost, that is not for a doctor to do."""
    from services.doctor import Finding

    if settings.secret_key is not None or (settings.data_dir / "secret.key").exists():
        return []
    return [
        Finding(
            "key",
            is_well=False,
            text=f"There is no secret key in {settings.data_dir}, nor in GANTRY_SECRET_KEY.",
            mend="A new Gantry makes one when it is first served; else put the lost one back.",
        )
    ]


def _say(settings: Settings, found: "list[Finding]") -> None:
    print("Settings that differ from their default:")
    for line in lines(settings):
        if line.is_set:
            print(f"  {line.variable}={line.value}")
    for finding in found:
        print(f"{'ok ' if finding.is_well else 'BAD'}  {finding.name}: {finding.text}")
        if not finding.is_well and finding.mend:
            print(f"     {finding.mend}")
