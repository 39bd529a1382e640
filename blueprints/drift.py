"""Drift: the fleet at a glance, and one deployment with its checks and what is not to be minded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current, paging, places
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import Typed, posted
from lib.recurrence import UNITS
from models.project import Stack
from services import drift, stacks
from services.drift import DriftLine
from services.errors import Conflict, GantryError, Invalid
from services.page import Page

blueprint = Blueprint("drift", __name__)
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/drift"


@dataclass(frozen=True)
class Index:
    """What drift/index.html reads. `shown` is the filter in force."""

    lines: Page[DriftLine]
    next_url: str
    shown: str


@dataclass(frozen=True)
class Show:
    """What drift/show.html reads."""

    frame: Frame
    line: DriftLine
    form: Typed
    stack: Stack
    units: tuple[str, ...]


@blueprint.get("/drift")
def index() -> Response:
    """Every deployment that was checked: which have drifted, since when, what."""
    actor, shown = current.actor(), request.args.get("drifted", "")
    drifted = {"true": True, "false": False}.get(shown)
    lines = drift.fleet(
        actor,
        drift.scope_of(actor),
        after=paging.after(),
        limit=paging.limit(),
        drifted=drifted,
    )
    next_url = "" if lines.next is None else url_with(cursor=paging.encode(lines.next))
    crumbs = (Crumb("Schedules", "/schedules"), Crumb("Drift"))
    return page("drift/index.html", Index(lines, next_url, shown), crumbs=crumbs)


@blueprint.get(PATH)
def show(**url: str) -> Response:
    """What is known of a deployment's drift."""
    return _show(_frame(url), None)


@blueprint.post(f"{PATH}/check")
def check(**url: str) -> Response:
    """Look for drift at once."""
    frame = _frame(url)
    run = drift.check_now(current.actor(), frame.thing)
    return respond_after(
        f"/runs/{run.id}", said="Looking for drift; its verdict comes when it ends."
    )


@blueprint.post(f"{PATH}/checks")
def create(**url: str) -> Response:
    """Have the deployment checked every so often."""
    frame, form = _frame(url), posted()
    try:
        drift.watch(
            current.actor(),
            frame.thing,
            every=f"{form['every_number'].strip()} {form['every_unit']}",
            reconcile=bool(form["reconcile"]),
        )
    except (Invalid, Conflict) as refusal:
        return _show(frame, form.refused(refusal), status=_status(refusal))
    return respond_after(f"{frame.url}/drift", said="It is checked from now on.")


@blueprint.post(f"{PATH}/ignore")
def ignore(**url: str) -> Response:
    """Say what is not to be minded."""
    frame, form = _frame(url), posted()
    try:
        rules = [_rule(line) for line in form["ignore"].splitlines() if line.strip()]
        drift.set_rules(current.actor(), frame.thing, rules, version=form.version)
    except (Invalid, Conflict) as refusal:
        return _show(frame, form.refused(refusal), status=_status(refusal))
    return respond_after(f"{frame.url}/drift", said="Saved; it counts from the next check on.")


def _frame(url: Mapping[str, str]) -> Frame:
    return places.of_deployment(url["project"], url["stack"], url["workspace"], "drift")


def _show(frame: Frame, form: Typed | None, *, status: int = 200) -> Response:
    actor = current.actor()
    line = drift.of(actor, frame.thing)
    if form is not None:
        drift.require_may_watch(actor, frame.thing)
    context = Show(
        frame=frame,
        line=line,
        form=form or _typed(line),
        stack=stacks.towards(actor, frame.names["project"], frame.names["stack"]),
        units=UNITS,
    )
    return page("drift/show.html", context, crumbs=frame.crumbs, status=status)


def _typed(line: DriftLine) -> Typed:
    rules = [f"{rule['address']} {rule['attribute']}".strip() for rule in line.verdict.ignore]
    values: dict[str, Any] = {
        "every_number": "1",
        "every_unit": "days",
        "ignore": "\n".join(rules),
        "version": str(line.verdict.version),
    }
    return Typed(values)


def _rule(line: str) -> dict[str, str]:
    """A rule from a line: an address, and perhaps an attribute after a space."""
    address, _, attribute = line.strip().rpartition(" ")
    if not address or address.count('"') % 2:
        return {"address": line.strip()}
    return {"address": address.strip(), "attribute": attribute}


def _status(refusal: GantryError) -> int:
    return 422 if isinstance(refusal, Invalid) else 409
