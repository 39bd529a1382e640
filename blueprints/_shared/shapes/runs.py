"""The shape of a run."""

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import Id, Instant, OneOf, PersonName, Slug, shape
from blueprints._shared.shapes.nouns import StateName, StatusName, TypeName
from services.runs.filters import TriggerKind

FAULTS = "configuration policy engine worker gantry".split()
WAITS = ("lock manual_lock blocked approval dependency external worker capacity hold human").split()
Optional = Annotated[str | None, Field(examples=[None])]

Summary = TypedDict(
    "Summary",
    {
        "add": Annotated[int, Field(description="How many are made.", examples=[2])],
        "change": Annotated[int, Field(description="How many are changed.", examples=[1])],
        "destroy": Annotated[int, Field(description="How many are destroyed.", examples=[0])],
        "replace": Annotated[
            int, Field(description="How many are destroyed and made anew.", examples=[0])
        ],
        "import": Annotated[int, Field(description="How many are taken over.", examples=[0])],
        "move": Annotated[int, Field(description="How many change their address.", examples=[0])],
        "forget": Annotated[
            int, Field(description="How many are left alone from now on.", examples=[0])
        ],
        "outputs": Annotated[int, Field(description="How many outputs change.", examples=[1])],
    },
)
Summary.__doc__ = "How much a plan changes: every count, zeros too."
shape(Summary)


@shape
class Trigger(TypedDict):
    """What started a run."""

    kind: Annotated[str, OneOf(TriggerKind), Field(examples=["api"])]
    """The way it was started."""
    id: Optional
    """The schedule, e-mail trigger, repository or token, when one did it."""
    name: Annotated[str, Field(examples=["ci"])]
    """Its name."""


@shape
class Maker(TypedDict):
    """Who something was done by."""

    kind: Annotated[str, Field(examples=["user"])]
    """`user`, `service_account`, or `system` for Gantry itself."""
    id: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """Their id; null for Gantry itself."""
    name: PersonName
    """Their name, as it was then."""


@shape
class WaitingOn(TypedDict):
    """What a run waits for."""

    kind: Annotated[str, OneOf(WAITS), Field(examples=["lock"])]
    """What it is."""
    text: Annotated[str, Field(examples=["Run 16 holds the lock of this deployment."])]
    """The same in a sentence."""
    run: NotRequired[Id]
    """The run that it waits for, if it is one."""
    url: NotRequired[Annotated[str, Field(examples=["/runs/06gzq1k2v5c8m9r3tw4x"])]]
    """Where to look, as a path of this portal."""
    position: NotRequired[Annotated[int, Field(examples=[2])]]
    """Its place in the queue, from 1."""


@shape
class RunError(TypedDict):
    """Why a run failed."""

    kind: Annotated[str, OneOf(FAULTS), Field(examples=["engine"])]
    """Whose fault it is. `gantry` is a fault of Gantry's own, not of your configuration."""
    text: Annotated[str | None, Field(examples=["Error: no such image: ami-1"])]
    """What went wrong, in one sentence. The log has the detail."""


@shape
class Run(TypedDict):
    """One operation on one deployment."""

    id: Id
    """What the run is called in URLs."""
    number: Annotated[int, Field(examples=[17])]
    """Its number in its project, for people."""
    type: TypeName
    """What it does: `preview` plans and changes nothing, `apply` plans, waits and applies."""
    state: StateName
    """Where it stands, exactly."""
    status: StatusName
    """Where it stands, roughly: enough to know whether to go on asking."""
    project: Slug
    """The project of its stack."""
    stack: Annotated[str, Field(examples=["web"])]
    """Its stack."""
    workspace: Annotated[str, Field(examples=["staging"])]
    """Its workspace."""
    source: Annotated[
        dict[str, Any] | None,
        Field(examples=[{"kind": "configuration_version", "id": "06gzq1k2v5c8m9r3tw4x"}]),
    ]
    """Where its code comes from, with the commit, version or digest once that is pinned."""
    message: Annotated[str, Field(examples=["Two more web servers"])]
    """What its maker says it is for."""
    trigger: Trigger
    """What started it."""
    created_by: Maker
    """With whose rights it was made."""
    created_at: Instant
    """When it was made."""
    started_at: Instant | None
    """When a worker first took it up; null while none has."""
    finished_at: Instant | None
    """When it ended; null until then."""
    auto_apply: bool
    """Whether its plan is applied without asking a person."""
    priority: Annotated[int, Field(examples=[0])]
    """Above 0 it is taken up before others."""
    archived: bool
    """Whether it is left out of lists."""
    rerun_of: Optional
    """The run that it repeats."""
    promoted_from: Optional
    """The preview that it applies."""
    outdated: bool
    """Whether the deployment's state has changed since it planned. Its plan is refused then."""
    drift: bool
    """Whether it is a drift check."""
    destroy: bool
    """Whether a preview shows what a destroy would do."""
    refresh_only: bool
    """Whether it takes over what exists, and changes nothing."""
    targets: Annotated[list[str], Field(examples=[[]])]
    """The addresses that it is limited to; empty for all."""
    replace: Annotated[list[str], Field(examples=[[]])]
    """The addresses that it makes anew."""
    command: Optional
    """What a task runs."""
    init: Annotated[bool, Field(examples=[True])]
    """Whether the engine is initialised before a task's command."""
    engine: Annotated[str, Field(examples=["terraform"])]
    """What carries it out."""
    engine_version: Annotated[str | None, Field(examples=["1.12.0"])]
    """The version that did; null before."""
    plan_sha256: Annotated[str | None, Field(examples=[None])]
    """The digest of its plan. Send it with `confirm`, and no other plan can be accepted."""
    cancel_requested_at: Instant | None
    """When somebody asked it to stop."""
    force_cancel_at: Instant | None
    """From when on it may be killed; null while that is not in question."""
    waiting_on: WaitingOn | None
    """Why it waits; null when it does not."""
    changes: Summary | None
    """How much it changes; null while there is no plan."""
    result: Annotated[str | None, Field(examples=["apply completed"])]
    """What came of it, in one sentence; null until then."""
    error: RunError | None
    """Why it failed; null when it did not."""
    outputs: Annotated[dict[str, Any], Field(examples=[{"url": "https://shop.example.com"}])]
    """Its outputs by name. A sensitive one is null here; `/outputs` says which those are."""
    actions: Annotated[list[str], Field(examples=[["rerun", "archive", "comments"]])]
    """What the caller may do to it now: each is the last part of a URL to POST to."""
    url: Annotated[str, Field(examples=["/api/v1/runs/06gzq1k2v5c8m9r3tw4x"])]
    """Where it is read, as a path of this portal."""
    version: Annotated[int, Field(examples=[7])]
    """Rises with each change."""
