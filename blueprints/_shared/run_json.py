"""Runs as programs read them, and what programs send to make one."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from flask import g, url_for
from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt

from blueprints._shared.forms import Body
from blueprints._shared.nouns import instant, moment
from blueprints._shared.shapes import runs as shapes
from models.run import Run
from models.run_state import RunType
from services import variables
from services.fields import storable
from services.runs import NewRun, WaitingOn
from services.runs.facts import RunFacts
from services.runs.listing import RunLine

COUNTS = ("add", "change", "destroy", "replace", "import", "move", "forget", "outputs")
_PINNED = ("commit", "commit_message", "author_name", "author_email", "version", "digest")


def _storable(text: str) -> str:
    if not storable(text):
        raise ValueError("The text holds a character that cannot be kept.")
    return text


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(_storable)]
Texts = Annotated[list[Text], BeforeValidator(_listed), Field(max_length=100)]
Name = Annotated[Text, Field(max_length=127)]


class RunBody(Body):
    """A run that is asked for. What is left out takes the stack's default.

    `stack` is a name in `project`. `variables` are `{name: value}` (terraform, plain) or
    `{name: {"value", "category", "secret"}}`. `metadata` are opaque strings.
    """

    project: Annotated[Name, Field(examples=["shop"])]
    """The project of the stack."""
    stack: Annotated[Name, Field(examples=["web"])]
    """The stack, by its name in the project."""
    workspace: Annotated[Name, Field(examples=["staging"])]
    """Where to deploy it."""
    type: Annotated[RunType, Field(examples=["preview"])]
    """`preview` plans and changes nothing, `apply` plans, waits for a confirmation and applies,
    `destroy` likewise; `task` runs a command, `generate` makes the Spec."""
    source: Annotated[dict[str, Any] | None, Field(examples=[None])] = None
    """Where the code comes from: `{"kind": "configuration_version", "id"}`, `{"kind": "git", "url",
    "ref", "path"}`, `{"kind": "vcs_link", "ref"}` or `{"kind": "module", "name", "version"}`."""
    variables: Annotated[dict[Text, Any], Field(max_length=1000, examples=[{"size": "large"}])] = (
        Field(default_factory=dict)
    )
    """For this run alone: `{name: value}` (terraform, plain), or `{name: {"value", "category",
    "secret"}}`."""
    command: Annotated[Text | None, Field(examples=[None])] = None
    """What a task runs, by a shell in the prepared directory."""
    init: StrictBool = True
    """Whether the engine is initialised before a task's command."""
    destroy: StrictBool = False
    """For a preview: show what a destroy would do."""
    auto_apply: StrictBool | None = None
    """Whether the plan is applied without asking anybody."""
    targets: Texts = Field(default_factory=list)
    """Addresses to limit the run to."""
    replace: Texts = Field(default_factory=list)
    """Addresses to make anew."""
    refresh_only: StrictBool = False
    """Take over what exists, and change nothing."""
    priority: StrictInt = 0
    """Above 0 the run is taken up before others."""
    message: Annotated[Text, Field(examples=["Two more web servers"])] = ""
    """What the run is for, for people."""
    metadata: Texts = Field(default_factory=list)
    """Opaque strings to keep with the run, such as signatures."""

    def request(self) -> NewRun:
        """The same, as the service takes it; secret values are sealed from here on.

        Raises:
            Invalid: when a variable cannot be what it is said to be.
        """
        given = {name: getattr(self, name) for name in RunBody.model_fields}
        return NewRun(**(given | {"variables": variables.run_inputs(self.variables)}))


class Attached(Body):
    """What may come with any verb."""

    metadata: Texts = Field(default_factory=list)
    """Opaque strings to keep with the run, such as signatures."""


def run_json(facts: RunFacts) -> shapes.Run:
    """A run. An output that is sensitive has the value null; `/outputs` says which those are."""
    run = facts.run
    return {
        "id": run.id,
        "number": run.number,
        "type": run.type.value,
        "state": run.state.value,
        "status": run.status.value,
        "project": run.project_name,
        "stack": run.stack_name,
        "workspace": run.workspace_name,
        "source": _source(run),
        "message": run.message,
        "trigger": {"kind": run.trigger_kind, "id": run.trigger_id, "name": run.trigger_name},
        "created_by": {
            "kind": run.created_by_kind if run.created_by_id else "system",
            "id": run.created_by_id,
            "name": run.created_by_name,
        },
        "created_at": moment(run.created_at),
        "started_at": instant(run.started_at),
        "finished_at": instant(run.finished_at),
        "auto_apply": run.auto_apply,
        "priority": run.priority,
        "archived": run.archived_at is not None,
        "rerun_of": run.rerun_of_id,
        "promoted_from": run.promoted_from_id,
        "outdated": facts.is_outdated,
        "drift": run.drift,
        "destroy": run.destroy,
        "refresh_only": run.refresh_only,
        "targets": run.targets,
        "replace": run.replace,
        "command": run.command,
        "init": run.with_init,
        "engine": run.engine,
        "engine_version": run.engine_version,
        "plan_sha256": run.plan_sha256,
        "cancel_requested_at": instant(run.cancel_requested_at),
        "force_cancel_at": instant(facts.force_at),
        "waiting_on": _waiting(facts.waiting),
        "changes": summary(run.changes),
        "result": run.result,
        "error": _error(run),
        "outputs": dict(facts.outputs),
        "actions": list(facts.actions),
        "url": _url(run.id),
        "version": run.version,
    }


def line_json(line: RunLine, names: frozenset[str]) -> dict[str, Any] | None:
    """These fields of a run as its line in a list has them, or None when it has not all."""
    if not names <= _FROM_LINES.keys():
        return None
    return {name: read(line) for name, read in _FROM_LINES.items() if name in names}


_FROM_LINES: Mapping[str, Callable[[RunLine], Any]] = {
    "id": lambda line: line.id,
    "number": lambda line: line.number,
    "type": lambda line: line.type.value,
    "state": lambda line: line.state.value,
    "status": lambda line: line.status.value,
    "project": lambda line: line.project_name,
    "stack": lambda line: line.stack_name,
    "workspace": lambda line: line.workspace_name,
    "message": lambda line: line.message,
    "created_at": lambda line: moment(line.created_at),
    "finished_at": lambda line: instant(line.finished_at),
    "priority": lambda line: line.priority,
    "archived": lambda line: line.archived_at is not None,
    "drift": lambda line: line.drift,
    "destroy": lambda line: line.destroy,
    "changes": lambda line: summary(line.changes),
    "url": lambda line: _url(line.id),
    "version": lambda line: line.version,
}


def _url(run_id: str) -> str:
    """Where a run is read; what stands before its id is looked up once for a request."""
    if "runs_url" not in g:
        g.runs_url = url_for("api_runs.index")
    return f"{g.runs_url}/{run_id}"


def summary(changes: Mapping[str, Any] | None) -> shapes.Summary | None:
    """How much a plan changes: every count, zeros too; None while there is no plan."""
    if changes is None:
        return None
    # The names are the shape's own.
    return {name: changes.get(name) or 0 for name in COUNTS}  # type: ignore[return-value]


def _source(run: Run) -> dict[str, Any] | None:
    pin = run.pin or {}
    pinned = {name: pin[name] for name in _PINNED if pin.get(name)}
    return {**(run.source or {}), **pinned} or None


def _error(run: Run) -> shapes.RunError | None:
    return {"kind": run.error_kind, "text": run.error_text} if run.error_kind else None


def _waiting(waiting: WaitingOn | None) -> shapes.WaitingOn | None:
    if waiting is None:
        return None
    said: shapes.WaitingOn = {"kind": waiting.kind, "text": waiting.text}
    if waiting.run_id is not None:
        said["run"] = waiting.run_id
    if waiting.url is not None:
        said["url"] = waiting.url
    if waiting.position is not None:
        said["position"] = waiting.position
    return said
