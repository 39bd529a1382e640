"""gantry run create, and gantry upload: asking for a run, from code that is anywhere."""

from pathlib import Path
from typing import Any

import click

from cli.client import follow
from cli.client.command import Command, Here, connected
from cli.client.fields import having
from cli.client.inputs import FOLDER, INPUTS, TYPES, take_inputs
from cli.client.inputs import upload as upload_folder
from cli.client.kinds import DEPLOYMENT, PROJECT


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
@click.option(
    "--type",
    "-t",
    "kind",
    type=click.Choice(TYPES),
    default="preview",
    show_default=True,
    help="What it is to do.",
)
@having(*INPUTS)
@click.option(
    "--idempotency-key",
    metavar="KEY",
    help="The same key again makes no second run: for jobs that are started again.",
)
@follow.options
@connected
def create(here: Here, place: tuple[str, ...], **given: Any) -> None:
    """Make a run of a stack in a workspace; a preview, unless another type is asked for.

    With --follow its log is shown until it is over. A plan that waits is shown, and you are asked
    whether to apply it. The exit code says how the run ended.
    """
    project, stack, workspace = place
    body = {"project": project, "stack": stack, "workspace": workspace, "type": given["kind"]}
    body |= take_inputs(here, project, given)
    made = here.portal.make("/runs", body, key=given["idempotency_key"])
    follow.made(here, made, given)


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
    if only_list:
        from cli.client import packing

        for each in packing.choose(folder)[0]:
            click.echo(each.relative_to(folder.resolve()))
        return
    made = upload_folder(here, project[0], folder)
    here.out.done(made, "id", f"Uploaded as {made['id']} (SHA-256 {made['digest']}).")
