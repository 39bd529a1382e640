"""gantry run create, and gantry upload: asking for a run, from code that is anywhere."""

from pathlib import Path
from typing import Any

import click

from cli.client import follow
from cli.client.command import Command, Here, connected
from cli.client.fields import SOURCE, having, source_of
from cli.client.http import Json
from cli.client.kinds import DEPLOYMENT, PROJECT, json_of, pairs
from cli.client.screen import run_place

TYPES = ("preview", "apply", "destroy", "task", "generate", "test")
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_OPTIONS = (
    click.option(
        "--type",
        "-t",
        "kind",
        type=click.Choice(TYPES),
        default="preview",
        show_default=True,
        help="What it is to do.",
    ),
    click.option("--message", "-m", default="", help="What it is for."),
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
    click.option(
        "--idempotency-key",
        metavar="KEY",
        help="The same key again makes no second run: for jobs that are started again.",
    ),
)


@click.command(
    "create",
    cls=Command,
    calls=["POST /runs", "POST /configuration-versions"],
    examples=[
        "gantry run create shop/web/staging --follow",
        "gantry run create shop/web/staging --local . --follow",
        "gantry run create shop/web/prod -t apply -m 'Release 12' --wait --timeout 30m",
        "gantry run create shop/web/prod -t apply --var image=web:1.9 --follow --yes",
        "gantry run create shop/web/staging -t task -c 'terraform state list' --follow",
    ],
)
@click.argument("place", type=DEPLOYMENT)
@having(*_OPTIONS)
@follow.options
@connected
def create(here: Here, place: tuple[str, ...], **given: Any) -> None:
    """Make a run of a stack in a workspace; a preview, unless another type is asked for.

    With --follow its log is shown until it is over. A plan that waits is shown, and you are asked
    whether to apply it. The exit code says how the run ended.
    """
    body = request(place, given)
    if given["local"] is not None:
        body["source"] = uploaded(here, place[0], given["local"])
    made = here.portal.make("/runs", body, key=given["idempotency_key"])
    here.out.say(f"Made run {made['number']}, {run_place(made)}: {made['id']}")
    if given["follow"] or given["wait"]:
        follow.through(here, made, given)
    if not here.out.is_for_people:
        here.out.one(made, "id")
    elif made["waiting_on"]:
        here.out.say(f"It waits: {made['waiting_on']['text']}")


@click.command(
    cls=Command,
    calls=["POST /configuration-versions"],
    examples=["gantry upload shop .", "gantry upload shop ./network --list"],
)
@click.argument("project", type=PROJECT)
@click.argument("folder", type=FOLDER)
@click.option("--list", "only_list", is_flag=True, help="Only say what would be uploaded.")
@connected
def upload(here: Here, project: tuple[str, ...], folder: Path, *, only_list: bool) -> None:
    """Pack a folder and upload it as a configuration version, for stacks and runs to use.

    What .gitignore and .terraformignore name is left out, and so are .git, .terraform and local
    states. Links are refused.
    """
    from cli.client import packing

    if only_list:
        for each in packing.choose(folder)[0]:
            click.echo(each.relative_to(folder.resolve()))
        return
    made = _upload(here, project[0], folder)
    here.out.done(made, "id", f"Uploaded as {made['id']} (SHA-256 {made['digest']}).")


def uploaded(here: Here, project: str, folder: Path) -> Json:
    """The source that an uploaded folder is."""
    return {"kind": "configuration_version", "id": _upload(here, project, folder)["id"]}


def request(place: tuple[str, ...], given: Json) -> Json:
    """The body of `POST /runs`; what was not said is left out."""
    project, stack, workspace = place
    body: Json = {"project": project, "stack": stack, "workspace": workspace, "type": given["kind"]}
    said: Json = {
        "message": given["message"],
        "source": source_of(given),
        "variables": _variables(given),
        "command": given["command"],
        "destroy": given["destroy"],
        "targets": list(given["target"]),
        "replace": list(given["replace"]),
        "refresh_only": given["refresh_only"],
        "priority": given["priority"],
        "metadata": list(given["metadata"]),
    }
    body |= {name: value for name, value in said.items() if value}
    if given["auto_apply"] is not None:
        body["auto_apply"] = given["auto_apply"]
    return body | ({"init": False} if given["no_init"] else {})


def _variables(given: Json) -> Json:
    """The run's own variables, as the API takes them."""
    typed = {
        name: json_of(text, "--var-json")
        for name, text in pairs(given["var_json"], "--var-json").items()
    }
    found: Json = {
        name: {"value": value, "category": "terraform"}
        for name, value in (pairs(given["var"], "--var") | typed).items()
    }
    found |= {
        name: {"value": value, "category": "environment"}
        for name, value in pairs(given["env"], "--env").items()
    }
    for name in given["secret"]:
        if name not in found:
            raise click.UsageError(f"--secret names {name}, which is not set here.")
        found[name]["secret"] = True
    return found


def _upload(here: Here, project: str, folder: Path) -> Json:
    from cli.client import packing

    with packing.packed(folder) as packed:
        left_out = f", {packed.ignored:,} left out" if packed.ignored else ""
        here.out.say(
            f"Uploading {folder}: {packed.files:,} files{left_out}, {_size(packed.size_bytes)}."
        )
        made: Json = here.portal.upload("/configuration-versions", packing.upload(project, packed))
    return made


def _size(size_bytes: int) -> str:
    return (
        f"{size_bytes / 1024 / 1024:,.1f} MB" if size_bytes >= 1 << 20 else f"{size_bytes:,} bytes"
    )
