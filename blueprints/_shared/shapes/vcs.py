"""Shapes of repositories: integrations, links, deliveries."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import Id, Instant, OneOf, Paging, PersonName, Slug, Version, shape
from blueprints._shared.shapes.nouns import RunLink
from services.vcs.deliveries import VERDICTS
from services.vcs.fields import KINDS

Kind = Annotated[str, OneOf(KINDS), Field(examples=["github"])]
Url = Annotated[str, Field(examples=["https://github.com"])]
Repository = Annotated[str, Field(examples=["team/infra"])]
Sha = Annotated[str, Field(examples=["4f2c1e9a6b0d4c3e8f7a5b2d1c0e9f8a7b6c5d4e"])]
Patterns = Annotated[list[str], Field(examples=[["modules/**"]])]


@shape
class Check(TypedDict):
    """What the last test of an integration has shown."""

    wanted: bool
    """Whether a test waits for its turn."""
    at: Instant | None
    """When it was; null while there was none."""
    passed: bool | None
    """Whether all was well."""
    text: Annotated[str, Field(examples=["GitHub knows the token as gantry-bot."])]
    """What the service and git have answered, in sentences."""


@shape
class VcsIntegration(TypedDict):
    """A service that hosts repositories, with the credentials to use it."""

    id: Id
    """Its id."""
    project: Slug | None
    """The project it belongs to; null for one of the instance."""
    name: Annotated[str, Field(examples=["github"])]
    """Its name, unique in its project; it never changes."""
    kind: Kind
    """What kind of service it is."""
    base_url: Url
    """The address of the service."""
    clone_url: str
    """What comes before a repository's name for git, where that is another address."""
    username: str
    """Whom git signs in as with the token, where the service's usual name will not do."""
    known_hosts: str
    """By which lines the SSH server is recognised."""
    repositories: Patterns
    """Which repositories may be linked through it, by pattern; empty for all."""
    holds: Annotated[list[str], Field(examples=[["token", "webhook_secret"]])]
    """Which secrets are set. What they are is never answered."""
    is_paused: bool
    """Whether nothing it sends starts anything."""
    max_runs: Annotated[int, Field(examples=[50])]
    """How many runs one event may start; above it, none is started."""
    poll_every_s: Annotated[int, Field(examples=[60])]
    """Every how many seconds its repositories are looked at; 0 for never."""
    hook_url: Annotated[str, Field(examples=["https://gantry.example.com/hooks/vcs/06gz…"])]
    """Where the service is to send its webhooks; empty for plain git."""
    heard_at: Instant | None
    """When a webhook came last."""
    check: Check
    """What the last test has shown."""
    report_problem: str
    """Why statuses or comments cannot be set just now; empty when they can."""
    created_at: Instant | None
    """When it was made."""
    created_by: PersonName
    """Who made it."""
    version: Version
    """Rises with each change."""
    webhook_secret: NotRequired[Annotated[str, Field(examples=["x" * 43])]]
    """The webhook secret that was just made: in this answer, and never again."""


@shape
class VcsLink(TypedDict):
    """A deployment's repository, and what a change there starts."""

    project: Slug
    """The project of the stack."""
    stack: Slug
    """The stack."""
    workspace: Slug
    """The workspace."""
    integration: Id
    """The integration it goes through."""
    repository: Repository
    """The repository's name there."""
    url: Annotated[str, Field(examples=["https://github.com/team/infra"])]
    """Where people find the repository."""
    branch: Annotated[str, Field(examples=["main"])]
    """The branch it follows; empty for the repository's default branch."""
    path: Annotated[str, Field(examples=["stacks/web"])]
    """The directory of the code; empty for the repository's top."""
    globs: Patterns
    """Which other files concern it."""
    tags: Annotated[str, Field(examples=["v*"])]
    """Which tags start a run, by pattern; empty for none."""
    on_push: Literal["apply", "preview", "nothing"]
    """What a push to the branch starts."""
    on_pull_request: Annotated[bool, Field(examples=[True])]
    """Whether pull requests into the branch are previewed."""
    allow_forks: bool
    """Whether those from forks are, too. Their code then sees the deployment's secrets."""
    owner: PersonName
    """With whose rights it starts runs."""
    seen: Annotated[str, Field(examples=[""])]
    """The commit of the branch that was dealt with last; empty for none."""
    seen_at: Instant | None
    """When that was."""
    version: Version
    """Rises with each change."""


@shape
class Outcome(TypedDict):
    """What became of a delivery for one deployment."""

    project: Slug
    """The project."""
    stack: Annotated[str, Field(examples=["web"])]
    """The stack."""
    workspace: Annotated[str, Field(examples=["staging"])]
    """The workspace."""
    verdict: Annotated[
        str, OneOf(("started", "skipped", "refused", "run_anyway")), Field(examples=["started"])
    ]
    """What was decided."""
    reason: Annotated[str, Field(examples=["No file below web changed."])]
    """Why no run was started."""
    run: RunLink | None
    """The run that was started, while it is there."""


@shape
class Delivery(TypedDict):
    """What a service has sent, or polling has found."""

    id: Id
    """Its id here."""
    integration: Id
    """The integration it came through."""
    delivery: Annotated[str, Field(examples=["72d3162e-cc78-11e3-81ab-4c9367dc0958"])]
    """The service's own id for it."""
    via: Literal["webhook", "poll"]
    """How it came."""
    event: Annotated[str, Field(examples=["push"])]
    """The service's word for what happened."""
    repository: Repository
    """Where it happened."""
    ref: Annotated[str, Field(examples=["main"])]
    """The branch or tag."""
    sha: Sha
    """The commit; empty when there is none."""
    pull_request: Annotated[int | None, Field(examples=[7])]
    """The number of the pull request."""
    title: Annotated[str, Field(examples=["Raise the limits"])]
    """The title of the commit or of the pull request."""
    sender: Annotated[str, Field(examples=["grace"])]
    """Who did it, by the service's name for them."""
    received_at: Instant | None
    """When it came."""
    processed_at: Instant | None
    """When it was dealt with."""
    verdict: Annotated[str, OneOf(VERDICTS), Field(examples=["processed"])]
    """Whether it waits, was dealt with, means nothing, or could not be dealt with."""
    reason: Annotated[str, Field(examples=["1 run started."])]
    """What was done, or why nothing."""
    outcomes: list[Outcome]
    """What became of it for each deployment that the caller sees."""


@shape
class ByDelivery(Paging, total=False):
    """How deliveries are narrowed."""

    integration: Id
    """Keeps those of one integration."""
    project: Slug
    """Keeps those that meant something for a project."""
    verdict: Annotated[str, OneOf(VERDICTS), Field(examples=["processed"])]
    """Keeps those with this verdict."""


@shape
class InProject(TypedDict, total=False):
    """How integrations are narrowed."""

    project: Slug
    """Keeps those that a project can use: its own, and the instance's."""


@shape
class IntegrationDeletion(TypedDict, total=False):
    """What makes sure that a deletion is meant."""

    confirm: Annotated[str, Field(examples=["github"])]
    """The name of the integration, typed again. Without it nothing is deleted."""
