"""E-mail triggers: made, changed, rotated and tried by programs."""

from typing import Annotated, Any

from flask import Response, request, url_for
from pydantic import Field, StrictBool, StrictInt
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.email_json import trial_json, trigger_json
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, deployment_at, stack_of
from blueprints._shared.shapes import Paging, Slug, list_of, shape
from blueprints._shared.shapes import emails as shapes
from models.run import Run
from services import deployments, email_triggers, emails
from services.email_triggers import NewTrigger
from services.errors import Invalid

blueprint = api.blueprint("email_triggers", __name__, tag="email-trigger")
STATE = "Its state does not allow it, or it holds already; the sentence says which."
CHANGED = "With `version`: it was changed meanwhile."
Senders = Annotated[str | list[str], Field(examples=["members"])]
Mapping = Annotated[dict[str, str], Field(examples=[{"size": "body:size"}])]


class TriggerBody(Body):
    """An e-mail trigger that is asked for."""

    project: Annotated[str, Field(examples=["shop"])]
    """The project,"""
    stack: Annotated[str, Field(examples=["web"])]
    """the stack, and"""
    workspace: Annotated[str, Field(examples=["staging"])]
    """the workspace of its runs."""
    name: Annotated[str, Field(examples=["Orders"])] = ""
    """What people call it; made of type and place when left out."""
    type: Annotated[str, Field(examples=["preview"])] = "preview"
    """`preview`, `apply` or `destroy`."""
    senders: Senders = "members"
    """`members`, `anyone`, or a list of addresses and @domains."""
    mapping: Mapping = Field(default_factory=dict)
    """`{variable: source}`: `subject`, `sender`, `body`, `body:KEY` or `attachment:GLOB`."""
    attachments: Annotated[str, Field(examples=["files"])] = "files"
    """What becomes of attachments: `files` in the working directory, or `variables`."""
    auto_apply: StrictBool = False
    """Whether an apply or a destroy goes on without a person. Never for `anyone`."""


class TriggerChanges(Body):
    """What is to be changed; what is left out stays as it is."""

    name: Annotated[str, Field(examples=["Orders"])] = ""
    """What people call it."""
    type: Annotated[str, Field(examples=["preview"])] = ""
    """`preview`, `apply` or `destroy`."""
    senders: Senders = ""
    """`members`, `anyone`, or a list of addresses and @domains."""
    mapping: Mapping = Field(default_factory=dict)
    """Which variable gets what of a message."""
    attachments: Annotated[str, Field(examples=["files"])] = ""
    """What becomes of attachments: `files` in the working directory, or `variables`."""
    auto_apply: StrictBool = False
    """Whether an apply or a destroy goes on without a person."""
    paused: StrictBool = False
    """Whether mail is refused for now."""
    version: Annotated[StrictInt | None, Field(examples=[1])] = None
    """The version one looked at: another one by now is 409."""


class Pasted(Body):
    """A message that is pasted."""

    message: Annotated[str, Field(examples=["From: dave@example.com\n\nsize: 3"])]
    """The whole message: its headers, an empty line, its text."""
    run: StrictBool = False
    """Whether its run is really made, with the weaker of the caller's and the owner's rights."""


@shape
class InPlaces(TypedDict, total=False):
    """How the list is narrowed to places."""

    project: Slug
    """With `stack`: keeps those of this stack."""
    stack: Slug
    """Keeps those of this stack of the project."""
    workspace: Slug
    """Keeps those in this workspace of the stack."""


@blueprint.get("/email-triggers")
@describe(list_of(shapes.EmailTrigger), query=[Paging, InPlaces])
def index() -> Json:
    """List e-mail triggers.

    Those that the caller sees, the newest first.
    """
    page = email_triggers.of_places(
        current.actor(), **_scope(), after=paging.after(), limit=paging.limit()
    )
    return api.listing(page, trigger_json)


@blueprint.post("/email-triggers")
@describe(
    shapes.EmailTrigger,
    status=201,
    takes=TriggerBody,
    once=True,
    refuses={
        404: "There is no such project, stack or workspace, or none that the caller may see.",
        409: "No domain for addresses is set, or the key was used before.",
    },
)
def create() -> Response:
    """Make an e-mail trigger.

    `address` is where to write to. Its runs act with the rights that the caller has then.
    """
    actor, asked = current.actor(), api.body(TriggerBody)
    made, is_new = api.once(
        "email_trigger",
        lambda: email_triggers.create(actor, NewTrigger(**asked.model_dump())),
        name=lambda row: row.id,
        find=lambda trigger_id: email_triggers.find(actor, trigger_id),
    )
    where = url_for("api_email_triggers.show", trigger_id=made.id)
    return api.created(show(made.id), where, is_new=is_new)


@blueprint.get("/email-triggers/<trigger_id>")
@describe(shapes.EmailTrigger)
def show(trigger_id: str) -> shapes.EmailTrigger:
    """Show an e-mail trigger.

    Its address is hidden from viewers.
    """
    return trigger_json(email_triggers.get(current.actor(), trigger_id))


@blueprint.patch("/email-triggers/<trigger_id>")
@describe(shapes.EmailTrigger, takes=TriggerChanges, refuses={409: CHANGED})
def edit(trigger_id: str) -> shapes.EmailTrigger:
    """Change an e-mail trigger.

    Only what is sent changes. The caller is its owner from then on.
    """
    asked = api.body(TriggerChanges)
    changes = asked.model_dump(exclude_unset=True, exclude={"version"})
    email_triggers.edit(current.actor(), trigger_id, changes, version=asked.version)
    return show(trigger_id)


@blueprint.delete("/email-triggers/<trigger_id>")
@describe()
def delete(trigger_id: str) -> Response:
    """Delete an e-mail trigger.

    With what it received; the runs it started stay.
    """
    email_triggers.delete(current.actor(), trigger_id)
    return api.no_content()


@blueprint.post("/email-triggers/<trigger_id>/rotate")
@describe(shapes.EmailTrigger)
def rotate(trigger_id: str) -> shapes.EmailTrigger:
    """Give an e-mail trigger a new address.

    The old one is that of nobody from then on.
    """
    email_triggers.rotate(current.actor(), trigger_id)
    return show(trigger_id)


@blueprint.post("/email-triggers/<trigger_id>/pause")
@describe(shapes.EmailTrigger, refuses={409: STATE})
def pause(trigger_id: str) -> shapes.EmailTrigger:
    """Pause an e-mail trigger.

    Mail to it is refused until it is resumed.
    """
    email_triggers.pause(current.actor(), trigger_id)
    return show(trigger_id)


@blueprint.post("/email-triggers/<trigger_id>/resume")
@describe(shapes.EmailTrigger, refuses={409: STATE})
def resume(trigger_id: str) -> shapes.EmailTrigger:
    """Resume an e-mail trigger.

    Mail to it is taken again.
    """
    email_triggers.resume(current.actor(), trigger_id)
    return show(trigger_id)


@blueprint.post("/email-triggers/<trigger_id>/try")
@describe(shapes.EmailTrial, takes=Pasted, once=True)
def attempt(trigger_id: str) -> shapes.EmailTrial:
    """Try a message.

    Says what would happen if the caller had sent it; with `run`, it happens.
    """
    actor, asked = current.actor(), api.body(Pasted)
    trial = emails.try_out(actor, trigger_id, asked.message)
    if not asked.run:
        return trial_json(trial)
    key = request.headers.get("Idempotency-Key") or current.request_id()

    def taken() -> tuple[Run | None, str]:
        return emails.run_pasted(actor, trigger_id, asked.message, once=key)

    # Taking it a second time finds the first; so the message itself is what is kept of it.
    (run, reason), _is_new = api.once(
        "email-paste", taken, name=lambda _: trigger_id, find=lambda _: taken()
    )
    return {**trial_json(trial, run), "reason": reason}


def _scope() -> dict[str, Any]:
    asked = {name: request.args.get(name, "") for name in ("project", "stack", "workspace")}
    if asked["workspace"] and asked["project"] and asked["stack"]:
        found = deployment_at(asked)
        return {"deployment_id": found.id if deployments.is_stored(found) else ""}
    if asked["project"] and asked["stack"]:
        return {"stack_id": stack_of(asked).id}
    if any(asked.values()):
        raise Invalid({"stack": "Name project and stack, and a workspace if you like."})
    return {}
