"""Projects: list, make, show, edit, delete."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current, paging, places
from blueprints._shared.current import Crumb
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.run_list import run_list
from blueprints._shared.typed import Typed, posted
from services import projects, removal, stacks
from services.access import Action, require
from services.edits import ChangedMeanwhile
from services.errors import Conflict, Invalid
from services.page import Page
from services.projects import ProjectLine
from services.removal import Toll
from services.stacks import StackLine

blueprint = Blueprint("projects", __name__)
ABOVE = Crumb("Projects", "/projects")


@dataclass(frozen=True)
class Index:
    """What projects/index.html reads."""

    lines: Page[ProjectLine]
    next_url: str
    words: str
    may_create: bool


@dataclass(frozen=True)
class New:
    """What projects/new.html reads."""

    form: Typed


@dataclass(frozen=True)
class Show:
    """What projects/show.html reads."""

    frame: Frame
    lines: Page[StackLine]
    next_url: str
    words: str


@dataclass(frozen=True)
class Runs:
    """What the Runs tab reads."""

    frame: Frame
    runs: Any


@dataclass(frozen=True)
class Settings:
    """What projects/settings.html reads."""

    frame: Frame
    form: Typed


@dataclass(frozen=True)
class Deletion:
    """What projects/delete.html reads."""

    frame: Frame
    toll: Toll
    form: Typed


@blueprint.get("/projects")
def index() -> Response:
    """The projects one sees."""
    actor, words = current.actor(), request.args.get("q", "")
    lines = projects.visible(actor, after=paging.after(), limit=paging.limit(), words=words)
    may_create = projects.may_create(actor)
    context = Index(lines, places.next_url(lines), words, may_create)
    return page("projects/index.html", context, crumbs=(ABOVE,))


@blueprint.get("/projects/new")
def new() -> Response:
    """The form of a new project."""
    projects.require_create(current.actor())
    return page("projects/new.html", New(Typed({})), crumbs=(ABOVE, Crumb("New project")))


@blueprint.post("/projects")
def create() -> Response:
    """Make a project."""
    form = posted()
    try:
        made = projects.create(
            current.actor(),
            name=form["name"].strip(),
            title=form["title"],
            description=form["description"],
        )
    except (Invalid, Conflict) as refusal:
        context = New(form.refused(refusal, beside="name"))
        crumbs = (ABOVE, Crumb("New project"))
        return page("projects/new.html", context, crumbs=crumbs, status=422)
    return respond_after(f"/projects/{made.name}", said=f"Project {made.name} is there.")


@blueprint.get("/projects/<project>")
def show(project: str) -> Response:
    """A project's stacks."""
    frame, words = places.of_project(project, ""), request.args.get("q", "")
    lines = stacks.of_project(
        current.actor(), frame.thing, after=paging.after(), limit=paging.limit(), words=words
    )
    context = Show(frame, lines, places.next_url(lines), words)
    return page("projects/show.html", context, crumbs=frame.crumbs)


@blueprint.get("/projects/<project>/runs")
def runs(project: str) -> Response:
    """A project's runs."""
    frame = places.of_project(project, "runs")
    context = Runs(frame, run_list(current.actor(), frame.thing))
    return page("places/runs.html", context, crumbs=frame.crumbs)


@blueprint.get("/projects/<project>/settings")
def settings(project: str) -> Response:
    """A project's settings."""
    frame = places.of_project(project, "settings")
    return _settings(frame, _form(frame.thing))


@blueprint.post("/projects/<project>/settings")
def edit(project: str) -> Response:
    """Change a project's settings."""
    frame, form = places.of_project(project, "settings"), posted()
    changes = {"title": form["title"], "description": form["description"]}
    try:
        projects.edit(current.actor(), frame.thing, changes, version=form.version)
    except (Invalid, ChangedMeanwhile) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        return _settings(frame, form.refused(refusal), status=status)
    return respond_after(f"{frame.url}/settings", said="Saved.")


@blueprint.get("/projects/<project>/delete")
def confirm_delete(project: str) -> Response:
    """What would go with a project."""
    return _deletion(places.of_project(project, "settings"), Typed({}))


@blueprint.post("/projects/<project>/delete")
def delete(project: str) -> Response:
    """Delete a project."""
    frame, form = places.of_project(project, "settings"), posted()
    try:
        projects.delete(
            current.actor(),
            frame.thing,
            confirm=form["confirm"].strip(),
            abandon_resources=bool(form["abandon_resources"]),
        )
    except (Invalid, Conflict) as refusal:
        return _deletion(frame, form.refused(refusal), refusal)
    return respond_after("/projects", said=f"Project {project} is deleted.")


def _form(project: Any) -> Typed:
    values = {"title": project.title, "description": project.description}
    return Typed(values | {"version": str(project.version)})


def _settings(frame: Frame, form: Typed, *, status: int = 200) -> Response:
    require(current.actor(), Action.EDIT, frame.thing)
    return page("projects/settings.html", Settings(frame, form), crumbs=frame.crumbs, status=status)


def _deletion(frame: Frame, form: Typed, refusal: Exception | None = None) -> Response:
    toll = removal.toll(current.actor(), frame.thing)
    status = 200 if refusal is None else 422 if isinstance(refusal, Invalid) else 409
    crumbs = (*frame.crumbs, Crumb("Delete"))
    return page("places/delete.html", Deletion(frame, toll, form), crumbs=crumbs, status=status)
