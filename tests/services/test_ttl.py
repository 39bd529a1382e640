"""Time to live: a place is destroyed at a date, warned of in time, and cancelled by a word."""

import datetime as dt

import pytest
from sqlalchemy import select

from models.base import db
from models.outbox import OutboxMessage
from models.project import Deployment, Stack
from models.run import Run
from models.run_state import RunState
from models.schedule import Schedule
from services import members, publishing, removal, schedules, states, ttl
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.runs import work
from services.transaction import session
from tests import factories
from tests.mail_room import furnished
from tests.services.runs.workshop import SOURCE, ask, claim, hire, planned
from tests.services.schedules.calendar import come, hours, ledger, rows
from tests.services.states.shelf import applied, state

pytestmark = pytest.mark.usefixtures("frozen_clock")
TOMORROW = "2026-11-22T14:00:00Z"


@pytest.fixture
def deployed(world):
    """The world, with `web` applied in staging."""
    applied(world, 1)
    db.session.commit()
    return world


def put(actor, world, at=TOMORROW, **more):
    return ttl.put(actor, world.deployment(), at=at, **more)


def destroys(row):
    db.session.rollback()
    return db.session.scalars(select(Run).where(Run.trigger_id == row.id)).all()


def destroyed(run):
    """Carry the destroy out."""
    held = claim(hire("wrecker"))
    assert held.run_id == run.id
    planned(held)
    states.keep(held, state(2, things=()))
    work.finish(held, "destroy completed")


def cleared():
    """Do what the outbox asks for; the reasons why not."""
    wanted = select(OutboxMessage).where(OutboxMessage.kind == ttl.CLEAR)
    return [
        ttl.clear(message.payload["run"], message.payload["schedule"])
        for message in db.session.scalars(wanted).all()
    ]


def test_at_its_date_everything_is_destroyed_with_what_was_applied(deployed, frozen_clock):
    row = put(deployed.dave, deployed)
    frozen_clock.advance(hours(27))

    come()

    [run] = destroys(row)
    assert (run.type, run.auto_apply, run.trigger_kind) == ("destroy", True, "ttl")
    assert (run.created_by_name, run.source) == ("Dave", SOURCE)
    assert ledger(row) == [("22 14:00", "fired")]


def test_after_a_longer_absence_it_is_destroyed_all_the_same(deployed, frozen_clock):
    row = put(deployed.dave, deployed)
    frozen_clock.advance(hours(24 * 9))

    come()

    assert len(destroys(row)) == 1


def test_moved_it_lives_longer_and_cancelled_for_good(deployed, frozen_clock):
    row = put(deployed.dave, deployed)
    put(deployed.dave, deployed, at="2026-12-24T18:00", timezone="Europe/Berlin", version=1)
    frozen_clock.advance(hours(27))
    come()
    assert destroys(row) == []

    ttl.cancel(deployed.alice, deployed.deployment())

    assert ttl.of(deployed.dave, deployed.deployment()) is None
    with pytest.raises(NotFound):
        ttl.cancel(deployed.alice, deployed.deployment())


def test_an_older_version_does_not_move_it(deployed):
    put(deployed.dave, deployed)
    put(deployed.dave, deployed, at="2026-12-01T00:00:00Z", version=1)

    with pytest.raises(Conflict):
        put(deployed.dave, deployed, at="2026-12-02T00:00:00Z", version=1)


def test_what_is_protected_has_none_and_that_is_said_early(world):
    world.stack.source = SOURCE
    world.staging.protected = True
    db.session.commit()

    with pytest.raises(Conflict, match="protected"):
        put(world.dave, world)
    with pytest.raises(Conflict, match="draft"):
        ttl.put(world.dave, _sketch(world), at=TOMORROW)


def _sketch(world):
    found = factories.deployment(world.draft_stack, world.staging)
    world.staging.protected = False
    db.session.commit()
    return found


def test_protected_meanwhile_it_is_refused_and_the_ledger_says_so(deployed, frozen_clock):
    row = put(deployed.dave, deployed)
    deployed.staging.protected = True
    db.session.commit()
    frozen_clock.advance(hours(27))

    come()

    assert ledger(row) == [("22 14:00", "refused")]


@pytest.mark.parametrize(
    ("given", "field"),
    [({"at": "never"}, "at"), ({"at": "2026-11-20"}, "at"), ({"then": "burn"}, "then")],
)
def test_what_does_not_hold_is_refused(deployed, given, field):
    with pytest.raises(Invalid) as caught:
        put(deployed.dave, deployed, **given)

    assert field in caught.value.fields


def test_only_owners_have_something_removed(deployed):
    for then in ("deployment", "stack"):
        with pytest.raises(Forbidden):
            put(deployed.dave, deployed, then=then)
    with pytest.raises(Forbidden):
        put(deployed.vera, deployed)


def test_it_stays_one_date(deployed):
    row = put(deployed.dave, deployed)

    with pytest.raises(Invalid, match="one date"):
        schedules.edit(deployed.dave, row, {"cron": "0 3 * * *"})


# --- warned in time -----------------------------------------------------------------------------


def warned(row):
    ttl.warn()
    session().rollback()
    return db.session.get_one(Schedule, row.id, populate_existing=True).warned_for is not None


def test_a_day_before_it_is_warned_of_once_for_each_date(deployed, frozen_clock):
    row = put(deployed.dave, deployed, at="2026-11-24T12:00:00Z")
    assert not warned(row)
    assert ttl.ending(deployed.vera, 5) == []

    frozen_clock.advance(hours(49))

    with furnished(url="smtp://127.0.0.1:25"):
        assert warned(row)
        ttl.warn()
    [letter] = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "mail"))
    assert letter.payload["to"] == "dave@example.com"
    assert letter.payload["subject"] == "web in staging will be destroyed soon"
    assert [each.id for each in ttl.ending(deployed.vera, 5)] == [row.id]
    assert ttl.ending(deployed.sam, 5) == []


# --- what is removed afterwards -----------------------------------------------------------------


def ended(world, frozen_clock, then):
    row = put(world.alice, world, then=then)
    frozen_clock.advance(hours(27))
    come()
    destroyed(destroys(row)[0])
    return row


def test_kept_nothing_is_removed(deployed, frozen_clock):
    ended(deployed, frozen_clock, "keep")

    assert cleared() == []


def test_the_deployment_is_removed_once_all_is_destroyed(deployed, frozen_clock):
    ended(deployed, frozen_clock, "deployment")

    assert cleared() == [""]

    db.session.rollback()
    assert db.session.scalars(select(Deployment)).all() == []
    assert db.session.scalars(select(Stack).where(Stack.name == "web")).all() != []


def test_or_the_stack(deployed, frozen_clock):
    ended(deployed, frozen_clock, "stack")

    assert cleared() == [""]

    db.session.rollback()
    assert db.session.scalars(select(Stack).where(Stack.name == "web")).all() == []


def test_an_owner_who_may_not_any_more_has_nothing_removed(deployed, frozen_clock):
    ended(deployed, frozen_clock, "stack")
    deployed.people["alice"].is_active = False
    db.session.commit()

    assert "not here any more" in cleared()[0]


def test_what_is_not_removed_is_written_down_and_told_to_the_owner(deployed, frozen_clock):
    row = ended(deployed, frozen_clock, "stack")
    members.replace(deployed.ada, deployed.project, [])

    with furnished(url="smtp://127.0.0.1:25"):
        [why] = cleared()

    [time] = rows(row)
    assert time.reason == f"Destroyed, but not removed: {why}"
    letters = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "mail"))
    told = [each.payload for each in letters if "not removed" in each.payload["subject"]]
    assert [each["to"] for each in told] == ["alice@example.com"]
    assert why in told[0]["text"]


def test_while_a_run_is_at_work_there_the_removal_waits_and_is_tried_again(deployed, frozen_clock):
    ended(deployed, frozen_clock, "deployment")
    ask(deployed.dave, "preview")
    held = claim(hire("busy"))

    with pytest.raises(removal.Busy):
        cleared()
    work.fail(held, "engine", "It was killed.")

    assert cleared() == [""]


def test_a_destroy_that_failed_removes_nothing(deployed, frozen_clock):
    row = put(deployed.alice, deployed, then="stack")
    frozen_clock.advance(hours(27))
    come()
    held = claim(hire("wrecker"))
    work.fail(held, "engine", "It broke.")

    assert cleared() == []
    assert [run.state for run in destroys(row)] == [RunState.FAILED]


def test_unpublished_meanwhile_nothing_is_destroyed(deployed, frozen_clock):
    row = put(deployed.dave, deployed)
    publishing.unpublish(deployed.alice, deployed.stack)
    frozen_clock.advance(hours(27))

    come()

    assert ledger(row) == [("22 14:00", "refused")]
    assert dt.datetime(2026, 11, 22, 14, tzinfo=dt.UTC) == row.at
