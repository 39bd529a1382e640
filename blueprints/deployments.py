"""Deployments: how a stack stands in a workspace, and the lock a person holds on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from blueprints._shared import current, paging, places
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.run_list import run_list
from blueprints._shared.typed import posted
from models.run import Run
from services import ahead, deployments, locks, settling, states
from services import runs as run_verbs
from services.ahead import Ahead
from services.deployments import (
    DeploymentLine,
    OutputLine,
    ResourceFilter,
    ResourceLine,
)
from services.errors import Conflict, Invalid
from services.locks import Grip
from services.page import Page
from services.settling import Doubt
from services.vcs import links

blueprint = Blueprint("deployments", __name__)
_FILTER = ("q", "type", "module")
URL = "/projects/<project>/stacks/<stack>/workspaces/<workspace>"


@dataclass(frozen=True)
class Show:
    """What deployments/show.html reads. `active` are the runs that have not ended, oldest first."""

    frame: Frame
    line: DeploymentLine
    active: Sequence[Run]
    waiting: Mapping[str, Any]
    may_unlock: bool
    is_mine: bool
    grip: Grip | None
    doubt: Doubt | None
    ahead: Ahead
    may_link: bool


@dataclass(frozen=True)
class Runs:
    """What the Runs tab reads."""

    frame: Frame
    runs: Any


@dataclass(frozen=True)
class Resources:
    """What deployments/resources.html reads. `narrowing` is a menu for each part of the filter."""

    frame: Frame
    lines: Page[ResourceLine]
    next_url: str
    wanted: ResourceFilter
    narrowing: Sequence["Narrowing"]


@dataclass(frozen=True)
class Narrowing:
    """A part of the filter: what is chosen, the list without it, what to choose from."""

    label: str
    chosen: str
    without_url: str
    choices: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True)
class Outputs:
    """What deployments/outputs.html reads."""

    frame: Frame
    line: DeploymentLine
    lines: Sequence[OutputLine]


@dataclass(frozen=True)
class Unlock:
    """What deployments/unlock.html reads."""

    frame: Frame
    grip: Grip


@blueprint.get(URL)
def show(project: str, stack: str, workspace: str) -> Response:
    """What is active there, what waits, and who holds the lock."""
    frame, actor = places.of_deployment(project, stack, workspace, ""), current.actor()
    line = deployments.line_of(actor, frame.thing)
    active = deployments.active_runs(actor, frame.thing)
    context = Show(
        frame=frame,
        line=line,
        active=active,
        waiting=run_verbs.explain(active),
        may_unlock=line.hand is not None and locks.may_unlock(actor, frame.thing, line.hand),
        is_mine=line.hand is not None and line.hand.user_id == actor.id,
        grip=locks.grip(frame.thing),
        doubt=settling.doubt(actor, frame.thing),
        ahead=ahead.of(actor, frame.thing),
        may_link=links.may_link(actor, frame.thing),
    )
    return page("deployments/show.html", context, crumbs=frame.crumbs)


@blueprint.get(f"{URL}/runs")
def runs(project: str, stack: str, workspace: str) -> Response:
    """The runs of a deployment."""
    frame = places.of_deployment(project, stack, workspace, "runs")
    context = Runs(frame, run_list(current.actor(), frame.thing))
    return page("places/runs.html", context, crumbs=frame.crumbs)


@blueprint.get(f"{URL}/resources")
def resources(project: str, stack: str, workspace: str) -> Response:
    """What exists there."""
    frame = places.of_deployment(project, stack, workspace, "resources")
    actor, wanted = current.actor(), ResourceFilter(*map(request.args.get, _FILTER, ("",) * 3))
    lines = deployments.resources(
        actor, frame.thing, after=paging.after(), limit=paging.limit(), wanted=wanted
    )
    groups = deployments.resource_groups(actor, frame.thing)
    narrowing = [
        _narrowing(frame, wanted, "type", groups.types),
        _narrowing(frame, wanted, "module", groups.modules),
    ]
    context = Resources(frame, lines, places.next_url(lines), wanted, narrowing)
    return page("deployments/resources.html", context, crumbs=frame.crumbs)


def _narrowing(
    frame: Frame, wanted: ResourceFilter, name: str, groups: Sequence[tuple[str, int]]
) -> Narrowing:
    def url(value: str) -> str:
        asked = {"q": wanted.words, "type": wanted.type, "module": wanted.module, name: value}
        found = urlencode({key: text for key, text in asked.items() if text})
        return f"{frame.url}/resources" + (f"?{found}" if found else "")

    choices = [(f"{value} · {count}", url(value), False) for value, count in groups]
    return Narrowing(name.title(), getattr(wanted, name), url(""), choices)


@blueprint.get(f"{URL}/outputs")
def outputs(project: str, stack: str, workspace: str) -> Response:
    """The outputs of the last apply there."""
    frame, actor = places.of_deployment(project, stack, workspace, "outputs"), current.actor()
    line = deployments.line_of(actor, frame.thing)
    context = Outputs(frame, line, states.outputs(actor, frame.thing))
    return page("deployments/outputs.html", context, crumbs=frame.crumbs)


@blueprint.post(f"{URL}/lock")
def lock(project: str, stack: str, workspace: str) -> Response:
    """Lock a deployment by hand."""
    frame, form = places.of_deployment(project, stack, workspace, ""), posted()
    return _after(frame, "Locked.", lambda: locks.lock(*_who(frame), form["note"]))


@blueprint.get(f"{URL}/unlock")
def confirm_unlock(project: str, stack: str, workspace: str) -> Response:
    """Ask before another's lock is forced open, where no script does."""
    frame = places.of_deployment(project, stack, workspace, "")
    context = Unlock(frame, locks.to_force(*_who(frame)))
    return page("deployments/unlock.html", context, crumbs=frame.crumbs)


@blueprint.post(f"{URL}/unlock")
def unlock(project: str, stack: str, workspace: str) -> Response:
    """Take one's own lock away, or by force another's."""
    frame, form = places.of_deployment(project, stack, workspace, ""), posted()
    force = bool(form["force"])
    return _after(frame, "Unlocked.", lambda: locks.unlock(*_who(frame), force=force))


def _who(frame: Frame) -> tuple[Any, Any]:
    return current.actor(), frame.thing


def _after(frame: Frame, said: str, act: Any) -> Response:
    try:
        act()
    except (Conflict, Invalid) as refusal:
        current.tell(refusal.text, "warning")
        return respond_after(frame.url)
    return respond_after(frame.url, said=said)
