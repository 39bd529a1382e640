"""Stacks."""

from typing import Annotated, Any

from flask import Response, request, url_for
from pydantic import Field

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import project_of, query_flag, stack_json, stack_of
from blueprints._shared.shapes import Deletion, Paging, Words, list_of
from blueprints._shared.shapes.nouns import Source, Stack
from services import publishing, stacks

blueprint = api.blueprint("stacks", __name__, tag="stack")


class StackChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    title: Annotated[str, Field(examples=["Web servers"])] = ""
    """What people call it."""
    description: Annotated[str, Field(examples=["What customers see"])] = ""
    """What it is for, in free text."""
    engine: Annotated[str, Field(examples=["terraform"])] = ""
    """What carries its runs out."""
    source: Source | None = None
    """Where its code comes from; null when each run brings its own."""
    published: bool = True
    """Whether every kind of trigger may start it."""
    protected: bool = False
    """Whether destroy runs of it are refused."""
    auto_apply: bool = False
    """Whether its plans are applied without asking a person."""
    cancel_grace_s: Annotated[int, Field(examples=[1800])] = 0
    """How long a cancelled run may take to stop before it can be killed, in seconds."""
    max_duration_s: Annotated[int, Field(examples=[43200])] = 0
    """How long a run may be at work, in seconds."""
    silence_notice_s: Annotated[int, Field(examples=[600])] = 0
    """After how many seconds without output its pages say so."""
    plan_expires_s: Annotated[int | None, Field(examples=[86400])] = None
    """After how many seconds an unconfirmed plan expires; null for never."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


class NewStack(StackChanges):
    """What a stack is made of; what is left out has its usual value."""

    name: Annotated[str, Field(examples=["web"])]
    """Its name in URLs, unique in its project: small letters, digits and hyphens."""


@blueprint.get("/projects/<project>/stacks")
@describe(list_of(Stack), query=[Paging, Words])
def index(**url: Any) -> dict[str, Any]:
    """List the stacks of a project.

    By name.
    """
    page = stacks.of_project(
        current.actor(),
        project_of(url),
        after=paging.after(),
        limit=paging.limit(),
        words=request.args.get("q", ""),
    )
    return api.listing(page, lambda line: stack_json(line.stack))


@blueprint.post("/projects/<project>/stacks")
@describe(Stack, status=201, takes=NewStack, once=True, refuses={409: "The name is taken."})
def create(**url: Any) -> Response:
    """Make a stack.

    In a project that the caller owns. Only the name is needed; the rest has usual values.
    """
    project, actor = project_of(url), current.actor()
    asked = api.body(NewStack).model_dump(exclude_unset=True, exclude={"version"})
    made, is_new = api.once(
        "stack",
        lambda: stacks.create(actor, project, **asked),
        name=lambda stack: stack.name,
        find=lambda name: stacks.get(actor, project.name, name),
    )
    where = url_for("api_stacks.show", project=project.name, stack=made.name)
    return api.created(stack_json(made), where, is_new=is_new)


@blueprint.get("/projects/<project>/stacks/<stack>")
@describe(Stack)
def show(**url: Any) -> Stack:
    """Show a stack.

    With all its settings.
    """
    return stack_json(stack_of(url))


@blueprint.patch("/projects/<project>/stacks/<stack>")
@describe(Stack, takes=StackChanges, refuses={409: "Somebody changed it meanwhile."})
def edit(**url: Any) -> Stack:
    """Change a stack.

    Its settings; what is left out stays as it is. Runs that are there already keep theirs.
    """
    stack = stack_of(url)
    changes = api.body(StackChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return stack_json(stacks.edit(current.actor(), stack, changes, version=version))


@blueprint.post("/projects/<project>/stacks/<stack>/publish")
@describe(Stack, refuses={409: "It is published already."})
def publish(**url: Any) -> Stack:
    """Publish a stack.

    Every kind of trigger starts its runs from now on.
    """
    return stack_json(publishing.publish(current.actor(), stack_of(url)))


@blueprint.post("/projects/<project>/stacks/<stack>/unpublish")
@describe(Stack, refuses={409: "It is a draft already."})
def unpublish(**url: Any) -> Stack:
    """Make a stack a draft again.

    Only people, the API, the command line and the previews of pull requests start its runs then.
    """
    return stack_json(publishing.unpublish(current.actor(), stack_of(url)))


@blueprint.delete("/projects/<project>/stacks/<stack>")
@describe(query=[Deletion], refuses={409: "Resources exist, or runs are at work."})
def delete(**url: Any) -> Response:
    """Delete a stack.

    With its deployments, runs and states, for good. Refused while resources exist, unless that is
    said to be meant.
    """
    stacks.delete(
        current.actor(),
        stack_of(url),
        confirm=request.args.get("confirm", ""),
        abandon_resources=query_flag("abandon_resources"),
    )
    return api.no_content()
