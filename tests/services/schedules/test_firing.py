"""Schedules fire: once per planned time, with their owner's rights of that moment."""

import datetime as dt

import pytest
from sqlalchemy import delete, select

from models.base import db
from models.member import Member
from models.run_content import RunVariable
from services import hold, publishing, schedules, variables
from tests import factories
from tests.services import queries
from tests.services.schedules.calendar import come, end, hours, ledger, made, make, now, rows

pytestmark = pytest.mark.usefixtures("frozen_clock")  # Saturday, 21 November 2026, noon


def test_before_its_time_nothing_happens(world, frozen_clock):
    row = make(world.dave)
    frozen_clock.advance(hours(14))

    come()

    assert made(row) == []
    assert ledger(row) == []


def test_at_its_time_it_makes_a_run_and_says_what_made_it(world, frozen_clock):
    row = make(world.dave, kind="apply", auto_apply=True, message="")
    frozen_clock.advance(hours(15))

    come()

    [run] = made(row)
    assert (run.trigger_kind, run.trigger_id, run.trigger_name) == ("schedule", row.id, "nightly")
    assert (run.created_by_id, run.created_by_name) == (world.people["dave"].id, "Dave")
    assert (run.type.value, run.auto_apply, run.message) == ("apply", True, "nightly")
    assert ledger(row) == [("22 03:00", "fired")]
    assert rows(row)[0].run_id == run.id


def test_then_its_next_time_is_the_following_one(world, frozen_clock):
    row = make(world.dave)
    frozen_clock.advance(hours(15))

    come()

    assert now(row).next_fire_at == dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)
    assert now(row).fired_count == 1


def test_settled_twice_it_fires_once(world, frozen_clock):
    row = make(world.dave)
    frozen_clock.advance(hours(15))

    schedules.settle([row.id])
    schedules.settle([row.id])

    assert len(made(row)) == 1
    assert ledger(row) == [("22 03:00", "fired")]


def test_a_time_that_is_in_the_ledger_is_never_decided_again(world, frozen_clock):
    row = make(world.dave)
    planned = row.next_fire_at
    frozen_clock.advance(hours(15))
    come()
    now(row).next_fire_at = planned  # As if the row had been put back to an older state.
    db.session.commit()

    come()

    assert len(made(row)) == 1
    assert ledger(row) == [("22 03:00", "fired")]


def test_its_runs_get_their_variables_secret_ones_too(world, frozen_clock):
    given = variables.run_inputs({
        "size": "small",
        "password": {"value": "hush hush", "category": "terraform", "secret": True},
    })  # fmt: skip
    row = make(world.dave, variables=given)
    frozen_clock.advance(hours(15))

    come()

    [run] = made(row)
    kept = {v.name: v for v in db.session.scalars(select(RunVariable))}
    assert kept["size"].value == "small"
    assert kept["password"].value is None
    assert variables.unseal(kept["password"].value_id, kept["password"].ciphertext) == "hush hush"
    assert "hush" not in str(now(row).inputs)
    assert kept["size"].run_id == run.id


def test_the_runs_of_one_day_end_a_schedule_that_ends_after_them(world, frozen_clock):
    row = make(world.dave, every="1 hour", end=2)

    for _ in range(4):
        frozen_clock.advance(hours(1))
        come()
        for run in made(row):
            end(run)

    assert len(made(row)) == 2
    assert now(row).next_fire_at is None


def test_after_its_end_no_time_comes(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", end="2026-11-21T14:00:00Z", overlap="queue")

    for _ in range(5):
        frozen_clock.advance(hours(1))
        come()

    assert ledger(row) == [("21 13:00", "fired"), ("21 14:00", "fired")]
    assert now(row).next_fire_at is None


def test_a_date_fires_once(world, frozen_clock):
    row = make(world.dave, at="2026-11-21T18:30", timezone="Europe/Berlin")
    frozen_clock.advance(hours(5.5))

    come()

    assert ledger(row) == [("21 17:30", "fired")]
    assert now(row).next_fire_at is None


def test_while_the_portal_is_on_hold_nothing_fires_and_then_the_policy_holds(world, frozen_clock):
    row = make(world.dave, cron="0 * * * *")
    hold.begin(world.ada, "restored")
    frozen_clock.advance(hours(3))

    come()
    assert ledger(row) == []
    hold.release(world.ada)
    come()

    assert ledger(row) == [("21 13:00", "missed"), ("21 14:00", "missed"), ("21 15:00", "fired")]


# --- rights -------------------------------------------------------------------------------------


def refusal(row):
    [kept] = rows(row)
    assert kept.outcome == "refused"
    assert made(row) == []
    return kept.reason


def test_an_owner_who_lost_the_role_starts_nothing(world, frozen_clock):
    row = make(world.dave)
    db.session.execute(delete(Member).where(Member.user_id == world.people["dave"].id))
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "Dave does not see this place any more" in refusal(row)


def test_an_owner_who_only_looks_on_by_now_starts_nothing(world, frozen_clock):
    row = make(world.dave)
    for member in db.session.scalars(
        select(Member).where(Member.user_id == world.people["dave"].id)
    ):
        member.role = "viewer"
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "Dave may not create runs here any more" in refusal(row)


def test_an_owner_who_is_gone_starts_nothing(world, frozen_clock):
    row = make(world.dave)
    world.people["dave"].is_active = False
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "not here any more" in refusal(row)


def test_a_zone_that_is_no_more_starts_nothing_and_its_page_says_what_to_do(
    world, frozen_clock, browse
):
    row = make(world.dave)
    row.timezone = "Mars/Olympus"
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    sentence = "The time zone “Mars/Olympus” is not known here any more; choose another."
    assert refusal(row) == sentence
    assert now(row).next_fire_at is not None
    dave = browse("dave")
    assert sentence in dave.get(f"/schedules/{row.id}").text
    assert dave.get("/schedules").status_code == 200
    assert "Mars/Olympus" in dave.get(f"/schedules/{row.id}/edit").text


def test_a_draft_is_not_started_and_the_ledger_says_why(world, frozen_clock):
    row = make(world.dave)
    publishing.unpublish(world.alice, world.stack)
    frozen_clock.advance(hours(15))

    come()

    assert "draft" in refusal(row)
    assert now(row).next_fire_at == dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)


def test_a_protected_workspace_is_not_destroyed_and_the_ledger_says_why(world, frozen_clock):
    row = make(world.dave, kind="destroy")
    world.staging.protected = True
    db.session.commit()
    frozen_clock.advance(hours(15))

    come()

    assert "protected" in refusal(row)


def test_a_refusal_leaves_no_gap_in_the_numbers_of_runs(world, frozen_clock):
    row = make(world.dave)
    publishing.unpublish(world.alice, world.stack)
    frozen_clock.advance(hours(15))
    come()
    publishing.publish(world.alice, world.stack)
    frozen_clock.advance(hours(24))

    come()

    assert [run.number for run in made(row)] == [1]


# --- several at once ----------------------------------------------------------------------------


def several(world, count, **asked):
    """Schedules of the same time, made and due one after the other."""
    return [make(world.dave, name=f"number {number}", **asked) for number in range(count)]


def test_many_schedules_are_settled_with_the_questions_of_a_few(world, frozen_clock):
    made_rows = several(world, 30)
    ids = [row.id for row in made_rows]
    frozen_clock.advance(hours(15))

    with queries.counted() as few:
        schedules.settle(ids[:3])
    with queries.counted() as many:
        schedules.settle(ids[3:])

    assert many.count == few.count
    assert many.every < 25 + 4 * 27
    assert [ledger(row) for row in made_rows] == [[("22 03:00", "fired")]] * 30


def test_one_that_is_refused_among_others_leaves_them_and_their_numbers_alone(world, frozen_clock):
    one, refused, other = (
        make(world.dave, name=name, kind=kind)
        for name, kind in (("one", "preview"), ("refused", "destroy"), ("other", "preview"))
    )
    world.staging.protected = True
    db.session.commit()
    frozen_clock.advance(hours(15))

    schedules.settle([one.id, refused.id, other.id])

    assert [ledger(row)[0][1] for row in (one, refused, other)] == ["fired", "refused", "fired"]
    assert [run.number for row in (one, other) for run in made(row)] == [1, 2]


def test_each_acts_with_the_rights_of_its_own_owner(world, frozen_clock):
    daves, alices = make(world.dave, name="daves"), make(world.alice, name="alices")
    world.people["dave"].is_active = False
    db.session.commit()
    frozen_clock.advance(hours(15))

    schedules.settle([daves.id, alices.id])

    assert [ledger(row)[0][1] for row in (daves, alices)] == ["refused", "fired"]
    assert made(alices)[0].created_by_name == "Alice"


def test_one_with_a_thousand_times_does_not_make_a_transaction_long_for_the_others(
    world, frozen_clock
):
    crowded = make(world.dave, name="crowded", cron="* * * * *", missed="all", overlap="queue")
    plain = make(world.dave, name="plain")
    frozen_clock.advance(hours(15))

    settled = schedules.settle([crowded.id, plain.id])

    assert settled.count == 1, "the other waits for the next transaction"
    assert len(rows(crowded)) == 400
    assert ledger(plain) == []


def test_a_ledger_is_kept_for_half_a_year(world, frozen_clock):
    row = make(world.dave)
    factories.db.session.commit()
    frozen_clock.advance(hours(15))
    come()

    frozen_clock.advance(hours(24 * 179))
    schedules.forget()
    assert len(rows(row)) == 1
    frozen_clock.advance(hours(48))
    schedules.forget()

    assert rows(row) == []
