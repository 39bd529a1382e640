"""The routes of drift and of times to live."""

from typing import Any

from models.base import db
from services import drift, ttl
from tests.rules.matrix.case import DEPLOYERS, EVERYONE, MEMBERS, Case
from tests.rules.matrix.schedules import sourced

SAM = "sam"
PLACE = {"project": "shop", "stack": "web", "workspace": "staging"}
HERE: dict[str, Any] = {"names": PLACE, "blind": SAM}
DATE = {"at": "2099-12-24T18:00", "timezone": "UTC", "then": "keep"}
RULES = [{"address": "*", "attribute": "tags"}]


def _deployed(world):
    sourced(world)
    world.deployment()
    db.session.commit()


def _dated(world):
    _deployed(world)
    ttl.put(world.alice, world.deployment(), at="2099-12-24T18:00Z")


def _ruled(world):
    _deployed(world)
    drift.set_rules(world.alice, world.deployment(), RULES)


CASES = [
    Case("drift.index", EVERYONE),
    Case("drift.show", MEMBERS, before=_ruled, **HERE),
    Case("drift.check", DEPLOYERS, 303, send={}, before=_deployed, **HERE),
    Case(
        "drift.create",
        DEPLOYERS,
        303,
        send={"every_number": "1", "every_unit": "days"},
        before=_deployed,
        **HERE,
    ),
    Case("drift.ignore", DEPLOYERS, 303, send={"ignore": "* tags"}, before=_deployed, **HERE),
    Case("time_to_live.show", MEMBERS, before=_dated, **HERE),
    Case("time_to_live.edit", DEPLOYERS, 303, send=DATE, before=_deployed, **HERE),
    Case("time_to_live.cancel", DEPLOYERS, 303, send={}, before=_dated, **HERE),
    Case("api_drift.index", EVERYONE),
    Case("api_drift.show", MEMBERS, before=_ruled, **HERE),
    Case("api_drift.edit", DEPLOYERS, 200, send={"ignore": RULES}, before=_deployed, **HERE),
    Case("api_drift.check", DEPLOYERS, 201, before=_deployed, **HERE),
    Case("api_time_to_live.show", MEMBERS, before=_dated, **HERE),
    Case("api_time_to_live.edit", DEPLOYERS, 200, send=DATE, before=_deployed, **HERE),
    Case("api_time_to_live.delete", DEPLOYERS, 204, before=_dated, **HERE),
]
