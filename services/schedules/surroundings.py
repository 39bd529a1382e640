"""What the schedules that are settled together need to know, looked up once for all of them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models import schedule as schedules
from models.run_state import RunState
from models.schedule import Schedule
from services import access
from services.access import Actor
from services.runs.create import Place, places_of
from services.schedules import inputs
from services.transaction import session


@dataclass(frozen=True)
class Unfinished:
    """A run of a schedule that has not ended."""

    number: int
    state: RunState


@dataclass(frozen=True)
class Surroundings:
    """Where each schedule is, what was decided beforehand, what goes on, and who owns it.

    `decided` and `unfinished` are by the schedule's id, `places` by the deployment's.
    """

    places: Mapping[str, Place]
    decided: Mapping[str, set[dt.datetime]]
    unfinished: Mapping[str, list[Unfinished]]
    _owners: dict[str | None, Actor | None] = field(default_factory=dict)

    def owner_of(self, row: Schedule) -> Actor:
        """The actor that a schedule's owner is now, started by the schedule.

        Raises:
            Forbidden: when the owner is not here any more.
        """
        if row.owner_id not in self._owners:
            self._owners[row.owner_id] = access.present(row.owner_id)
        return access.acting_for(
            self._owners[row.owner_id],
            trigger=inputs.TRIGGERS[row.purpose],
            trigger_id=row.id,
            trigger_name=row.name,
        )


def around(rows: Sequence[Schedule]) -> Surroundings:
    """What surrounds the schedules, as it is in the caller's transaction."""
    here, ids = session(), [row.id for row in rows]
    deployment_ids = {row.deployment_id for row in rows}
    decided: dict[str, set[dt.datetime]] = {each: set() for each in ids}
    for schedule_id, at in here.execute(schedules.decided_from_next(ids)):
        decided[schedule_id].add(at)
    unfinished: dict[str, list[Unfinished]] = {each: [] for each in ids}
    for trigger_id, number, state in here.execute(schedules.unfinished_runs(ids, deployment_ids)):
        unfinished[str(trigger_id)].append(Unfinished(number, state))
    return Surroundings(places_of(deployment_ids), decided, unfinished)
