"""Stacks: make, show, edit, delete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from blueprints._shared import current, paging, places, source_form, spans
from blueprints._shared.current import Crumb
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.run_list import run_list
from blueprints._shared.typed import Typed, posted
from models.project import Project, Stack
from services import deployments, publishing, removal, stacks, workspaces
from services.access import Action, require
from services.deployments import DeploymentLine
from services.errors import Conflict, Invalid
from services.house import house
from services.page import Page
from services.removal import Toll
from services.vcs import links
from services.vcs.links import LinkLine

blueprint = Blueprint("stacks", __name__)
URL = "/projects/<project>/stacks/<stack>"
SPANS = ("cancel_grace_s", "max_duration_s", "silence_notice_s", "plan_expires_s")
SWITCHES = ("published", "auto_apply", "protected")


@dataclass(frozen=True)
class New:
    """What stacks/new.html reads."""

    frame: Frame
    form: Typed
    engines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Show:
    """What stacks/show.html reads. `others` are workspaces it is not deployed to."""

    frame: Frame
    lines: Page[DeploymentLine]
    next_url: str
    others: tuple[str, ...]
    links: Sequence[LinkLine]


@dataclass(frozen=True)
class Runs:
    """What the Runs tab reads."""

    frame: Frame
    runs: Any


@dataclass(frozen=True)
class Settings:
    """What stacks/settings.html reads."""

    frame: Frame
    form: Typed
    engines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Deletion:
    """What places/delete.html reads."""

    frame: Frame
    toll: Toll
    form: Typed


@blueprint.get("/projects/<project>/stacks/new")
def new(project: str) -> Response:
    """The form of a new stack."""
    frame = places.of_project(project, "")
    return _new(frame, Typed(_values(stacks.DEFAULTS) | {"source": "upload"}))


@blueprint.post("/projects/<project>/stacks")
def create(project: str) -> Response:
    """Make a stack."""
    frame, form, actor = places.of_project(project, ""), posted(), current.actor()
    require(actor, Action.CREATE_STACK, frame.thing)
    try:
        source, form = source_form.read(actor, frame.thing, form)
        asked = {**_asked(form), "source": source}
        made = stacks.create(actor, frame.thing, name=form["name"].strip(), **asked)
    except (Invalid, Conflict) as refusal:
        return _new(
            frame,
            form.refused(source_form.flat(refusal, form["source"]), beside="name"),
            status=422,
        )
    return respond_after(f"{frame.url}/stacks/{made.name}", said=f"Stack {made.name} is there.")


@blueprint.get(URL)
def show(project: str, stack: str) -> Response:
    """Where a stack is deployed, and how it stands there."""
    frame, actor = places.of_stack(project, stack, ""), current.actor()
    lines = deployments.of_stack(actor, frame.thing, after=paging.after(), limit=paging.limit())
    taken = {line.deployment.workspace_name for line in lines.items}
    names = workspaces.names(actor, 200) if frame.new_run_url else ()
    others = tuple(name for name in names if name not in taken)
    linked = links.of_stack(actor, frame.thing)
    context = Show(frame, lines, places.next_url(lines), others, linked)
    return page("stacks/show.html", context, crumbs=frame.crumbs)


@blueprint.get(f"{URL}/runs")
def runs(project: str, stack: str) -> Response:
    """A stack's runs."""
    frame = places.of_stack(project, stack, "runs")
    context = Runs(frame, run_list(current.actor(), frame.thing))
    return page("places/runs.html", context, crumbs=frame.crumbs)


@blueprint.get(f"{URL}/settings")
def settings(project: str, stack: str) -> Response:
    """A stack's settings."""
    frame = places.of_stack(project, stack, "settings")
    row: Stack = frame.thing
    stored = {name: getattr(row, name) for name in stacks.DEFAULTS}
    form = Typed(_values(stored) | source_form.values(row.source) | {"version": str(row.version)})
    return _settings(frame, form)


@blueprint.post(f"{URL}/settings")
def edit(project: str, stack: str) -> Response:
    """Change a stack's settings."""
    frame, form, actor = places.of_stack(project, stack, "settings"), posted(), current.actor()
    require(actor, Action.EDIT, frame.thing)
    owner: Project = places.of_project(project, "").thing
    try:
        source, form = source_form.read(actor, owner, form)
        changes = {**_asked(form), "source": source}
        stacks.edit(actor, frame.thing, changes, version=form.version)
    except (Invalid, Conflict) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        return _settings(
            frame, form.refused(source_form.flat(refusal, form["source"])), status=status
        )
    return respond_after(f"{frame.url}/settings", said="Saved.")


@blueprint.post(f"{URL}/publish")
def publish(project: str, stack: str) -> Response:
    """Publish a draft."""
    frame = places.of_stack(project, stack, "")
    publishing.publish(current.actor(), frame.thing)
    return respond_after(frame.url, said="Published: schedules and other triggers may start it.")


@blueprint.post(f"{URL}/unpublish")
def unpublish(project: str, stack: str) -> Response:
    """Make a stack a draft again."""
    frame = places.of_stack(project, stack, "")
    publishing.unpublish(current.actor(), frame.thing)
    return respond_after(frame.url, said="A draft again: no trigger starts it by itself.")


@blueprint.get(f"{URL}/delete")
def confirm_delete(project: str, stack: str) -> Response:
    """What would go with a stack."""
    return _deletion(places.of_stack(project, stack, "settings"), Typed({}))


@blueprint.post(f"{URL}/delete")
def delete(project: str, stack: str) -> Response:
    """Delete a stack."""
    frame, form = places.of_stack(project, stack, "settings"), posted()
    try:
        stacks.delete(
            current.actor(),
            frame.thing,
            confirm=form["confirm"].strip(),
            abandon_resources=bool(form["abandon_resources"]),
        )
    except (Invalid, Conflict) as refusal:
        return _deletion(frame, form.refused(refusal), refusal)
    return respond_after(f"/projects/{project}", said=f"Stack {stack} is deleted.")


@blueprint.app_template_filter("span")
def span_filter(seconds: int | None) -> str:
    """A length of time as people type it."""
    return spans.write(seconds)


def _engines() -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in house().engines)


def _new(frame: Frame, form: Typed, *, status: int = 200) -> Response:
    require(current.actor(), Action.CREATE_STACK, frame.thing)
    crumbs = (*frame.crumbs, Crumb("New stack"))
    return page("stacks/new.html", New(frame, form, _engines()), crumbs=crumbs, status=status)


def _settings(frame: Frame, form: Typed, *, status: int = 200) -> Response:
    require(current.actor(), Action.EDIT, frame.thing)
    context = Settings(frame, form, _engines())
    return page("stacks/settings.html", context, crumbs=frame.crumbs, status=status)


def _deletion(frame: Frame, form: Typed, refusal: Exception | None = None) -> Response:
    toll = removal.toll(current.actor(), frame.thing)
    status = 200 if refusal is None else 422 if isinstance(refusal, Invalid) else 409
    crumbs = (*frame.crumbs, Crumb("Delete"))
    return page("places/delete.html", Deletion(frame, toll, form), crumbs=crumbs, status=status)


def _values(stored: Mapping[str, Any]) -> dict[str, str]:
    """A stack's settings as the form's fields."""
    texts = {name: stored[name] for name in ("title", "description", "engine")}
    switches = {name: "1" if stored[name] else "" for name in SWITCHES}
    return texts | switches | {name: spans.write(stored[name]) for name in SPANS}


def _asked(form: Typed) -> dict[str, Any]:
    """The settings the form asks for.

    Raises:
        Invalid: when a length of time cannot be read.
    """
    asked: dict[str, Any] = {name: form[name] for name in ("title", "description", "engine")}
    asked |= {name: bool(form[name]) for name in SWITCHES}
    problems = {}
    for name in SPANS:
        try:
            asked[name] = spans.read(form[name])
        except ValueError as error:
            problems[name] = str(error)
    if problems:
        raise Invalid(problems)
    return asked
