"""Shapes of what a run keeps: history, changes, variables, results; and of lists of runs."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import Id, Instant, OneOf, PersonName, Slug, shape
from blueprints._shared.shapes.nouns import StateName, StatusName
from blueprints._shared.shapes.runs import Maker, Optional, Summary
from models.variable import Category


@shape
class Moment(TypedDict):
    """A state that a run was in."""

    state: StateName
    """The state."""
    status: StatusName
    """Its coarse form."""
    at: Instant
    """When the run came to it."""
    actor: Maker
    """Who moved it there."""
    reason: Annotated[str | None, Field(examples=[""])]
    """Why, when somebody said so."""
    duration_ms: Annotated[int | None, Field(examples=[5320])]
    """How long it stayed, in milliseconds; null while it is there."""


@shape
class RunVariable(TypedDict):
    """A variable that a run got."""

    name: Annotated[str, Field(examples=["size"])]
    """Its name."""
    category: Annotated[str, OneOf(Category), Field(examples=["terraform"])]
    """Whether it is an input of the code, or a variable of the engine's environment."""
    secret: bool
    """Whether its value is kept from everybody."""
    value: Annotated[Any, Field(examples=["large"])]
    """Its value; null when it is hidden."""
    hidden: bool
    """Whether the value is kept from the caller."""
    fingerprint: Annotated[str | None, Field(examples=["5c2f9a01b7"])]
    """Lets two secret values be compared without being seen; null for viewers."""
    source: Annotated[str, Field(examples=["workspace"])]
    """Where it came from: run, deployment, stack, workspace or project."""
    shadows: Annotated[list[Any], Field(examples=[["project"]])]
    """The places further away that have one of this name, too."""


Record = Annotated[
    dict[str, Any],
    Field(
        examples=[
            {
                "address": "terraform_data.web",
                "action": "update",
                "before": {"input": "1"},
                "after": {"input": "2"},
            }
        ]
    ),
]


@shape
class Changes(TypedDict):
    """What a run changes: the change document, its `changes` a page at a time."""

    summary: Summary | None
    """How much it changes; null while there is no plan."""
    changes: list[Record]
    """This page's changes, destroyed and replaced ones first: `address`, `action`, `reason`,
    `before`, `after`, `unknown` and `sensitive` (paths), `replace_paths`."""
    drift: list[Record]
    """What differs from what the state says, in the same form."""
    outputs: list[Record]
    """The outputs that change."""
    checks: list[Record]
    """What the code's own checks say."""
    notes: Annotated[list[Any], Field(examples=[[]])]
    """What is odd about the plan, in sentences."""
    next: Annotated[str | None, Field(examples=[None])]
    """The `cursor` of the next page of changes, or null when this is the last one."""


@shape
class Sentence(TypedDict):
    """What came of a run that has no document."""

    result: Annotated[str, Field(examples=["apply completed"])]
    """The sentence."""


@shape
class Comment(TypedDict):
    """Something that somebody said about a run."""

    id: Id
    """What it is called."""
    at: Instant | None
    """When it was said."""
    author: PersonName
    """Who said it."""
    text: Annotated[str, Field(examples=["Looks right to me."])]
    """What was said, as plain text."""


@shape
class BulkResult(TypedDict):
    """What a bulk action did to one run."""

    run: Id
    """The run."""
    ok: Annotated[bool, Field(examples=[True])]
    """Whether it was done."""
    reason: Optional
    """Why not, in a sentence; null when it was done."""
    made: NotRequired[Id]
    """The new run, where the action makes one."""


@shape
class RunFilters(TypedDict, total=False):
    """What a list of runs is narrowed to. Several values of a word are parted by commas."""

    project: Slug
    """Runs of this project."""
    stack: Annotated[str, Field(examples=["web"])]
    """Runs of the stacks of this name; `project/stack` names one of them."""
    workspace: Annotated[str, Field(examples=["staging"])]
    """Runs in this workspace."""
    type: Annotated[str, Field(examples=["apply,destroy"])]
    """Runs of these types."""
    status: Annotated[str, Field(examples=["pending,running"])]
    """Runs of these statuses. `canceled` and `cancelled` mean the same."""
    state: Annotated[str, Field(examples=["unconfirmed"])]
    """Runs in these states."""
    trigger: Annotated[str, Field(examples=["schedule,vcs"])]
    """Runs that were started in these ways."""
    created_by: Annotated[str, Field(examples=["dave@example.com"])]
    """Runs made by this person: an id, an e-mail address or a name."""
    branch: Annotated[str, Field(examples=["main"])]
    """Runs of this branch."""
    drift: Annotated[bool, Field(examples=[False])]
    """`true` for drift checks alone, `false` for all others."""
    since: Annotated[str, Field(examples=["24h"])]
    """Runs made from then on: an instant, a date, or an age such as `24h` or `7d`."""
    until: Annotated[str, Field(examples=["2026-11-21T14:00:00Z"])]
    """Runs made before then, in the same forms."""
    archived: Annotated[Literal["false", "true", "any"], Field(examples=["false"])]
    """`true` for archived runs alone, `any` for both; without it archived runs are left out."""
    q: Annotated[str, Field(examples=["#17"])]
    """Runs that hold every word: number, message, commit, branch, names, person."""
