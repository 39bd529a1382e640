"""Stacks."""

from typing import Any

from flask import Response, request, url_for

from blueprints._shared import api, current, paging
from blueprints._shared.forms import Body
from blueprints._shared.nouns import project_of, query_flag, stack_json, stack_of
from services import publishing, stacks

blueprint = api.blueprint("stacks", __name__, tag="Stacks")


class StackChanges(Body):
    """What is to be changed; with `version`, only if that is still the present one."""

    title: str = ""
    description: str = ""
    engine: str = ""
    source: dict[str, Any] | None = None
    published: bool = True
    protected: bool = False
    auto_apply: bool = False
    cancel_grace_s: int = 0
    max_duration_s: int = 0
    silence_notice_s: int = 0
    plan_expires_s: int | None = None
    version: int | None = None


class NewStack(StackChanges):
    """What a stack is made of; what is left out has its usual value."""

    name: str


@blueprint.get("/projects/<project>/stacks")
def index(**url: Any) -> dict[str, Any]:
    """The stacks of a project, by name; `q` narrows them."""
    page = stacks.of_project(
        current.actor(),
        project_of(url),
        after=paging.after(),
        limit=paging.limit(),
        words=request.args.get("q", ""),
    )
    return api.listing(page, lambda line: stack_json(line.stack))


@blueprint.post("/projects/<project>/stacks")
def create(**url: Any) -> Response:
    """Make a stack in a project."""
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
def show(**url: Any) -> dict[str, Any]:
    """One stack."""
    return stack_json(stack_of(url))


@blueprint.patch("/projects/<project>/stacks/<stack>")
def edit(**url: Any) -> dict[str, Any]:
    """Change settings of a stack."""
    stack = stack_of(url)
    changes = api.body(StackChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return stack_json(stacks.edit(current.actor(), stack, changes, version=version))


@blueprint.post("/projects/<project>/stacks/<stack>/publish")
def publish(**url: Any) -> dict[str, Any]:
    """Let every trigger start a stack's runs."""
    return stack_json(publishing.publish(current.actor(), stack_of(url)))


@blueprint.post("/projects/<project>/stacks/<stack>/unpublish")
def unpublish(**url: Any) -> dict[str, Any]:
    """Make a stack a draft again, which only people, the API and the command line start."""
    return stack_json(publishing.unpublish(current.actor(), stack_of(url)))


@blueprint.delete("/projects/<project>/stacks/<stack>")
def delete(**url: Any) -> Response:
    """Delete a stack; `?confirm=<name>`, and `&abandon_resources=true` while some are left."""
    stacks.delete(
        current.actor(),
        stack_of(url),
        confirm=request.args.get("confirm", ""),
        abandon_resources=query_flag("abandon_resources"),
    )
    return api.no_content()
