"""Shapes of projects, stacks, workspaces, deployments and variables."""

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import Id, Instant, OneOf, PersonName, Slug, Title, Version, shape
from models.run_state import RunState, RunStatus, RunType
from models.variable import Category

StateName = Annotated[str, OneOf(RunState), Field(examples=["finished"])]
StatusName = Annotated[str, OneOf(RunStatus), Field(examples=["succeeded"])]
TypeName = Annotated[str, OneOf(RunType), Field(examples=["apply"])]
Seconds = Annotated[int, Field(examples=[1800])]
Source = Annotated[
    dict[str, Any],
    Field(
        examples=[
            {"kind": "git", "url": "https://git.example.com/shop.git", "ref": "main", "path": "web"}
        ]
    ),
]


@shape
class Project(TypedDict):
    """A team's home: its stacks, and who may do what there."""

    id: Id
    """What stays the same whatever happens to the project."""
    name: Slug
    """The name in URLs. It never changes."""
    title: Title
    """What people call it; empty when its name says enough."""
    description: str
    """What it is for, in free text."""
    created_at: Instant
    """When it was made."""
    created_by: PersonName
    """Who made it, by the name of that time."""
    version: Version
    """Rises with each change. Send it along with yours, and a change made meanwhile is not lost."""


@shape
class Workspace(TypedDict):
    """A place to deploy to."""

    id: Id
    """What stays the same whatever happens to the workspace."""
    name: Annotated[str, Field(examples=["staging"])]
    """The name in URLs. It never changes."""
    title: Annotated[str, Field(examples=["Staging"])]
    """What people call it; empty when its name says enough."""
    description: str
    """What it is for, in free text."""
    protected: bool
    """Whether destroy runs are refused here."""
    created_at: Instant
    """When it was made."""
    created_by: PersonName
    """Who made it, by the name of that time."""
    version: Version
    """Rises with each change. Send it along with yours, and a change made meanwhile is not lost."""


@shape
class Stack(TypedDict):
    """Code that describes resources, with its settings."""

    id: Id
    """What stays the same whatever happens to the stack."""
    project: Slug
    """The project it belongs to."""
    name: Annotated[str, Field(examples=["web"])]
    """The name in URLs, unique in its project. It never changes."""
    title: Annotated[str, Field(examples=["Web servers"])]
    """What people call it; empty when its name says enough."""
    description: str
    """What it is for, in free text."""
    engine: Annotated[str, Field(examples=["terraform"])]
    """What carries its runs out."""
    source: Source | None
    """Where its code comes from, unless a run brings its own; null when each run must."""
    published: bool
    """Whether every kind of trigger starts it. A draft is started by people and programs only."""
    protected: bool
    """Whether destroy runs of it are refused."""
    auto_apply: bool
    """Whether its plans are applied without asking a person."""
    cancel_grace_s: Seconds
    """How long a cancelled run may take to stop before it can be killed, in seconds."""
    max_duration_s: Annotated[int, Field(examples=[43200])]
    """How long a run may be at work, in seconds; waiting does not count."""
    silence_notice_s: Annotated[int, Field(examples=[600])]
    """After how many seconds without output its pages say so."""
    plan_expires_s: Annotated[int | None, Field(examples=[None])]
    """After how many seconds an unconfirmed plan expires; null for never."""
    created_at: Instant
    """When it was made."""
    created_by: PersonName
    """Who made it, by the name of that time."""
    version: Version
    """Rises with each change. Send it along with yours, and a change made meanwhile is not lost."""


@shape
class RunLink(TypedDict):
    """A run, as others point to it."""

    id: Id
    """Its id, for `/runs/{run_id}`."""
    number: Annotated[int, Field(examples=[17])]
    """Its number in its project."""
    type: TypeName
    """What it does."""
    state: StateName
    """Where it stands, exactly."""
    status: StatusName
    """Where it stands, roughly."""


@shape
class Block(TypedDict):
    """Why nothing may change a deployment until somebody has settled it."""

    reason: Annotated[str | None, Field(examples=["The worker of run 17 was lost during apply."])]
    """What happened, in a sentence."""
    run: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The run that it happened to."""
    since: Instant | None
    """When it happened."""


@shape
class Lock(TypedDict):
    """Who may change a deployment at the moment: a run, or a state client outside."""

    run: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The run that holds it, or null."""
    client: Annotated[str | None, Field(examples=[None])]
    """The state client that holds it, as it names itself, or null."""
    acquired_at: Instant | None
    """Since when."""


@shape
class ManualLock(TypedDict):
    """A lock that a person put on a deployment by hand."""

    user: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """Who put it there."""
    name: PersonName
    """Their name."""
    note: Annotated[str, Field(examples=["Moving the database by hand"])]
    """Why, in their words."""
    locked_at: Instant | None
    """Since when."""


@shape
class Deployment(TypedDict):
    """One stack in one workspace: what owns the state, the lock, the resources, the queue."""

    id: Id
    """What stays the same whatever happens to the deployment."""
    project: Slug
    """The project of its stack."""
    stack: Annotated[str, Field(examples=["web"])]
    """Its stack."""
    workspace: Annotated[str, Field(examples=["staging"])]
    """Its workspace."""
    created_at: Instant | None
    """When it came to be: with its first run, variable, schedule or lock."""
    resource_count: Annotated[int, Field(examples=[41])]
    """How many resources exist there."""
    backend: Annotated[str | None, Field(examples=[None])]
    """The backend declared in the code, which keeps its state elsewhere; null for Gantry's own."""
    blocked: Block | None
    """Why nothing may change it; null when something may."""
    lock: Lock | None
    """Who may change it now; null when nobody does."""
    manual_lock: ManualLock | None
    """The lock a person put on it; null for none."""
    active_run: RunLink | None
    """The run that is changing it, or about to."""
    last_run: RunLink | None
    """Its newest run."""
    applied_run: RunLink | None
    """The run that changed it last."""


@shape
class ResourceKinds(TypedDict, total=False):
    """How a list of resources is narrowed to those of a kind."""

    type: Annotated[str, Field(examples=["aws_instance"])]
    """Keeps what is of this type."""
    module: Annotated[str, Field(examples=["module.front"])]
    """Keeps what stands in this module; `root` is what stands in none."""


@shape
class Resource(TypedDict):
    """Something that exists because of a deployment."""

    address: Annotated[str, Field(examples=["module.front.aws_instance.web[0]"])]
    """Its address in the code."""
    module: Annotated[str, Field(examples=["module.front"])]
    """The module it is in; empty for the root."""
    type: Annotated[str, Field(examples=["aws_instance"])]
    """Its type."""
    provider: Annotated[str, Field(examples=["registry.opentofu.org/hashicorp/aws"])]
    """The provider that made it."""
    id: Annotated[str, Field(examples=["i-0a1b2c3d4e5f"])]
    """What the provider calls it; empty when it does not say, or when that is secret."""
    made_by: RunLink | None
    """The run that made it, when Gantry knows."""
    changed_by: RunLink | None
    """The run that changed it last, when Gantry knows."""
    changed_at: Instant | None
    """When it was last changed."""


@shape
class Output(TypedDict):
    """A value that the code tells the outside."""

    name: Annotated[str, Field(examples=["url"])]
    """Its name."""
    type: Annotated[Any, Field(examples=["string"])]
    """Its type, in terraform's words: a string, or a list such as `["list", "string"]`."""
    sensitive: bool
    """Whether its value is kept from sight."""
    value: Annotated[Any, Field(examples=["https://shop.example.com"])]
    """Its value; null when it is sensitive."""


@shape
class Variable(TypedDict):
    """A named value that runs get."""

    name: Annotated[str, Field(examples=["size"])]
    """Its name, unique in its place."""
    category: Annotated[str, OneOf(Category), Field(examples=["terraform"])]
    """Whether it is an input of the code, or a variable of the engine's environment."""
    secret: bool
    """Whether its value can be written only, and never read."""
    value: Annotated[Any, Field(examples=["large"])]
    """Its value; null when `hidden` says that it is not shown."""
    hidden: bool
    """Whether the value is kept from the caller: it is secret, or the caller is a viewer."""
    fingerprint: Annotated[str | None, Field(examples=["5c2f9a01b7"])]
    """Lets two secret values be compared without being seen; null where it is not shown."""
    updated_at: Instant | None
    """When it was last written."""
    updated_by: Annotated[str | None, Field(examples=["Dave"])]
    """Who wrote it last."""
    version: Version
    """Rises with each change."""
    warnings: NotRequired[Annotated[list[str], Field(examples=[[]])]]
    """After a change: what is odd about it, in sentences. A short secret cannot be masked."""
