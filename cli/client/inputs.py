"""The inputs of a run: what runs, schedules and triggers that make runs have in common."""

from pathlib import Path
from typing import Any

import click

from cli.client.command import Here
from cli.client.fields import SOURCE, take_source
from cli.client.http import Json
from cli.client.kinds import json_of, pairs

TYPES = ("preview", "apply", "destroy", "task", "generate", "test")
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
INPUTS = (
    click.option("--message", "-m", help="What it is for."),
    click.option("--local", type=FOLDER, metavar="DIR", help="Pack and upload this folder."),
    *SOURCE,
    click.option(
        "--var", multiple=True, metavar="NAME=TEXT", help="A terraform variable; =@FILE reads it."
    ),
    click.option("--var-json", multiple=True, metavar="NAME=JSON", help="The same, of any type."),
    click.option("--env", multiple=True, metavar="NAME=TEXT", help="An environment variable."),
    click.option("--secret", multiple=True, metavar="NAME", help="Keep this one secret."),
    click.option("--command", "-c", metavar="TEXT", help="The command of a task."),
    click.option("--no-init", is_flag=True, help="A task without the engine's init."),
    click.option("--destroy", is_flag=True, help="A preview of a destroy."),
    click.option(
        "--auto-apply/--no-auto-apply", default=None, help="Apply without asking; or ask."
    ),
    click.option("--target", multiple=True, metavar="ADDRESS", help="Only this resource."),
    click.option("--replace", multiple=True, metavar="ADDRESS", help="Make this one anew."),
    click.option("--refresh-only", is_flag=True, help="Only take up what was changed outside."),
    click.option("--priority", type=int, help="Before others in its pool."),
    click.option("--metadata", multiple=True, metavar="TEXT", help="A string to attach."),
)
_PLAIN = ("message", "command", "destroy", "refresh_only", "priority")


def take_inputs(here: Here, project: str, given: Json) -> Json:
    """The fields of a body that the options of INPUTS mean, taken out of what was given.

    What was not said is left out. A folder is uploaded to the project.
    """
    folder = given.get("local")
    said: Json = {
        "source": take_source(given),
        "variables": _variables(given),
        "targets": list(given.pop("target")),
        "replace": list(given.pop("replace")),
        "metadata": list(given.pop("metadata")),
    }
    if folder is not None:
        said["source"] = uploaded(here, project, folder)
    said |= {name: given.pop(name) for name in _PLAIN}
    auto_apply, no_init = given.pop("auto_apply"), given.pop("no_init")
    body = {name: value for name, value in said.items() if value}
    body |= {} if auto_apply is None else {"auto_apply": auto_apply}
    return body | ({"init": False} if no_init else {})


def uploaded(here: Here, project: str, folder: Path) -> Json:
    """The source that an uploaded folder is."""
    return {"kind": "configuration_version", "id": upload(here, project, folder)["id"]}


def upload(here: Here, project: str, folder: Path) -> Json:
    """Pack and upload a folder; gives the configuration version."""
    from cli.client import packing

    with packing.packed(folder) as packed:
        left_out = f", {packed.ignored:,} left out" if packed.ignored else ""
        here.out.say(
            f"Uploading {folder}: {_files(packed.files)}{left_out}, {_size(packed.size_bytes)}."
        )
        made: Json = here.portal.upload("/configuration-versions", packing.upload(project, packed))
    return made


def _files(count: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'}"


def _variables(given: Json) -> Json:
    """The variables of its own, as the API takes them."""
    typed: dict[str, Any] = {
        name: json_of(text, "--var-json")
        for name, text in pairs(given.pop("var_json"), "--var-json").items()
    }
    found: Json = {
        name: {"value": value, "category": "terraform"}
        for name, value in (pairs(given.pop("var"), "--var") | typed).items()
    }
    found |= {
        name: {"value": value, "category": "environment"}
        for name, value in pairs(given.pop("env"), "--env").items()
    }
    for name in given.pop("secret"):
        if name not in found:
            raise click.UsageError(f"--secret names {name}, which is not set here.")
        found[name]["secret"] = True
    return found


def _size(size_bytes: int) -> str:
    return (
        f"{size_bytes / 1024 / 1024:,.1f} MB" if size_bytes >= 1 << 20 else f"{size_bytes:,} bytes"
    )
