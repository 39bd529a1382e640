"""Workspaces: list, make, show, edit, delete."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current, paging, places
from blueprints._shared.current import Crumb
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.run_list import run_list
from blueprints._shared.typed import Typed, posted
from services import deployments, removal, workspaces
from services.access import Action, require
from services.deployments import DeploymentLine
from services.edits import ChangedMeanwhile
from services.errors import Conflict, Invalid
from services.page import Page
from services.removal import Toll
from services.workspaces import WorkspaceLine

blueprint = Blueprint("workspaces", __name__)
ABOVE = Crumb("Workspaces", "/workspaces")


@dataclass(frozen=True)
class Index:
    """What workspaces/index.html reads."""

    lines: Page[WorkspaceLine]
    next_url: str
    words: str
    may_create: bool


@dataclass(frozen=True)
class New:
    """What workspaces/new.html reads."""

    form: Typed


@dataclass(frozen=True)
class Show:
    """What workspaces/show.html reads."""

    frame: Frame
    lines: Page[DeploymentLine]
    next_url: str


@dataclass(frozen=True)
class Runs:
    """What the Runs tab reads."""

    frame: Frame
    runs: Any


@dataclass(frozen=True)
class Settings:
    """What workspaces/settings.html reads."""

    frame: Frame
    form: Typed


@dataclass(frozen=True)
class Deletion:
    """What workspaces/delete.html reads."""

    frame: Frame
    toll: Toll
    form: Typed


@blueprint.get("/workspaces")
def index() -> Response:
    """The workspaces one sees."""
    actor, words = current.actor(), request.args.get("q", "")
    lines = workspaces.visible(actor, after=paging.after(), limit=paging.limit(), words=words)
    may_create = workspaces.may_create(actor)
    context = Index(lines, places.next_url(lines), words, may_create)
    return page("workspaces/index.html", context, crumbs=(ABOVE,))


@blueprint.get("/workspaces/new")
def new() -> Response:
    """The form of a new workspace."""
    workspaces.require_create(current.actor())
    return page("workspaces/new.html", New(Typed({})), crumbs=(ABOVE, Crumb("New workspace")))


@blueprint.post("/workspaces")
def create() -> Response:
    """Make a workspace."""
    form = posted()
    try:
        made = workspaces.create(
            current.actor(),
            name=form["name"].strip(),
            title=form["title"],
            description=form["description"],
            protected=bool(form["protected"]),
        )
    except (Invalid, Conflict) as refusal:
        context = New(form.refused(refusal, beside="name"))
        crumbs = (ABOVE, Crumb("New workspace"))
        return page("workspaces/new.html", context, crumbs=crumbs, status=422)
    return respond_after(f"/workspaces/{made.name}", said=f"Workspace {made.name} is there.")


@blueprint.get("/workspaces/<workspace>")
def show(workspace: str) -> Response:
    """What is deployed in a workspace."""
    frame = places.of_workspace(workspace, "")
    lines = deployments.of_workspace(
        current.actor(), frame.thing, after=paging.after(), limit=paging.limit()
    )
    context = Show(frame, lines, places.next_url(lines))
    return page("workspaces/show.html", context, crumbs=frame.crumbs)


@blueprint.get("/workspaces/<workspace>/runs")
def runs(workspace: str) -> Response:
    """A workspace's runs."""
    frame = places.of_workspace(workspace, "runs")
    context = Runs(frame, run_list(current.actor(), frame.thing))
    return page("places/runs.html", context, crumbs=frame.crumbs)


@blueprint.get("/workspaces/<workspace>/settings")
def settings(workspace: str) -> Response:
    """A workspace's settings."""
    frame = places.of_workspace(workspace, "settings")
    return _settings(frame, _form(frame.thing))


@blueprint.post("/workspaces/<workspace>/settings")
def edit(workspace: str) -> Response:
    """Change a workspace's settings."""
    frame, form = places.of_workspace(workspace, "settings"), posted()
    changes = {
        "title": form["title"],
        "description": form["description"],
        "protected": bool(form["protected"]),
    }
    try:
        workspaces.edit(current.actor(), frame.thing, changes, version=form.version)
    except (Invalid, ChangedMeanwhile) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        return _settings(frame, form.refused(refusal), status=status)
    return respond_after(f"{frame.url}/settings", said="Saved.")


@blueprint.get("/workspaces/<workspace>/delete")
def confirm_delete(workspace: str) -> Response:
    """What would go with a workspace."""
    return _deletion(places.of_workspace(workspace, "settings"), Typed({}))


@blueprint.post("/workspaces/<workspace>/delete")
def delete(workspace: str) -> Response:
    """Delete a workspace."""
    frame, form = places.of_workspace(workspace, "settings"), posted()
    try:
        workspaces.delete(
            current.actor(),
            frame.thing,
            confirm=form["confirm"].strip(),
            abandon_resources=bool(form["abandon_resources"]),
        )
    except (Invalid, Conflict) as refusal:
        return _deletion(frame, form.refused(refusal), refusal)
    return respond_after("/workspaces", said=f"Workspace {workspace} is deleted.")


def _form(workspace: Any) -> Typed:
    values = {"title": workspace.title, "description": workspace.description}
    is_protected = "1" if workspace.protected else ""
    return Typed(values | {"version": str(workspace.version), "protected": is_protected})


def _settings(frame: Frame, form: Typed, *, status: int = 200) -> Response:
    require(current.actor(), Action.EDIT, frame.thing)
    return page(
        "workspaces/settings.html", Settings(frame, form), crumbs=frame.crumbs, status=status
    )


def _deletion(frame: Frame, form: Typed, refusal: Exception | None = None) -> Response:
    toll = removal.toll(current.actor(), frame.thing)
    status = 200 if refusal is None else 422 if isinstance(refusal, Invalid) else 409
    crumbs = (*frame.crumbs, Crumb("Delete"))
    return page("places/delete.html", Deletion(frame, toll, form), crumbs=crumbs, status=status)
