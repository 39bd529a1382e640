"""The shapes of schedules, their ledgers and their times to come."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import Id, Instant, OneOf, PersonName, Slug, Version, shape
from blueprints._shared.shapes.nouns import StateName, TypeName
from blueprints._shared.shapes.runs import Optional
from models.schedule import Missed, Outcome, Overlap, Purpose
from models.variable import Category

STATES = ("active", "paused", "ended")


@shape
class ScheduleVariable(TypedDict):
    """A variable that a schedule gives its runs."""

    value: Annotated[Any, Field(examples=["large"])]
    """Its value; null when it is hidden."""
    category: Annotated[str, OneOf(Category), Field(examples=["terraform"])]
    """Whether it is an input of the code, or a variable of the engine's environment."""
    secret: bool
    """Whether its value is kept from everybody."""
    hidden: bool
    """Whether the value is kept from the caller."""
    fingerprint: Annotated[str | None, Field(examples=["5c2f9a01b7"])]
    """Lets two secret values be compared without being seen; null for viewers."""


@shape
class ScheduledRun(TypedDict):
    """A run that a schedule made."""

    id: Id
    """What stays the same."""
    number: Annotated[int, Field(examples=[128])]
    """Its number in the project."""
    state: StateName
    """Where it stands now."""


@shape
class PlannedTime(TypedDict):
    """What came of a planned time."""

    scheduled_for: Instant
    """The time that was planned; of a run by hand, when it was asked for."""
    outcome: Annotated[str, OneOf(Outcome), Field(examples=["fired"])]
    """`fired` made a run, `missed` came too late, `skipped` was left out, `refused` was not let."""
    run: ScheduledRun | None
    """The run that was made."""
    reason: Annotated[str, Field(examples=[""])]
    """Why there is none, or who wanted one."""
    by_hand: bool
    """Whether a person started it, outside of the planned times."""
    actor: Optional
    """With whose rights, or by whom."""
    decided_at: Instant
    """When this was decided."""


@shape
class NextTime(TypedDict):
    """A time to come."""

    scheduled_for: Instant
    """When."""


@shape
class ScheduleOwner(TypedDict):
    """With whose rights the runs are made."""

    id: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """Their id."""
    name: PersonName
    """Their name, as it was when they saved it."""


@shape
class Schedule(TypedDict):
    """When runs of a deployment start by themselves, and which."""

    id: Id
    """What stays the same whatever it is called."""
    name: Annotated[str, Field(examples=["nightly"])]
    """What people call it; unique in its deployment."""
    purpose: Annotated[str, OneOf(Purpose), Field(examples=["run"])]
    """`run` for runs of any type, `drift` for the drift check, `ttl` for the time to live."""
    project: Slug
    """The project of the stack."""
    stack: Slug
    """The stack."""
    workspace: Slug
    """The workspace."""
    type: TypeName
    """The type of its runs."""
    cron: Annotated[str | None, Field(examples=["0 3 * * *"])]
    """The cron line, when it follows one."""
    every: Annotated[str | None, Field(examples=[None])]
    """The interval, when it follows one, such as `15 minutes`."""
    at: Annotated[Instant | None, Field(examples=[None])]
    """The one time, when there is only one."""
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    """The zone whose clock it follows."""
    start: Annotated[Instant | None, Field(examples=[None])]
    """Nothing comes before it."""
    end: Annotated[Instant | int | None, Field(examples=[None])]
    """Nothing comes after it: an instant, or a number of runs."""
    active: Annotated[dict[str, Any] | None, Field(examples=[None])]
    """The hours and weekdays in which it is active; null for always."""
    words: Annotated[str, Field(examples=["At 03:00 every day"])]
    """When it happens, in English."""
    overlap: Annotated[str, OneOf(Overlap), Field(examples=["skip"])]
    """What happens while a run of it has not ended: the next is skipped, or queued."""
    missed: Annotated[str, OneOf(Missed), Field(examples=["none"])]
    """Which of missed times are made up for."""
    max_delay_s: Annotated[int | None, Field(examples=[None])]
    """Times that are later than so many seconds are missed."""
    source: Annotated[dict[str, Any] | None, Field(examples=[None])]
    """Where the code comes from; null for the stack's own source."""
    command: Optional
    """What its tasks run."""
    init: bool
    """Whether the engine is initialised before a task's command."""
    destroy: bool
    """Whether its previews show what a destroy would do."""
    auto_apply: Annotated[bool | None, Field(examples=[None])]
    """Whether plans are applied without asking; null for the stack's own setting."""
    targets: Annotated[list[str], Field(examples=[[]])]
    """Addresses that its runs are limited to."""
    replace: Annotated[list[str], Field(examples=[[]])]
    """Addresses that its runs make anew."""
    refresh_only: bool
    """Whether its runs take over what exists, and change nothing."""
    priority: Annotated[int, Field(examples=[0])]
    """The priority of its runs."""
    message: Annotated[str, Field(examples=[""])]
    """What its runs are for; when empty, they say its name."""
    drift: bool
    """Whether it is the drift check of its deployment."""
    reconcile: bool
    """Whether an apply follows when something has drifted."""
    variables: Annotated[dict[str, ScheduleVariable], Field(examples=[{}])]
    """What it gives its runs, by name."""
    state: Annotated[str, OneOf(STATES), Field(examples=["active"])]
    """Whether times come, are held back, or come no more."""
    next: Annotated[Instant | None, Field(examples=["2026-11-22T02:00:00Z"])]
    """The next time; null while it is paused or when it has ended."""
    fired: Annotated[int, Field(examples=[12])]
    """How many runs it has made at their times."""
    paused_at: Annotated[Instant | None, Field(examples=[None])]
    """Since when it is paused."""
    paused_by: Optional
    """Who paused it."""
    owner: ScheduleOwner
    """Whose rights its runs have, as they are when it fires."""
    last: PlannedTime | None
    """What came of its last time."""
    created_at: Instant
    """When it was made."""
    created_by: PersonName
    """Who made it."""
    version: Version
    """Grows with each change."""
