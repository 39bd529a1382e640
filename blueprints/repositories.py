"""A deployment's repository: what it is linked to, and what a change there starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from blueprints._shared import current, places
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import Typed, posted
from models.project import Project
from models.vcs import VcsIntegration
from services import projects
from services.edits import ChangedMeanwhile
from services.errors import Invalid
from services.vcs import links
from services.vcs.links import LinkLine

blueprint = Blueprint("repositories", __name__)
URL = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/repository"
TEXTS = ("repository", "branch", "path", "tags", "on_push")
SWITCHES = ("on_pull_request", "allow_forks")


@dataclass(frozen=True)
class Show:
    """What repositories/show.html reads. `usable` are integrations to choose from."""

    frame: Frame
    line: LinkLine | None
    form: Typed
    usable: Sequence[VcsIntegration]
    may_link: bool


@blueprint.get(URL)
def show(**url: str) -> Response:
    """The link, and the form that sets it for those who may."""
    frame = places.of_deployment(url["project"], url["stack"], url["workspace"], "repository")
    line = links.get(current.actor(), frame.thing)
    return _show(frame, line, Typed(_values(line)))


@blueprint.post(URL)
def put(**url: str) -> Response:
    """Set the link."""
    frame = places.of_deployment(url["project"], url["stack"], url["workspace"], "repository")
    actor, form = current.actor(), posted()
    try:
        line = links.put(actor, frame.thing, version=form.version, **_asked(form))
    except (Invalid, ChangedMeanwhile) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        return _show(frame, links.get(actor, frame.thing), form.refused(refusal), status)
    said = f"Linked to {line.repository.name}. Runs it starts have your rights."
    return respond_after(f"{frame.url}/repository", said=said)


@blueprint.post(f"{URL}/delete")
def delete(**url: str) -> Response:
    """Take the link away."""
    frame = places.of_deployment(url["project"], url["stack"], url["workspace"], "repository")
    links.remove(current.actor(), frame.thing)
    said = "Unlinked: nothing there starts runs any more. Those that were started go on."
    return respond_after(f"{frame.url}/repository", said=said)


def _show(frame: Frame, line: LinkLine | None, form: Typed, status: int = 200) -> Response:
    actor = current.actor()
    may_link = links.may_link(actor, frame.thing)
    project: Project = projects.get(actor, frame.names["project"])
    usable = links.usable(actor, project) if may_link else ()
    context = Show(frame, line, form, usable, may_link)
    return page("repositories/show.html", context, crumbs=frame.crumbs, status=status)


def _values(line: LinkLine | None) -> dict[str, str]:
    if line is None:
        return {"on_push": "apply", "on_pull_request": "1"}
    link = line.link
    texts = {name: getattr(link, name) for name in ("branch", "path", "tags", "on_push")}
    switches = {name: "1" if getattr(link, name) else "" for name in SWITCHES}
    return {
        **texts,
        **switches,
        "integration": line.integration.id,
        "repository": line.repository.name,
        "globs": "\n".join(link.globs),
        "version": str(link.version),
    }


def _asked(form: Typed) -> dict[str, Any]:
    asked: dict[str, Any] = {name: form[name].strip() for name in TEXTS}
    asked |= {name: bool(form[name]) for name in SWITCHES}
    return asked | {
        "integration": form["integration"],
        "globs": [line.strip() for line in form["globs"].splitlines()],
    }
