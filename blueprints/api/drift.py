"""Drift: verdicts of deployments, what is not to be minded, and a look at once."""

from typing import Annotated, Any

from flask import Response, request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, deployment_at, instant, run_link
from blueprints._shared.run_made import made
from blueprints._shared.shapes import Instant, Paging, Slug, Version, list_of, shape
from blueprints._shared.shapes.nouns import RunLink
from blueprints._shared.shapes.runs import Run
from services import drift
from services.drift import DriftLine
from services.errors import Invalid

blueprint = api.blueprint("drift", __name__, tag="drift")
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/drift"
ITEM = {"address": "aws_instance.web", "action": "update", "attributes": ["tags.Owner"]}
RULE = {"address": "aws_autoscaling_group.*", "attribute": "desired_capacity"}


@shape
class Drift(TypedDict):
    """Whether what exists in a deployment is still what was applied."""

    project: Slug
    """The project of the stack."""
    stack: Slug
    """The stack."""
    workspace: Slug
    """The workspace."""
    drifted: Annotated[bool | None, Field(examples=[True])]
    """Whether it has drifted; null when it was never checked."""
    since: Annotated[Instant | None, Field(examples=["2026-11-21T14:00:00Z"])]
    """Since when it is so."""
    checked_at: Annotated[Instant | None, Field(examples=["2026-11-21T14:00:00Z"])]
    """When it was looked at last."""
    run: RunLink | None
    """The check that found it."""
    count: Annotated[int, Field(examples=[1])]
    """How many things differ."""
    ignored: Annotated[int, Field(examples=[0])]
    """How many more differ that are not to be minded."""
    items: Annotated[list[Any], Field(examples=[[ITEM]])]
    """The first of them, with the attributes that differ."""
    note: Annotated[str, Field(examples=[""])]
    """What came of putting it right."""
    ignore: Annotated[list[Any], Field(examples=[[RULE]])]
    """What is not to be minded: rules of address and attribute, with `*` and `?`."""
    schedule: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The schedule of its checks."""
    version: Version
    """Grows with each change."""


class DriftRules(Body):
    """What is not to be minded."""

    ignore: Annotated[list[Any], Field(max_length=100, examples=[[RULE]])]
    """All the rules, instead of those so far; without an attribute a rule leaves out the thing."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@shape
class OnlyDrifted(TypedDict, total=False):
    """How the fleet is narrowed."""

    drifted: Annotated[bool, Field(examples=[True])]
    """Keeps those that have drifted, or those that have not."""
    project: Slug
    """Keeps those of this project."""
    workspace: Slug
    """Keeps those in this workspace."""


@blueprint.get("/drift")
@describe(list_of(Drift), query=[Paging, OnlyDrifted])
def index() -> Json:
    """List what is known of drift.

    Every deployment that was checked and that the caller sees.
    """
    actor, asked = current.actor(), request.args
    scope = drift.scope_of(
        actor, project=asked.get("project", ""), workspace=asked.get("workspace", "")
    )
    page = drift.fleet(
        actor, scope, after=paging.after(), limit=paging.limit(), drifted=_flag("drifted")
    )
    return api.listing(page, _json)


@blueprint.get(PATH)
@describe(Drift)
def show(**url: Any) -> Drift:
    """Show what is known of a deployment's drift.

    As of its newest check, without what is not to be minded.
    """
    return _json(drift.of(current.actor(), deployment_at(url)))


@blueprint.put(PATH)
@describe(Drift, takes=DriftRules)
def edit(**url: Any) -> Drift:
    """Say what is not to be minded in a deployment.

    It counts from the next check on.
    """
    asked, actor = api.body(DriftRules), current.actor()
    drift.set_rules(actor, deployment_at(url), asked.ignore, version=asked.version)
    return _json(drift.of(actor, deployment_at(url)))


@blueprint.post(f"{PATH}/check")
@describe(Run, status=201, once=True, refuses={409: "The stack cannot be run now."})
def check(**url: Any) -> Response:
    """Look for drift at once.

    A preview that only refreshes, with the code that was applied last. Its verdict is the
    deployment's once it has ended.
    """
    actor, deployment = current.actor(), deployment_at(url)
    return made(lambda: drift.check_now(actor, deployment))


def _json(line: DriftLine) -> Drift:
    row = line.verdict
    return {
        "project": row.project_name,
        "stack": row.stack_name,
        "workspace": row.workspace_name,
        "drifted": row.drifted if row.checked_at else None,
        "since": instant(row.since),
        "checked_at": instant(row.checked_at),
        "run": run_link(line.run),
        "count": row.count,
        "ignored": row.ignored_count,
        "items": row.items,
        "note": row.note,
        "ignore": row.ignore,
        "schedule": line.check.id if line.check else None,
        "version": row.version,
    }


def _flag(name: str) -> bool | None:
    text = request.args.get(name, "").lower()
    if text not in {"", "true", "false", "1", "0"}:
        raise Invalid({name: "Say true or false."})
    return text in {"true", "1"} if text else None
