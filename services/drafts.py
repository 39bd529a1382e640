"""Drafts: runs in the wizard, kept on the server for a day, their maker's only.

`services.upkeep` takes them away when their day is over.

What was typed is kept as it was typed, right or wrong, so that nothing is lost; what stands against
it is asked anew at each step. A secret is sealed as it comes and never read back by a page.
"""

import base64
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from lib import clock
from lib.ids import is_id
from models import draft as drafts
from models.configuration_version import ConfigurationVersion
from models.draft import Draft
from models.member import Role
from models.project import Project, Stack
from models.run import Run
from models.run_state import RunType
from models.variable import Category
from services import projects, runs, stacks, variables, workspaces
from services.access import ROLES, Action, Actor, require
from services.errors import Invalid, NotFound
from services.house import house
from services.runs import NewRun, Origin
from services.transaction import is_duplicate, session, transaction

LIFETIME = dt.timedelta(hours=24)
MOST_PLACES = 500
MOST_VARIABLES = 200
MOST_UPLOADS = 30
KINDS: Mapping[str, tuple[RunType, bool]] = {
    "preview": (RunType.PREVIEW, False),
    "preview-destroy": (RunType.PREVIEW, True),
    "apply": (RunType.APPLY, False),
    "destroy": (RunType.DESTROY, False),
    "task": (RunType.TASK, False),
}
"""The kinds of run the wizard offers: (type, whether it is a preview of a destroy)."""


class Expired(NotFound):
    """The draft was there and is not any more."""

    title = "This draft has expired"


@dataclass(frozen=True)
class DraftVariable:
    """A variable of a draft as a page may show it: of a secret only that it is there."""

    name: str
    value: str
    category: str
    secret: bool


def start(actor: Actor, data: Mapping[str, Any]) -> Draft:
    """Begin a draft for a stack and a workspace.

    Raises:
        NotFound, Forbidden: when the actor may not create runs there.
    """
    require(actor, Action.CREATE_RUN, stacks.get(actor, data["project"], data["stack"]))
    require(actor, Action.CREATE_RUN, workspaces.get(actor, data["workspace"]))
    with transaction() as here:
        draft = Draft(user_id=_owner(actor), data=dict(data), expires_at=clock.now() + LIFETIME)
        here.add(draft)
    return draft


def get(actor: Actor, draft_id: str) -> Draft:
    """The actor's own draft.

    Raises:
        Expired: when its day is over.
        NotFound: when there is none, or it is another's.
    """
    draft = session().get(Draft, draft_id) if is_id(draft_id) else None
    if draft is None or draft.user_id != actor.id:
        raise NotFound("There is no such draft of yours. It may have been cancelled, or expired.")
    if draft.expires_at <= clock.now():
        raise Expired("Drafts are kept for a day. Begin anew; nothing else was lost.")
    return draft


def keep(actor: Actor, draft_id: str, typed: Mapping[str, Any]) -> Draft:
    """Keep what was typed at a step."""
    with transaction():
        draft = get(actor, draft_id)
        draft.data = {**draft.data, **typed}
    return draft


def keep_variables(
    actor: Actor, draft_id: str, given: Sequence[DraftVariable], typed: Mapping[str, Any]
) -> Draft:
    """Keep the variables and other options; a secret left empty keeps the value it had."""
    with transaction():
        draft = get(actor, draft_id)
        sealed = {item["name"]: item for item in draft.data.get("variables", ()) if item["secret"]}
        kept = [_kept(draft, item, sealed.get(item.name)) for item in given[:MOST_VARIABLES]]
        draft.data = {**draft.data, **typed, "variables": kept}
    return draft


def shown_variables(draft: Draft) -> list[DraftVariable]:
    """The variables of a draft as a page may show them."""
    return [
        DraftVariable(item["name"], item.get("value", ""), item["category"], item["secret"])
        for item in draft.data.get("variables", ())
    ]


def request_of(draft: Draft) -> NewRun:
    """The run that a draft asks for. Options that its type does not have are left out.

    Raises:
        Invalid: when a variable cannot be what it is said to be, or a number is none.
    """
    data, options = draft.data, draft.data.get("options", {})
    kind, destroy = KINDS.get(data.get("type", ""), KINDS["preview"])
    is_task, is_changing = kind is RunType.TASK, kind in {RunType.APPLY, RunType.DESTROY}
    is_destroying = destroy or kind is RunType.DESTROY
    auto_apply = options.get("auto_apply")
    return NewRun(
        project=data["project"],
        stack=data["stack"],
        workspace=data["workspace"],
        type=kind,
        source=data.get("source"),
        variables=_variables(draft),
        command=options.get("command", "") if is_task else None,
        init=not (is_task and options.get("without_init")),
        destroy=destroy,
        auto_apply=bool(auto_apply) if is_changing and auto_apply is not None else None,
        refresh_only=bool(options.get("refresh_only")) and not (is_task or is_destroying),
        targets=() if is_task else _lines(options.get("targets", "")),
        replace=() if is_task or is_destroying else _lines(options.get("replace", "")),
        priority=_priority(options.get("priority", "")),
        message=options.get("message", ""),
    )


def objections(actor: Actor, draft: Draft) -> Mapping[str, str]:
    """What stands against making a run of the draft now, a sentence per field."""
    found = dict(draft.data.get("refused", {}))
    try:
        return {**found, **runs.objections(actor, request_of(draft))}
    except Invalid as refusal:
        return {**found, **refusal.fields}


def finish(actor: Actor, draft_id: str) -> Run:
    """Make the draft's run; pressed twice, it is the same run.

    Raises:
        Invalid, Conflict, Forbidden: as `runs.create`.
    """
    made = run_of(draft_id)
    draft = get(actor, draft_id)
    if made is not None:
        return made
    refused = draft.data.get("refused")
    if refused:
        raise Invalid(refused)
    try:
        return runs.create(actor, request_of(draft), Origin(draft_id=draft.id))
    except IntegrityError as error:
        # Two presses at the same moment: the other one was first.
        made = run_of(draft_id) if is_duplicate(error) else None
        if made is None:
            raise
        return made


def run_of(draft_id: str) -> Run | None:
    """The run that a draft has become."""
    return session().scalars(drafts.made_from(draft_id)).first()


def drop(actor: Actor, draft_id: str) -> Draft:
    """Take a draft away."""
    with transaction() as here:
        draft = get(actor, draft_id)
        here.delete(draft)
    return draft


def types_of(stack: Stack) -> frozenset[RunType]:
    """The types of runs that a stack's engine has."""
    return house().run_types(stack.engine)


def stacks_to_run(actor: Actor) -> list[str]:
    """Stacks of which the actor may create runs, as `project/stack`."""
    wanted = drafts.stacks_among(_able(actor, actor.project_roles), MOST_PLACES)
    return [f"{project}/{name}" for project, name in session().execute(wanted)]


def workspaces_to_run(actor: Actor) -> list[str]:
    """Workspaces to which the actor may deploy."""
    return list(
        session().scalars(drafts.workspaces_among(_able(actor, actor.workspace_roles), MOST_PLACES))
    )


def uploads(actor: Actor, project_name: str) -> Sequence[ConfigurationVersion]:
    """The code that was uploaded to a project lately, newest first."""
    project: Project = projects.get(actor, project_name)
    return session().scalars(drafts.uploads_to(project.id, MOST_UPLOADS)).all()


def _able(actor: Actor, roles: Mapping[str, Role]) -> list[str] | None:
    if actor.is_admin:
        return None
    needed = ROLES[Action.CREATE_RUN].rank
    return [place for place, role in roles.items() if role.rank >= needed]


def _owner(actor: Actor) -> str:
    if actor.kind != "user" or actor.id is None:
        raise NotFound
    return actor.id


def _kept(draft: Draft, item: DraftVariable, before: Mapping[str, Any] | None) -> dict[str, Any]:
    kept = {"name": item.name, "category": item.category, "secret": item.secret}
    if not item.secret:
        return {**kept, "value": item.value}
    if not item.value and before is not None:
        return {**kept, "sealed": before["sealed"]}
    sealed = house().keyring.encrypt(item.value.encode(), _context(draft))
    return {**kept, "sealed": base64.b64encode(sealed).decode()}


def _variables(draft: Draft) -> list[variables.RunVariableInput]:
    given: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for item in draft.data.get("variables", ()):
        name = item["name"]
        if name in given:
            problems[f"variables.{name}"] = f"{name} is given twice."
        text = _open(draft, item) if item["secret"] else item["value"]
        value = typed_value(text, item["category"], is_secret=item["secret"])
        given[name] = {"value": value, "category": item["category"], "secret": item["secret"]}
    if problems:
        raise Invalid(problems)
    return variables.run_inputs(given)


def _open(draft: Draft, item: Mapping[str, Any]) -> str:
    return house().keyring.decrypt(base64.b64decode(item["sealed"]), _context(draft)).decode()


def reseal(draft: Draft) -> None:
    """Put a draft's secrets under the keyring's primary key."""
    items = draft.data.get("variables", ())
    for item in items:
        if "sealed" in item:
            sealed = base64.b64decode(item["sealed"])
            fresh = house().keyring.reencrypt(sealed, _context(draft))
            item["sealed"] = base64.b64encode(fresh).decode()
    draft.data = {**draft.data, "variables": [dict(item) for item in items]}


def _context(draft: Draft) -> str:
    return f"draft:{draft.user_id}"


def typed_value(text: str, category: str, *, is_secret: bool) -> Any:
    """What was typed: text for the environment; for the code JSON where it is some, else text.

    A secret is text unless it looks like more: a password of digits must keep its zeros.
    """
    text = text.replace("\r\n", "\n")
    if category != Category.TERRAFORM or (is_secret and text[:1] not in {"{", "[", '"'}):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _priority(text: str) -> int:
    if not text.strip():
        return 0
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 5):
        raise Invalid({"priority": "Priority is a number from 0 to 100."})
    return int(text)
