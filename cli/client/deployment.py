"""gantry deployment: what is deployed of a stack in a workspace, its lock, and its state."""

from typing import Any

import click

from cli.client import deployment_state, deployment_ttl
from cli.client.command import Group, Here, connected, listing_options
from cli.client.failures import Exit, Failure
from cli.client.http import Json, path
from cli.client.kinds import DEPLOYMENT, STACK, deployment_path, stack_path
from cli.client.output import Column, kind_of_output, when

WHERE = "/projects/{project}/stacks/{stack}/workspaces/{workspace}"


def _names(item: Json) -> tuple[str, str, str]:
    return item["project"], item["stack"], item["workspace"]


def _run(link: Json | None) -> str:
    return f"{link['number']} ({link['type']})" if link else ""


def _locked(item: Json) -> str:
    if item["manual_lock"]:
        note = item["manual_lock"]["note"]
        return f"by {item['manual_lock']['name']}{': ' + note if note else ''}"
    lock = item["lock"]
    if not lock:
        return ""
    return f"by run {item['active_run']['number']}" if item["active_run"] else "by a run or client"


COLUMNS = [
    Column("deployment", lambda item: "/".join(_names(item))),
    Column("resources", "resource_count", 2),
    Column("last run", lambda item: _run(item["last_run"]), 1),
    Column("state", "last_run.state", 1, is_state=True),
    Column("locked", _locked, 3),
    Column("blocked", "blocked.reason", 3),
]
SHOWN = [
    *COLUMNS,
    Column("active", lambda item: _run(item["active_run"])),
    Column("applied", lambda item: _run(item["applied_run"])),
    Column("state kept", lambda item: "outside" if item["backend"] else "here"),
    Column("since", when("created_at")),
    Column("id", "id"),
]
RESOURCES = [
    Column("address", "address"),
    Column("type", "type", 3),
    Column("id", "id", 2),
    Column("made by", lambda item: _run(item["made_by"]), 4),
    Column("changed by", lambda item: _run(item["changed_by"]), 1),
    Column("changed", when("changed_at"), 5),
]
OUTPUTS = [
    Column("name", "name"),
    Column("value", lambda row: "(sensitive)" if row["sensitive"] else row["value"]),
    Column("type", kind_of_output, 1),
]
NOTE = click.option("--note", default="", help="Why; kept with it.")


@click.group(cls=Group)
def deployment() -> None:
    """Deployments: a stack in a workspace, with its lock, state and resources."""


deployment.add_command(deployment_state.state)
deployment.add_command(deployment_ttl.ttl)


@deployment.command(
    "list",
    calls=[
        "GET /projects/{project}/stacks/{stack}/workspaces",
        "GET /workspaces/{workspace}/deployments",
    ],
    examples=["gantry deployment list shop/web", "gantry deployment list --workspace prod"],
)
@click.argument("stack", type=STACK, required=False)
@click.option("--workspace", "-w", metavar="NAME", help="What is deployed in this workspace.")
@listing_options
@connected
def list_deployments(
    here: Here, stack: tuple[str, ...] | None, *, workspace: str | None, **given: Any
) -> None:
    """List where a stack is deployed, or what is deployed in a workspace."""
    if (stack is None) == (workspace is None):
        raise click.UsageError("Say a stack, or --workspace.")
    where = (
        stack_path(stack, "workspaces") if stack else path("workspaces", workspace, "deployments")
    )
    here.listing(where, COLUMNS, "id", given)


@deployment.command(
    "show", calls=[f"GET {WHERE}"], examples=["gantry deployment show shop/web/prod"]
)
@click.argument("place", type=DEPLOYMENT)
@connected
def show(here: Here, place: tuple[str, ...]) -> None:
    """Show one deployment, with its locks and runs."""
    here.out.one(here.portal.get(deployment_path(place)), "id", SHOWN)


@deployment.command(
    "lock",
    calls=[f"POST {WHERE}/lock"],
    examples=["gantry deployment lock shop/web/prod --note 'Moving the database'"],
)
@click.argument("place", type=DEPLOYMENT)
@NOTE
@connected
def lock(here: Here, place: tuple[str, ...], *, note: str) -> None:
    """Lock a deployment by hand: others' runs that change it wait until it is unlocked."""
    done = here.portal.do(deployment_path(place, "lock"), {"note": note})
    here.out.done(done, "id", f"Locked {'/'.join(place)}.")


@deployment.command(
    "unlock", calls=[f"DELETE {WHERE}/lock"], examples=["gantry deployment unlock shop/web/prod"]
)
@click.argument("place", type=DEPLOYMENT)
@click.option("--force", is_flag=True, help="Somebody else's lock (owners).")
@connected
def unlock(here: Here, place: tuple[str, ...], *, force: bool) -> None:
    """Take your lock away; with --force anybody's."""
    here.portal.delete(deployment_path(place, "lock"), force=force or None)
    here.out.say(f"Unlocked {'/'.join(place)}.")


@deployment.command(
    "settle",
    calls=[f"POST {WHERE}/settle"],
    examples=["gantry deployment settle shop/web/prod keep-current --note 'Nothing was made'"],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("decision", type=click.Choice(["take-candidate", "keep-current"]))
@click.option("--candidate", metavar="ID", help="Which one, when there are several.")
@NOTE
@connected
def settle(
    here: Here, place: tuple[str, ...], decision: str, *, candidate: str | None, note: str
) -> None:
    """Say which state of a blocked deployment holds; the block ends, and its queue goes on."""
    body = {"decision": decision.replace("-", "_"), "note": note}
    body |= {"candidate": candidate} if candidate else {}
    done = here.portal.do(deployment_path(place, "settle"), body)
    here.out.done(done, "id", f"Settled {'/'.join(place)}.")


@deployment.command(
    "resources",
    calls=[f"GET {WHERE}/resources"],
    examples=["gantry deployment resources shop/web/prod --search aws_instance"],
)
@click.argument("place", type=DEPLOYMENT)
@click.option("--search", "q", metavar="WORDS", help="Whose address holds these words.")
@listing_options
@connected
def resources(here: Here, place: tuple[str, ...], **given: Any) -> None:
    """List what exists there, and the runs that made and last changed it."""
    here.listing(deployment_path(place, "resources"), RESOURCES, "address", given)


@deployment.command(
    "outputs",
    calls=[f"GET {WHERE}/outputs"],
    examples=[
        "gantry deployment outputs shop/web/prod",
        "gantry deployment outputs shop/web/prod address",
    ],
)
@click.argument("place", type=DEPLOYMENT)
@click.argument("name", required=False)
@connected
def outputs(here: Here, place: tuple[str, ...], name: str | None) -> None:
    """List the outputs of the last apply; with a NAME print the value of that one alone."""
    page = here.portal.get(deployment_path(place, "outputs"))
    if name is None:
        return here.out.listing(page, OUTPUTS, "name")
    for each in page["items"]:
        if each["name"] == name:
            return _print_value(here, each)
    raise Failure(f"There is no output {name}.", Exit.REFUSED)


def _print_value(here: Here, output: Json) -> None:
    """Text as it is, everything else as JSON: for `$(…)` in a shell."""
    if output["sensitive"]:
        raise Failure(f"The output {output['name']} is sensitive, and is not shown.", Exit.REFUSED)
    if isinstance(output["value"], str) and not here.out.as_json:
        print(output["value"])
    else:
        here.out.raw(output["value"])
