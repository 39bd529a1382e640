"""Integrations: lists, the form, one with its test, its webhook and what is linked through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current, places
from blueprints._shared.current import Crumb
from blueprints._shared.places import Frame
from blueprints._shared.respond import fragment, page, respond_after
from blueprints._shared.typed import Typed, posted
from blueprints._shared.vcs_words import SETUPS, Setup
from models.project import Project
from models.vcs import VcsIntegration, VcsRepository
from services import projects
from services.access import Action, require, require_admin
from services.edits import ChangedMeanwhile
from services.errors import Conflict, GantryError, Invalid
from services.vcs import integrations, links
from services.vcs.fields import KINDS, SECRETS
from services.vcs.integrations import IntegrationLine
from services.vcs.links import LinkLine

blueprint = Blueprint("integrations", __name__)
ONE = "/integrations/<integration_id>"
TEXTS = ("base_url", "clone_url", "username", "known_hosts")
NUMBERS = ("max_runs", "poll_every_s")
NOTHING = Typed({})


@dataclass(frozen=True)
class Index:
    """What integrations/index.html reads. `frame` is a project's, or None for the instance."""

    frame: Frame | None
    lines: Sequence[IntegrationLine]
    may_create: bool
    new_url: str
    layout: str


@dataclass(frozen=True)
class Edit:
    """What integrations/new.html and edit.html read."""

    form: Typed
    setups: Sequence[Setup]
    setup: Setup
    project: Project | None
    row: VcsIntegration | None
    url: str


@dataclass(frozen=True)
class Show:
    """What integrations/show.html reads. `webhook_secret` is one just made, this once."""

    row: VcsIntegration
    project: Project | None
    setup: Setup
    hook_url: str
    webhook_secret: str
    repositories: Sequence[tuple[VcsRepository, int]]
    links: Sequence[LinkLine]
    may_edit: bool
    form: Typed


@dataclass(frozen=True)
class Deletion:
    """What integrations/delete.html reads."""

    row: VcsIntegration
    links: Sequence[LinkLine]
    form: Typed


@blueprint.get("/administration/integrations")
def of_instance() -> Response:
    """Every integration, for administrators."""
    actor = current.actor()
    require_admin(actor)
    crumbs = (Crumb("Administration", "/administration"), Crumb("Integrations"))
    lines, new_url = integrations.listed(actor), "/integrations/new"
    context = Index(
        None, lines, may_create=True, new_url=new_url, layout="integrations/_instance.html"
    )
    return page("integrations/index.html", context, crumbs=crumbs)


@blueprint.get("/projects/<project>/integrations")
def of_project(project: str) -> Response:
    """The integrations that a project can use."""
    frame = places.of_project(project, "integrations")
    lines = integrations.listed(current.actor(), frame.thing)
    url = f"/integrations/new?project={frame.names['project']}"
    may_create = "edit" in frame.may
    context = Index(frame, lines, may_create, url, layout="places/frame.html")
    return page("integrations/index.html", context, crumbs=frame.crumbs)


@blueprint.get("/integrations/new")
def new() -> Response:
    """The form of a new integration, of a project or of the instance."""
    kind = request.args.get("kind", "")
    usual = {"kind": kind if kind in KINDS else "github", "max_runs": "50"}
    return _new(_project(request.args.get("project", "")), Typed(usual))


@blueprint.post("/integrations/new")
def create() -> Response:
    """Make an integration; its page shows the webhook secret, this once."""
    form, actor = posted(), current.actor()
    project = _project(form["project"])
    try:
        asked = _asked(form) | {name: form[name] for name in SECRETS if form[name].strip()}
        made = integrations.create(
            actor, project, name=form["name"].strip(), kind=form["kind"], **asked
        )
    except (Invalid, Conflict) as refusal:
        return _new(project, form.refused(refusal, beside="name"), status=422)
    return _show(made.integration, made.webhook_secret)


@blueprint.get(ONE)
def show(integration_id: str) -> Response:
    """One integration."""
    return _show(_found(integration_id))


@blueprint.get(f"{ONE}/check")
def check(integration_id: str) -> Response:
    """What the last test has shown, by itself."""
    row = _found(integration_id)
    return fragment("integrations/_check.html", _context(row))


@blueprint.get(f"{ONE}/edit")
def edit(integration_id: str) -> Response:
    """The form of its settings."""
    row = _managed(integration_id)
    values = {name: str(getattr(row, name)) for name in (*TEXTS, *NUMBERS, "version")}
    values |= {"repositories": "\n".join(row.repositories), "kind": row.kind}
    return _edit(row, Typed(values | {"is_paused": "1" if row.is_paused else ""}))


@blueprint.post(f"{ONE}/edit")
def save(integration_id: str) -> Response:
    """Save its settings; secrets that are left empty stay."""
    row, form = _managed(integration_id), posted()
    changes = _asked(form) | {"is_paused": bool(form["is_paused"])}
    changes |= {name: form[name] for name in SECRETS if form[name].strip()}
    changes |= {name: "" for name in SECRETS if form[f"drop_{name}"]}
    try:
        integrations.edit(current.actor(), row, changes, version=form.version)
    except (Invalid, ChangedMeanwhile) as refusal:
        return _edit(row, form.refused(refusal), status=_status(refusal))
    return respond_after(f"/integrations/{row.id}", said="Saved. Test it, to be sure.")


@blueprint.post(f"{ONE}/test")
def test(integration_id: str) -> Response:
    """Have the service asked."""
    row, form = _managed(integration_id), posted()
    try:
        integrations.want_check(current.actor(), row, form["repository"])
    except Invalid as refusal:
        return _show(row, form=form.refused(refusal), status=422)
    return respond_after(f"/integrations/{row.id}#check")


@blueprint.post(f"{ONE}/rotate")
def rotate(integration_id: str) -> Response:
    """Make a new webhook secret; the page shows it, this once."""
    made = integrations.rotate(current.actor(), _managed(integration_id))
    return _show(made.integration, made.webhook_secret)


@blueprint.get(f"{ONE}/delete")
def deletion(integration_id: str) -> Response:
    """What goes with it."""
    return _deletion(_managed(integration_id), Typed({}))


@blueprint.post(f"{ONE}/delete")
def delete(integration_id: str) -> Response:
    """Delete it."""
    row, form = _managed(integration_id), posted()
    project = integrations.project_of(row)
    home = f"/projects/{project.name}" if project else "/administration"
    try:
        integrations.delete(current.actor(), row, confirm=form["confirm"])
    except Invalid as refusal:
        return _deletion(row, form.refused(refusal), status=422)
    return respond_after(f"{home}/integrations", said=f"Integration {row.name} is deleted.")


def _found(integration_id: str) -> VcsIntegration:
    return integrations.get(current.actor(), integration_id)


def _managed(integration_id: str) -> VcsIntegration:
    row = _found(integration_id)
    integrations.require_manager(current.actor(), row)
    return row


def _project(name: str) -> Project | None:
    """The project to make one for, if the visitor may; None for the instance."""
    actor = current.actor()
    if not name:
        require_admin(actor)
        return None
    project = projects.get(actor, name)
    require(actor, Action.EDIT, project)
    return project


def _asked(form: Typed) -> dict[str, Any]:
    """The settings the form asks for.

    Raises:
        Invalid: when a number is none.
    """
    asked: dict[str, Any] = {name: form[name] for name in TEXTS if name in form.values}
    if "repositories" in form.values:
        asked["repositories"] = form["repositories"].split()
    for name in NUMBERS:
        text = form[name].strip()
        if text and not (text.isascii() and text.isdigit() and len(text) < 9):
            raise Invalid({name: "Give a whole number here."})
        if text:
            asked[name] = int(text)
    return asked


def _new(project: Project | None, form: Typed, *, status: int = 200) -> Response:
    setup = SETUPS.get(form["kind"], SETUPS["github"])
    context = Edit(form, tuple(SETUPS.values()), setup, project, None, "/integrations/new")
    crumbs = (*_above(project), Crumb("New integration"))
    return page("integrations/new.html", context, crumbs=crumbs, status=status)


def _edit(row: VcsIntegration, form: Typed, *, status: int = 200) -> Response:
    project = integrations.project_of(row)
    url = f"/integrations/{row.id}/edit"
    context = Edit(form, tuple(SETUPS.values()), SETUPS[row.kind], project, row, url)
    crumbs = (*_above(project), Crumb(row.name, f"/integrations/{row.id}"), Crumb("Edit"))
    return page("integrations/edit.html", context, crumbs=crumbs, status=status)


def _show(
    row: VcsIntegration, webhook_secret: str = "", *, form: Typed = NOTHING, status: int = 200
) -> Response:
    crumbs = (*_above(integrations.project_of(row)), Crumb(row.name))
    context = _context(row, webhook_secret, form)
    return page("integrations/show.html", context, crumbs=crumbs, status=status)


def _context(row: VcsIntegration, webhook_secret: str = "", form: Typed = NOTHING) -> Show:
    actor = current.actor()
    return Show(
        row=row,
        project=integrations.project_of(row),
        setup=SETUPS[row.kind],
        hook_url=integrations.hook_url(row),
        webhook_secret=webhook_secret,
        repositories=integrations.repositories(actor, row),
        links=links.of_integration(actor, row),
        may_edit=integrations.may_manage(actor, row),
        form=form,
    )


def _deletion(row: VcsIntegration, form: Typed, *, status: int = 200) -> Response:
    context = Deletion(row, links.of_integration(current.actor(), row), form)
    crumbs = (*_above(integrations.project_of(row)), Crumb(row.name, f"/integrations/{row.id}"))
    return page(
        "integrations/delete.html", context, crumbs=(*crumbs, Crumb("Delete")), status=status
    )


def _above(project: Project | None) -> tuple[Crumb, ...]:
    if project is None:
        home = Crumb("Administration", "/administration")
        return home, Crumb("Integrations", "/administration/integrations")
    url = f"/projects/{project.name}"
    return (
        Crumb("Projects", "/projects"),
        Crumb(project.name, url),
        Crumb("Integrations", f"{url}/integrations"),
    )


def _status(refusal: GantryError) -> int:
    return 422 if isinstance(refusal, Invalid) else 409
