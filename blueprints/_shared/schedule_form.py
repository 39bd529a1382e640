"""The form of a schedule: what it holds, and what it asks for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprints._shared import source_form, spans
from blueprints._shared.current import Crumb
from blueprints._shared.filters import zone
from blueprints._shared.pairs_form import inputs_of, posted_variables, written
from blueprints._shared.typed import Typed
from lib.recurrence import DAYS, Every, local, zone_or_utc
from models.schedule import Schedule
from services import drafts, schedules
from services.errors import Invalid
from services.runs import NewRun
from services.schedules import NewSchedule
from services.variables import RunVariableInput

Pair = tuple[str, str, str, bool]
POLICIES = ("overlap", "missed")
DAY_NAMES = dict(zip(DAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
_MINUTE = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Asked:
    """What the form asks for: when, what if, and the run."""

    name: str
    when: Mapping[str, Any]
    what_if: Mapping[str, Any]
    request: NewRun
    reconcile: bool | None = None

    def new(self) -> NewSchedule:
        """The same, for one that is made."""
        return NewSchedule(
            name=self.name, request=self.request, when=self.when, what_if=self.what_if
        )

    def changes(self, before: Mapping[str, Any] | None) -> dict[str, Any]:
        """The same, for one that is changed; `before` is the source that its runs have so far."""
        left = _PLACE | ({"source"} if self._leaves(before) else set())
        run = {name: value for name, value in vars(self.request).items() if name not in left}
        extras = {} if self.reconcile is None else {"reconcile": self.reconcile}
        return {"name": self.name, **self.when, **self.what_if, **run, **extras}

    def _leaves(self, source: Mapping[str, Any] | None) -> bool:
        """Whether the source stays; the form of a drift check does not ask for one."""
        return self.reconcile is not None or source_form.is_same(self.request.source, source)


_PLACE = {"project", "stack", "workspace", "metadata", "drift"}


def blank(timezone: str) -> Typed:
    """The form of a schedule to be made: every day at three in the visitor's zone."""
    return Typed({
        "way": "cron",
        "cron": "0 3 * * *",
        "every_number": "1",
        "every_unit": "days",
        "timezone": timezone,
        "ends": "never",
        "type": "preview",
        "source": "stack",
        "overlap": "skip",
        "missed": "none",
    } | {f"day-{day}": "1" for day in DAYS})  # fmt: skip


def of(row: Schedule) -> Typed:
    """The form of a schedule as it is."""
    inputs = row.inputs
    clock = zone_or_utc(row.timezone)
    every = Every.parse(row.every or "1 day")
    active = row.active or {"from": "", "until": "", "days": list(DAYS)}
    texts = {
        "name": row.name,
        "way": "cron" if row.cron else "every" if row.every else "at",
        "cron": row.cron or "",
        "every_number": str(every.number),
        "every_unit": every.unit,
        "at": _minute(row.at, clock),
        "timezone": row.timezone,
        "start": _minute(row.start_at, clock),
        "ends": "after" if row.end_after else "on" if row.end_at else "never",
        "end_on": _minute(row.end_at, clock),
        "end_after": str(row.end_after or ""),
        "active": "1" if row.active else "",
        "active_from": active["from"],
        "active_until": active["until"],
        "overlap": row.overlap.value,
        "missed": row.missed.value,
        "max_delay": spans.write(row.max_delay_s),
        "type": _kind(row),
        "message": inputs.get("message") or "",
        "command": inputs.get("command") or "",
        "without_init": "" if inputs.get("init", True) else "1",
        "auto_apply": {None: "", True: "yes", False: "no"}[inputs.get("auto_apply")],
        "refresh_only": "1" if inputs.get("refresh_only") else "",
        "targets": "\n".join(inputs.get("targets", ())),
        "replace": "\n".join(inputs.get("replace", ())),
        "priority": str(inputs.get("priority") or ""),
        "reconcile": "1" if row.reconcile else "",
        "version": str(row.version),
    }
    texts |= source_form.values(inputs.get("source"), "stack")
    return Typed(texts | {f"day-{day}": "1" for day in active["days"]})


def pairs_of(row: Schedule) -> list[Pair]:
    """The rows of its variables as the form shows them; of a secret only that it is there."""
    return [
        (item.name, "" if item.secret else written(item.value), item.category.value, item.secret)
        for item in schedules.variables_of(row)
    ]


def posted_pairs() -> list[Pair]:
    """The rows that were sent; a secret is never sent back."""
    return [
        (each.name, "" if each.secret else each.value, each.category, each.secret)
        for each in posted_variables()
    ]


def read(
    form: Typed,
    place: Mapping[str, str],
    source: Mapping[str, Any] | None,
    before: Sequence[RunVariableInput] = (),
) -> Asked:
    """What the form asks for, with the source that was read of it.

    Raises:
        Invalid: when a number, a length of time or a variable cannot be read.
    """
    problems: dict[str, str] = {}
    delay = priority = None
    given: list[RunVariableInput] = []
    try:
        delay = spans.read(form["max_delay"])
    except ValueError as error:
        problems["max_delay_s"] = str(error)
    try:
        priority = _whole(
            form["priority"] or "0", "priority", "Priority is a number from 0 to 100."
        )
    except Invalid as refusal:
        problems |= refusal.fields
    try:
        given = inputs_of(posted_variables(), before)
    except Invalid as refusal:
        problems |= refusal.fields
    if problems:
        raise Invalid(problems)
    kind, destroy = drafts.KINDS.get(form["type"], drafts.KINDS["preview"])
    is_task, changes = kind.value == "task", kind.value in {"apply", "destroy"}
    is_destroying = destroy or kind.value == "destroy"
    return Asked(
        name=form["name"].strip(),
        reconcile=bool(form["reconcile"]) if form["is_check"] else None,
        when=when(form),
        what_if={**{name: form[name] for name in POLICIES}, "max_delay_s": delay},
        request=NewRun(
            project=place["project"],
            stack=place["stack"],
            workspace=place["workspace"],
            type=kind,
            source=source,
            destroy=destroy,
            variables=given,
            command=form["command"] if is_task else None,
            init=not (is_task and form["without_init"]),
            auto_apply={"yes": True, "no": False}.get(form["auto_apply"]) if changes else None,
            refresh_only=bool(form["refresh_only"]) and not (is_task or is_destroying),
            targets=() if is_task else _lines(form["targets"]),
            replace=() if is_task or is_destroying else _lines(form["replace"]),
            priority=priority or 0,
            message=form["message"],
        ),
    )


def when(form: Typed) -> dict[str, Any]:
    """When, as the service is asked for it."""
    way = form["way"]
    active = {"from": form["active_from"], "until": form["active_until"]}
    days = [day for day in DAYS if form[f"day-{day}"]]
    ends = {"on": form["end_on"], "after": form["end_after"] or "0"}.get(form["ends"])
    return {
        "cron": form["cron"] if way == "cron" else None,
        "every": f"{form['every_number'].strip()} {form['every_unit']}" if way == "every" else None,
        "at": (form["at"] or "never") if way == "at" else None,
        "timezone": form["timezone"].strip(),
        "start": form["start"] or None,
        "end": None if way == "at" else ends or None,
        "active": {**active, "days": days} if form["active"] and way != "at" else None,
    }


def two_clocks(at: dt.datetime, timezone: str) -> tuple[str, str]:
    """(in the schedule's zone, in the visitor's zone): what the clocks on the wall show."""
    own = at.astimezone(zone_or_utc(timezone))
    theirs = at.astimezone(zone())
    return f"{own:%a %-d %b %Y, %H:%M %Z}", f"{theirs:%a %-d %b %Y, %H:%M %Z}"


def _kind(row: Schedule) -> str:
    if row.type.value == "preview" and row.inputs.get("destroy"):
        return "preview-destroy"
    return row.type.value


def _minute(at: dt.datetime | None, clock: dt.tzinfo) -> str:
    return "" if at is None else local(at, clock).strftime(_MINUTE)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _whole(text: str, name: str, sentence: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise Invalid({name: sentence})
    return int(text)


def clocks(times: Sequence[dt.datetime], timezone: str) -> list[tuple[dt.datetime, str, str]]:
    """(instant, in the schedule's zone, in the visitor's zone) of each time."""
    return [(at, *two_clocks(at, timezone)) for at in times]


def deployment_url(row: Schedule) -> str:
    """The page of a schedule's deployment."""
    base = f"/projects/{row.project_name}/stacks/{row.stack_name}"
    return f"{base}/workspaces/{row.workspace_name}"


def crumbs_of(row: Schedule) -> tuple[Crumb, ...]:
    """The steps above a schedule, itself last."""
    project = f"/projects/{row.project_name}"
    url = deployment_url(row)
    return (
        Crumb("Projects", "/projects"),
        Crumb(row.project_name, project),
        Crumb(row.stack_name, f"{project}/stacks/{row.stack_name}"),
        Crumb(row.workspace_name, url),
        Crumb("Schedules", f"{url}/schedules"),
        Crumb(row.name, f"/schedules/{row.id}"),
    )
