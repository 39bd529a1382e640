"""Schedules as programs read them, and what programs send to make or change one."""

import dataclasses
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt

from blueprints._shared import current
from blueprints._shared.forms import Body
from blueprints._shared.nouns import instant, moment
from blueprints._shared.run_json import RunBody, Text, Texts
from blueprints._shared.shapes import schedules as shapes
from models.run_state import RunType
from models.schedule import Purpose, Schedule, ScheduleTime
from services import schedules, variables
from services.access import Action, can
from services.errors import Invalid
from services.schedules import LedgerLine, NewSchedule, ScheduleLine
from services.variables import RunVariableInput

Name = Annotated[Text, Field(max_length=120)]
TIMES = ("cron", "every", "at", "timezone", "start", "end", "active")
POLICIES = ("overlap", "missed", "max_delay_s")


class _Rule(Body):
    """When, what if, and what follows: of a schedule that is made, and of one that is changed."""

    cron: Annotated[Text | None, Field(examples=["0 3 * * *"])] = None
    """A cron line of five fields. Of `cron`, `every` and `at` exactly one is given."""
    every: Annotated[Any, Field(examples=[None])] = None
    """An interval of minutes, hours, days, weeks or months, such as `15 minutes` or `1 day`."""
    at: Annotated[Text | None, Field(examples=[None])] = None
    """One time."""
    timezone: Annotated[Text, Field(examples=["Europe/Berlin"])] = "UTC"
    """The zone whose clock it follows; times that are sent without a zone are in it."""
    start: Annotated[Text | None, Field(examples=[None])] = None
    """Nothing comes before it; intervals are counted from it."""
    end: Annotated[Any, Field(examples=[None])] = None
    """Nothing comes after it: an instant, a date (and its whole day), or a number of runs."""
    active: Annotated[dict[str, Any] | None, Field(examples=[None])] = None
    """Hours and weekdays: `{"from": "08:00", "until": "18:00", "days": ["mon", "fri"]}`."""
    overlap: Annotated[Text, Field(examples=["skip"])] = "skip"
    """While a run of it has not ended: `skip` the next one, or `queue` it."""
    missed: Annotated[Text, Field(examples=["one"])] = "none"
    """Which of missed times are made up for: `none`, `one` (the newest) or `all`."""
    max_delay_s: Annotated[StrictInt | None, Field(examples=[None])] = None
    """Times that are later than so many seconds are missed, whatever `missed` says."""
    reconcile: StrictBool = False
    """For a drift check: whether an apply follows when something has drifted."""


class ScheduleBody(_Rule, RunBody):
    """A schedule that is asked for: when, what if, and the inputs of its runs."""

    name: Annotated[Name, Field(examples=["nightly"])]
    """What people call it; unique in its deployment."""
    drift: StrictBool = False
    """Whether it is the drift check of its deployment: a preview that only refreshes."""

    def asked(self) -> NewSchedule:
        """The same, as the service takes it; secret values are sealed from here on.

        Raises:
            Invalid: when a variable cannot be what it is said to be.
        """
        if self.reconcile and not self.drift:
            raise Invalid({"reconcile": "Only a drift check can reconcile."})
        request = self.request()
        return NewSchedule(
            name=self.name,
            request=dataclasses.replace(request, drift=True) if self.drift else request,
            when={name: getattr(self, name) for name in TIMES},
            what_if={name: getattr(self, name) for name in POLICIES},
            purpose=Purpose.DRIFT if self.drift else Purpose.RUN,
            extras={"reconcile": self.reconcile},
        )


class ScheduleChanges(_Rule):
    """What is to be changed; what is left out stays as it is."""

    name: Annotated[Name, Field(examples=["nightly"])] = ""
    """What people call it; unique in its deployment."""
    type: Annotated[RunType, Field(examples=["preview"])] = RunType.PREVIEW
    """The type of its runs."""
    source: Annotated[dict[str, Any] | None, Field(examples=[None])] = None
    """Where the code comes from; null for the stack's own source."""
    variables: Annotated[dict[Text, Any], Field(max_length=1000, examples=[{"size": "large"}])] = (
        Field(default_factory=dict)
    )
    """All the variables that it gives its runs, instead of those so far."""
    command: Annotated[Text | None, Field(examples=[None])] = None
    """What its tasks run."""
    init: StrictBool = True
    """Whether the engine is initialised before a task's command."""
    destroy: StrictBool = False
    """For previews: show what a destroy would do."""
    auto_apply: StrictBool | None = None
    """Whether plans are applied without asking; null for the stack's own setting."""
    targets: Texts = Field(default_factory=list)
    """Addresses to limit its runs to."""
    replace: Texts = Field(default_factory=list)
    """Addresses to make anew."""
    refresh_only: StrictBool = False
    """Take over what exists, and change nothing."""
    priority: StrictInt = 0
    """The priority of its runs."""
    message: Annotated[Text, Field(examples=["Nightly look"])] = ""
    """What its runs are for; when empty, they say its name."""
    metadata: Texts = Field(default_factory=list)
    """Opaque strings to keep with its runs."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""

    def changes(self) -> dict[str, Any]:
        """What was sent, as the service takes it.

        Raises:
            Invalid: when a variable cannot be what it is said to be.
        """
        sent = {name: getattr(self, name) for name in self.model_fields_set if name != "version"}
        if "variables" in sent:
            sent["variables"] = variables.run_inputs(self.variables)
        return sent


def schedule_json(line: ScheduleLine) -> shapes.Schedule:
    """A schedule. Values of variables are for those who may see them, and of secrets for nobody."""
    row = line.schedule
    inputs = row.inputs
    return {
        "id": row.id,
        "name": row.name,
        "purpose": row.purpose.value,
        "project": row.project_name,
        "stack": row.stack_name,
        "workspace": row.workspace_name,
        "type": row.type.value,
        "cron": row.cron,
        "every": row.every,
        "at": instant(row.at),
        "timezone": row.timezone,
        "start": instant(row.start_at),
        "end": row.end_after or instant(row.end_at),
        "active": row.active,
        "words": schedules.words_of(row),
        "overlap": row.overlap.value,
        "missed": row.missed.value,
        "max_delay_s": row.max_delay_s,
        "source": inputs["source"],
        "command": inputs["command"],
        "init": inputs["init"],
        "destroy": inputs["destroy"],
        "auto_apply": inputs["auto_apply"],
        "targets": inputs["targets"],
        "replace": inputs["replace"],
        "refresh_only": inputs["refresh_only"],
        "priority": inputs["priority"],
        "message": inputs["message"],
        "drift": row.purpose is Purpose.DRIFT,
        "reconcile": row.reconcile,
        "variables": _variables(row),
        "state": state_of(row),
        "next": instant(None if row.paused_at else row.next_fire_at),
        "fired": row.fired_count,
        "paused_at": instant(row.paused_at),
        "paused_by": row.paused_by_name or None,
        "owner": {"id": row.owner_id, "name": row.owner_name},
        "last": ledger_json(LedgerLine(line.last, line.last_run)) if line.last else None,
        "created_at": moment(row.created_at),
        "created_by": row.created_by_name,
        "version": row.version,
    }


def state_of(row: Schedule) -> str:
    """Where a schedule stands: active, paused or ended."""
    if row.next_fire_at is None:
        return "ended"
    return "paused" if row.paused_at else "active"


def ledger_json(line: LedgerLine) -> shapes.PlannedTime:
    """What came of a planned time."""
    row: ScheduleTime = line.time
    run = line.run
    return {
        "scheduled_for": moment(row.scheduled_for),
        "outcome": row.outcome.value,
        "run": None
        if run is None
        else {"id": run.id, "number": run.number, "state": run.state.value},
        "reason": row.reason,
        "by_hand": row.by_hand,
        "actor": row.actor_name or None,
        "decided_at": moment(row.decided_at),
    }


def _variables(row: Schedule) -> dict[str, shapes.ScheduleVariable]:
    is_open = can(current.actor(), Action.SEE_VALUES, row)
    return {item.name: _variable(item, is_open=is_open) for item in schedules.variables_of(row)}


def _variable(item: RunVariableInput, *, is_open: bool) -> shapes.ScheduleVariable:
    hidden = item.secret or not is_open
    return {
        "value": None if hidden else item.value,
        "category": item.category.value,
        "secret": item.secret,
        "hidden": hidden,
        "fingerprint": item.fingerprint if is_open else None,
    }
