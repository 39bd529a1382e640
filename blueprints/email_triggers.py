"""E-mail triggers: lists, the form, one trigger with its address, what it received, and a try."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current, email_form, paging, places
from blueprints._shared.current import Crumb
from blueprints._shared.email_form import MappingRow
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import Typed, posted
from lib import ids
from models.email import EmailTrigger
from models.project import Stack
from services import email_triggers, emails, stacks, workspaces
from services.access import Action, require
from services.email_triggers import NewTrigger, TriggerLine
from services.emails import EmailLine, Query, Trial
from services.errors import Conflict, Forbidden, Invalid
from services.house import house
from services.page import Page

blueprint = Blueprint("email_triggers", __name__)
STACK = "/projects/<project>/stacks/<stack>"
ONE = "/email-triggers/<trigger_id>"
MOST_WORKSPACES = 200
VERDICTS = ("accepted", "refused", "ignored")


@dataclass(frozen=True)
class OfPlace:
    """What emails/of_place.html reads."""

    frame: Frame
    lines: Page[TriggerLine]
    next_url: str
    new_url: str
    is_open: bool


@dataclass(frozen=True)
class FormPage:
    """What emails/form.html reads."""

    row: EmailTrigger | None
    stack: Stack
    place: dict[str, str]
    workspaces: Sequence[str]
    form: Typed
    rows: Sequence[MappingRow]
    mapping_error: str
    types: Sequence[str]
    kinds: Sequence[tuple[str, str]]
    spare: int


@dataclass(frozen=True)
class Show:
    """What emails/show.html reads."""

    line: TriggerLine
    received: Page[EmailLine]
    verdict: str
    older_url: str
    form: Typed
    once: str
    trial: Trial | None
    senders: str


@dataclass(frozen=True)
class Question:
    """What emails/rotate.html and emails/delete.html read."""

    line: TriggerLine


@blueprint.get(f"{STACK}/email-triggers")
def of_stack(project: str, stack: str) -> Response:
    """The e-mail triggers of a stack."""
    frame = places.of_stack(project, stack, "email-triggers")
    return _list(frame, {"stack_id": frame.thing.id})


@blueprint.get(f"{STACK}/workspaces/<workspace>/email-triggers")
def of_deployment(project: str, stack: str, workspace: str) -> Response:
    """The e-mail triggers of a deployment."""
    frame = places.of_deployment(project, stack, workspace, "email-triggers")
    return _list(frame, {"deployment_id": frame.thing.id or "none"})


@blueprint.get("/email-triggers/new")
def new() -> Response:
    """The form of a new trigger."""
    form = Typed({"type": "preview", "senders": "members", "attachments": "files"})
    return _form(None, _asked_place(), form, ())


@blueprint.post("/email-triggers/new")
def create() -> Response:
    """Make a trigger."""
    form, place = posted(), _asked_place()
    try:
        asked: dict[str, Any] = {**place, **_values(form)}
        made = email_triggers.create(current.actor(), NewTrigger(**asked))
    except (Invalid, Conflict) as refusal:
        return _form(None, place, form.refused(refusal), email_form.typed_rows(form), 422)
    return respond_after(f"/email-triggers/{made.id}", said="The address is ready.")


@blueprint.get(ONE)
def show(trigger_id: str) -> Response:
    """One trigger: its address, what it received, and a try."""
    return _show(trigger_id, Typed({}), None)


@blueprint.post(f"{ONE}/try")
def attempt(trigger_id: str) -> Response:
    """Say what would happen with a pasted message, or let it happen."""
    actor, form = current.actor(), posted()
    try:
        if not form["run"]:
            trial = emails.try_out(actor, trigger_id, form["message"])
            return _show(trigger_id, form, trial)
        once = form["once"] or ids.new_id()
        run, reason = emails.run_pasted(actor, trigger_id, form["message"], once=once)
    except Invalid as refusal:
        return _show(trigger_id, form.refused(refusal), None, 422)
    if run is not None:
        return respond_after(f"/runs/{run.id}", said="Started by the message you pasted.")
    current.tell(f"Nothing was started. {reason}", "warning")
    return respond_after(f"/email-triggers/{trigger_id}#received")


@blueprint.get(f"{ONE}/edit")
def edit(trigger_id: str) -> Response:
    """The form of a trigger."""
    row = _editable(trigger_id)
    return _form(row, _place_of(row), email_form.typed_of(row), email_form.rows_of(row.mapping))


@blueprint.post(f"{ONE}/edit")
def save(trigger_id: str) -> Response:
    """Change a trigger."""
    row, form = _editable(trigger_id), posted()
    try:
        values = _values(form)
        email_triggers.edit(current.actor(), trigger_id, values, version=form.version)
    except (Invalid, Conflict) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        rows = email_form.typed_rows(form)
        return _form(row, _place_of(row), form.refused(refusal), rows, status)
    return respond_after(f"/email-triggers/{trigger_id}", said="Saved. You are its owner now.")


@blueprint.post(f"{ONE}/pause")
def pause(trigger_id: str) -> Response:
    """Refuse mail until it is resumed."""
    email_triggers.pause(current.actor(), trigger_id)
    return respond_after(f"/email-triggers/{trigger_id}", said="Paused: mail to it is refused.")


@blueprint.post(f"{ONE}/resume")
def resume(trigger_id: str) -> Response:
    """Take mail again."""
    email_triggers.resume(current.actor(), trigger_id)
    return respond_after(f"/email-triggers/{trigger_id}", said="Mail is taken again.")


@blueprint.get(f"{ONE}/rotate")
def confirm_rotate(trigger_id: str) -> Response:
    """What a new address means."""
    line = email_triggers.get(current.actor(), trigger_id)
    _refuse_unless(may=line.may_rotate)
    return page("emails/rotate.html", Question(line), crumbs=_crumbs(line.trigger, "New address"))


@blueprint.post(f"{ONE}/rotate")
def rotate(trigger_id: str) -> Response:
    """Give a trigger a new address."""
    email_triggers.rotate(current.actor(), trigger_id)
    said = "It has a new address. The old one is nobody's now."
    return respond_after(f"/email-triggers/{trigger_id}", said=said)


@blueprint.get(f"{ONE}/delete")
def confirm_delete(trigger_id: str) -> Response:
    """What goes with a trigger."""
    line = email_triggers.get(current.actor(), trigger_id)
    _refuse_unless(may=line.may_delete)
    return page("emails/delete.html", Question(line), crumbs=_crumbs(line.trigger, "Delete"))


@blueprint.post(f"{ONE}/delete")
def delete(trigger_id: str) -> Response:
    """Delete a trigger."""
    row = email_triggers.find(current.actor(), trigger_id)
    url, name = f"{_deployment_url(row)}/email-triggers", row.name
    email_triggers.delete(current.actor(), trigger_id)
    return respond_after(url, said=f"{name} is gone, and so is its address.")


def _list(frame: Frame, scope: dict[str, Any]) -> Response:
    lines = email_triggers.of_places(current.actor(), **scope, after=paging.after())
    query = "&".join(f"{name}={value}" for name, value in frame.names.items())
    is_open = bool(house().mail.domain)
    may = "write_triggers" in frame.may and is_open
    new_url = f"/email-triggers/new?{query}" if may else ""
    context = OfPlace(frame, lines, places.next_url(lines), new_url, is_open)
    return page("emails/of_place.html", context, crumbs=frame.crumbs)


def _show(trigger_id: str, form: Typed, trial: Trial | None, status: int = 200) -> Response:
    actor = current.actor()
    line = email_triggers.get(actor, trigger_id)
    verdict = request.args.get("verdict", "")
    query = Query(
        trigger_id=line.trigger.id,
        verdict=verdict if verdict in VERDICTS else None,
        after=paging.after(),
        limit=30,
    )
    received = emails.page(actor, query)
    context = Show(
        line=line,
        received=received,
        verdict=verdict,
        older_url=places.next_url(received),
        form=form,
        once=form["once"] or ids.new_id(),
        trial=trial,
        senders=_senders(line.trigger),
    )
    return page("emails/show.html", context, crumbs=_crumbs(line.trigger), status=status)


def _form(
    row: EmailTrigger | None,
    place: dict[str, str],
    form: Typed,
    rows: Sequence[MappingRow],
    status: int = 200,
) -> Response:
    actor = current.actor()
    stack = stacks.towards(actor, place["project"], place["stack"])
    require(actor, Action.WRITE_TRIGGERS, stack)
    able = house().run_types(stack.engine)
    wrong = [text for name, text in form.errors.items() if name.split(".")[0] == "mapping"]
    context = FormPage(
        row=row,
        stack=stack,
        place=place,
        workspaces=workspaces.names(actor, MOST_WORKSPACES),
        form=form,
        rows=rows,
        mapping_error=" ".join(wrong),
        types=[one.value for one in email_triggers.TYPES if one in able],
        kinds=email_form.KINDS,
        spare=email_form.SPARE_ROWS,
    )
    above = places.of_stack(place["project"], place["stack"], "").crumbs
    crumbs = _crumbs(row, "Edit") if row else (*above, Crumb("New e-mail trigger"))
    return page("emails/form.html", context, crumbs=crumbs, status=status)


def _values(form: Typed) -> dict[str, Any]:
    double = email_form.twice(email_form.typed_rows(form))
    if double:
        raise Invalid({"mapping": f"The variable {double} stands in two rows."})
    return email_form.values_of(form)


def _asked_place() -> dict[str, str]:
    names = ("project", "stack", "workspace")
    return {name: request.values.get(name, "").strip() for name in names}


def _editable(trigger_id: str) -> EmailTrigger:
    line = email_triggers.get(current.actor(), trigger_id)
    _refuse_unless(may=line.may_edit)
    return line.trigger


def _refuse_unless(*, may: bool) -> None:
    if not may:
        raise Forbidden("Your role does not let you do this here. Ask an owner for it.")


def _place_of(row: EmailTrigger) -> dict[str, str]:
    return {
        "project": row.project_name,
        "stack": row.stack_name,
        "workspace": row.workspace_name,
    }


def _deployment_url(row: EmailTrigger) -> str:
    return f"/projects/{row.project_name}/stacks/{row.stack_name}/workspaces/{row.workspace_name}"


def _crumbs(row: EmailTrigger, last: str = "") -> tuple[Crumb, ...]:
    frame = places.of_deployment(row.project_name, row.stack_name, row.workspace_name, "")
    url = f"{_deployment_url(row)}/email-triggers"
    own = (Crumb("E-mail", url), Crumb(row.name, f"/email-triggers/{row.id}"))
    return (*frame.crumbs, *own, *((Crumb(last),) if last else ()))


def _senders(row: EmailTrigger) -> str:
    if isinstance(row.senders, list):
        return ", ".join(row.senders)
    return {
        "members": "those who may create runs there",
        "anyone": "anyone who knows the address",
    }[row.senders]
