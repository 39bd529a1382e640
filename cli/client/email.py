"""gantry email: triggers that start runs by mail, and the mail that came."""

import sys
from pathlib import Path
from typing import Any

import click

from cli.client.command import Group, Here, connected, listing_options
from cli.client.failures import Exit, Failure
from cli.client.fields import VERSION, changed, having, said
from cli.client.http import Json, path
from cli.client.kinds import DEPLOYMENT, pairs
from cli.client.output import Column, when
from cli.client.screen import run_place
from cli.client.starter import EXAMPLE, Starter

ONE = "/email-triggers/{trigger_id}"
TRIGGERS = [
    Column("name", "name"),
    Column("where", run_place, 1),
    Column("type", "type", 2),
    Column("senders", "senders", 3),
    Column("address", "address"),
    Column("paused", "paused", 4),
    Column("received", "received", 5),
    Column("id", "id", 1),
]
EMAILS = [
    Column("received", when("received_at")),
    Column("from", "sender"),
    Column("subject", "subject", 2),
    Column("verdict", "verdict"),
    Column("run", "run.number", 1),
    Column("reason", "reason", 3),
    Column("id", "id", 4),
]
HEADERS = [Column("name", "name"), Column("value", "value")]
TYPES = click.Choice(["preview", "apply", "destroy"])
SETTINGS = (
    click.option(
        "--sender",
        "senders",
        multiple=True,
        metavar="WHO",
        help="members, anyone, or addresses and @domains; repeat it.",
    ),
    click.option(
        "--map",
        "mapping",
        multiple=True,
        metavar="VARIABLE=SOURCE",
        help="Of subject, sender, body, body:KEY or attachment:GLOB.",
    ),
    click.option(
        "--attachments",
        type=click.Choice(["files", "variables"]),
        help="Files in the working directory, or variables.",
    ),
    click.option(
        "--auto-apply/--no-auto-apply", default=None, help="Apply without a person; or with one."
    ),
)


@click.group(cls=Group)
def email() -> None:
    """Runs by e-mail: triggers with an address each, and the mail that came to them."""


@email.group(cls=Group)
def trigger() -> None:
    """Triggers: an address for a deployment, to which mail starts a run."""


STARTER = Starter(
    trigger, "gantry email trigger", "trigger", "e-mail trigger", "email-triggers", "trigger_id"
)


@trigger.command(
    "list",
    calls=["GET /email-triggers"],
    examples=["gantry email trigger list", "gantry email trigger list --project shop --stack web"],
)
@click.option("--project", metavar="NAME", help="Of a stack of this project.")
@click.option("--stack", metavar="NAME", help="Of this stack.")
@click.option("--workspace", metavar="NAME", help="In this workspace.")
@listing_options
@connected
def list_triggers(here: Here, **given: Any) -> None:
    """List the e-mail triggers that you see."""
    here.listing("/email-triggers", TRIGGERS, "id", given)


STARTER.show("Show one trigger; its address is hidden from viewers.")


@trigger.command(
    "create",
    calls=["POST /email-triggers"],
    examples=["gantry email trigger create shop/web/staging --map size=body:size --sender members"],
)
@click.argument("place", type=DEPLOYMENT)
@click.option("--name", help="What people call it.")
@click.option("--type", "-t", "kind", type=TYPES, help="What its runs do; preview if not said.")
@having(*SETTINGS)
@connected
def create(here: Here, place: tuple[str, ...], **given: Any) -> None:
    """Make a trigger, and print the address to write to."""
    body = dict(zip(("project", "stack", "workspace"), place, strict=True))
    made = here.portal.make("/email-triggers", body | _settings(given))
    here.out.done(made, "id", f"Made the trigger {made['name']} ({made['id']}). Write to:")
    if here.out.is_for_people:
        print(made["address"])


@trigger.command(
    "edit",
    calls=[f"PATCH {ONE}"],
    examples=[f"gantry email trigger edit {EXAMPLE} --sender dave@example.com"],
)
@click.argument("trigger_id", metavar="ID")
@click.option("--name", help="What people call it.")
@click.option("--type", "-t", "kind", type=TYPES, help="What its runs do.")
@having(*SETTINGS, VERSION)
@connected
def edit(here: Here, trigger_id: str, **given: Any) -> None:
    """Change a trigger; only what is said changes. You are its owner from then on."""
    made = here.portal.patch(path("email-triggers", trigger_id), changed(_settings(given)))
    here.out.done(made, "id", f"Changed the trigger {made['name']}.")


STARTER.delete(
    "Delete a trigger with what it received; the runs it started stay. Asks for its name."
)
STARTER.verb("pause", "Refuse mail to it until it is resumed.", "is paused")
STARTER.verb("resume", "Take mail to it again.", "goes on")
STARTER.verb("rotate", "Give it a new address; the old one is nobody's.", "has a new address")


@trigger.command(
    "try",
    calls=[f"POST {ONE}/try"],
    examples=[f"gantry email trigger try {EXAMPLE} message.eml"],
)
@click.argument("trigger_id", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--run", "really", is_flag=True, help="Make its run, too.")
@connected
def attempt(here: Here, trigger_id: str, file: Path, *, really: bool) -> None:
    """Say what a message would do (- is standard input); with --run it is done."""
    try:
        message = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file} cannot be read.", Exit.USAGE) from error
    body: Json = {"message": message} | ({"run": True} if really else {})
    done = here.portal.make(path("email-triggers", trigger_id, "try"), body)
    here.out.one(done, "run.id")


@email.command(
    "list",
    calls=["GET /emails"],
    examples=["gantry email list --verdict refused"],
)
@click.option("--trigger", metavar="ID", help="That came to this trigger.")
@click.option("--verdict", metavar="WORD", help="received, accepted, refused or ignored.")
@listing_options
@connected
def list_emails(here: Here, **given: Any) -> None:
    """List received mail, newest first."""
    here.listing("/emails", EMAILS, "id", given)


@email.command("show", calls=["GET /emails/{email_id}"], examples=[f"gantry email show {EXAMPLE}"])
@click.argument("email_id", metavar="ID")
@connected
def show_email(here: Here, email_id: str) -> None:
    """Show what became of a message, not what it says."""
    here.out.one(here.portal.get(path("emails", email_id)), "id")


@email.command(
    "headers",
    calls=["GET /emails/{email_id}/headers"],
    examples=[f"gantry email headers {EXAMPLE}"],
)
@click.argument("email_id", metavar="ID")
@connected
def headers(here: Here, email_id: str) -> None:
    """List a message's headers (owners)."""
    here.out.listing(here.portal.get(path("emails", email_id, "headers")), HEADERS, "name")


def _settings(given: Json) -> Json:
    """Settings as the API takes them: one word for who may send, or a list."""
    senders, kind = list(given.pop("senders")), given.pop("kind")
    mapping = pairs(given.pop("mapping"), "--map")
    body = said({**given, "type": kind}) | ({"mapping": mapping} if mapping else {})
    if senders:
        body["senders"] = senders[0] if senders in (["members"], ["anyone"]) else senders
    return body
