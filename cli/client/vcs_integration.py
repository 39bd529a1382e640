"""gantry vcs integration: services that host repositories."""

from typing import Any

import click

from cli.client.command import Group, Here, connected
from cli.client.fields import VERSION, agreed, changed, having, said
from cli.client.http import Json, path
from cli.client.kinds import content
from cli.client.output import Column

ONE = "/vcs-integrations/{integration_id}"
KINDS = ("github", "gitlab", "gitea", "git")
INTEGRATIONS = [
    Column("name", "name"),
    Column("kind", "kind"),
    Column("project", "project", 1),
    Column("address", "base_url", 2),
    Column("paused", "is_paused", 3),
    Column("id", "id"),
]
SETTINGS = (
    click.option("--base-url", metavar="URL", help="The address of the service."),
    click.option("--clone-url", metavar="URL", help="What stands before names for git."),
    click.option("--username", metavar="NAME", help="Whom git signs in as."),
    click.option("--known-hosts", metavar="TEXT", help="Lines of ssh-keyscan; @FILE reads them."),
    click.option(
        "--repository", "repositories", multiple=True, metavar="PATTERN", help="Only these."
    ),
    click.option("--paused/--active", "is_paused", default=None, help="Start nothing; or go on."),
    click.option("--max-runs", type=int, metavar="N", help="How many runs one event may start."),
    click.option("--poll-every-s", type=int, metavar="S", help="Look this often; 0 for never."),
)
SECRETS = ("service-token", "ssh-key", "webhook-secret")
SECRET_OPTIONS = tuple(
    click.option(
        f"--{name}",
        name.replace("-", "_"),
        metavar="@FILE",
        help=f"The {words}, from a file, or @- for standard input.",
    )
    for name, words in zip(SECRETS, ("token", "private key", "webhooks' secret"), strict=True)
)


@click.group(cls=Group)
def integration() -> None:
    """Integrations with services that host repositories."""


@integration.command(
    "list", calls=["GET /vcs-integrations"], examples=["gantry vcs integration list --project shop"]
)
@click.option("--project", metavar="NAME", help="Those that this project can use.")
@connected
def list_integrations(here: Here, *, project: str | None) -> None:
    """List integrations."""
    here.out.listing(here.portal.get("/vcs-integrations", project=project), INTEGRATIONS, "id")


@integration.command("show", calls=[f"GET {ONE}"], examples=["gantry vcs integration show github"])
@click.argument("integration_id", metavar="ID")
@connected
def show(here: Here, integration_id: str) -> None:
    """Show an integration; of its secrets only which are set."""
    here.out.one(here.portal.get(path("vcs-integrations", integration_id)), "id")


@integration.command(
    "create",
    calls=["POST /vcs-integrations"],
    examples=[
        "gantry vcs integration create github --kind github --project shop --service-token @token"
    ],
)
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What kind of service.")
@click.option("--project", metavar="NAME", help="Of this project; of the instance if not said.")
@having(*SETTINGS, *SECRET_OPTIONS)
@connected
def create(here: Here, name: str, **given: Any) -> None:
    """Make an integration. The webhook secret made for it is printed now, and never again."""
    made = here.portal.make("/vcs-integrations", {"name": name, **_settings(given)})
    _print_secret(here, made, f"Made the integration {made['name']} ({made['id']}).")


@integration.command(
    "edit",
    calls=[f"PATCH {ONE}"],
    examples=["gantry vcs integration edit 06gzq1k2v5c8m9r3tw4x --paused"],
)
@click.argument("integration_id", metavar="ID")
@having(*SETTINGS, *SECRET_OPTIONS, VERSION)
@connected
def edit(here: Here, integration_id: str, **given: Any) -> None:
    """Change an integration. With another address its token and key must come anew."""
    body = changed(_settings(given))
    made = here.portal.patch(path("vcs-integrations", integration_id), body)
    here.out.done(made, "id", f"Changed the integration {made['name']}.")


@integration.command(
    "delete",
    calls=[f"GET {ONE}", f"DELETE {ONE}"],
    examples=["gantry vcs integration delete 06gzq1k2v5c8m9r3tw4x --yes"],
)
@click.argument("integration_id", metavar="ID")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@connected
def delete(here: Here, integration_id: str, *, yes: bool) -> None:
    """Delete an integration with its links and deliveries. Asks for its name."""
    where = path("vcs-integrations", integration_id)
    name = here.portal.get(where)["name"]
    agreed("integration", name, yes=yes)
    here.portal.delete(where, confirm=name)
    here.out.say(f"Deleted the integration {name}.")


@integration.command(
    "test",
    calls=[f"POST {ONE}/test"],
    examples=["gantry vcs integration test 06gzq1k2v5c8m9r3tw4x --repository shop/infra"],
)
@click.argument("integration_id", metavar="ID")
@click.option("--repository", metavar="NAME", help="Look at this repository, too.")
@connected
def test(here: Here, integration_id: str, *, repository: str | None) -> None:
    """Ask the service whose token it is, and git for a repository; `show` says what came of it."""
    body = said({"repository": repository})
    done = here.portal.do(path("vcs-integrations", integration_id, "test"), body)
    here.out.done(done, "id", "It is being tested; “gantry vcs integration show” says the result.")


@integration.command(
    "rotate",
    calls=[f"POST {ONE}/rotate"],
    examples=["gantry vcs integration rotate 06gzq1k2v5c8m9r3tw4x"],
)
@click.argument("integration_id", metavar="ID")
@connected
def rotate(here: Here, integration_id: str) -> None:
    """Make a new webhook secret, printed this once. The old one is good for a day more."""
    made = here.portal.do(path("vcs-integrations", integration_id, "rotate"))
    _print_secret(here, made, f"{made['name']} has a new webhook secret.")


def _settings(given: Json) -> Json:
    """Settings as the API takes them; secrets out of files, never off the command line."""
    for option in SECRETS:
        value = given.pop(option.replace("-", "_"))
        if value is None:
            continue
        if not value.startswith("@"):
            raise click.UsageError(f"--{option} takes @FILE or @-: others can read command lines.")
        field = option.removeprefix("service-").replace("-", "_")
        given[field] = content(value) if field == "ssh_key" else content(value).rstrip("\n")
    if given["known_hosts"] is not None:
        given["known_hosts"] = content(given["known_hosts"])
    repositories = list(given.pop("repositories"))
    return said(given) | ({"repositories": repositories} if repositories else {})


def _print_secret(here: Here, made: Json, sentence: str) -> None:
    here.out.done(made, "id", sentence)
    if here.out.is_for_people and made.get("webhook_secret"):
        here.out.say("Its webhook secret, which is not shown again:")
        print(made["webhook_secret"])
