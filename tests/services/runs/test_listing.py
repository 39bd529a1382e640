"""Lists of runs: what each filter leaves, whose runs are seen, and pages that hold still."""

import datetime as dt

import pytest

from lib import clock
from models.base import db
from models.member import Role
from models.run_state import RunState, RunType
from services.errors import Invalid
from services.runs import filters, listing
from services.runs.create import search_words
from services.runs.listing import Cursor
from tests import factories
from tests.queries import queries  # noqa: F401 - a fixture

S, T = RunState, RunType


def run_in(world, place=None, **fields):
    made = factories.run(place or world.deployment(), **fields)
    made.search = search_words(made)
    db.session.flush()
    return made


def ids(found):
    return [line.id for line in found.lines]


def shown(world, actor=None, scope=None, **query):
    wanted = filters.parse({name: [value] for name, value in query.items()})
    return ids(listing.page(actor or world.vera, wanted, scope=scope))


FILTERS = [
    ("status", "failed", {"state": S.FAILED}, {"state": S.FINISHED}),
    ("status", "pending", {"state": S.UNCONFIRMED}, {"state": S.PLANNING}),
    ("status", "running", {"state": S.APPLYING}, {"state": S.QUEUED}),
    ("status", "canceled", {"state": S.STOPPED}, {"state": S.FAILED}),
    ("status", "succeeded,timed_out", {"state": S.TIMED_OUT}, {"state": S.SKIPPED}),
    ("state", "unconfirmed", {"state": S.UNCONFIRMED}, {"state": S.CONFIRMED}),
    ("state", "cancelled", {"state": S.CANCELED}, {"state": S.STOPPED}),
    ("type", "task", {"type": T.TASK}, {"type": T.PREVIEW}),
    ("type", "apply,destroy", {"type": T.DESTROY}, {"type": T.PREVIEW}),
    ("trigger", "schedule", {"trigger_kind": "schedule"}, {"trigger_kind": "manual"}),
    ("trigger", "vcs,api", {"trigger_kind": "api"}, {"trigger_kind": "email"}),
    ("branch", "feature/x", {"branch": "feature/x"}, {"branch": "feature/xy"}),
    ("drift", "true", {"drift": True}, {"drift": False}),
    ("drift", "false", {"drift": False}, {"drift": True}),
    ("archived", "true", {"archived_at": clock.now()}, {}),
    ("archived", "false", {}, {"archived_at": clock.now()}),
    ("q", "instance SIZE", {"message": "Raise instance size"}, {"message": "Raise the roof"}),
    ("q", "4f2c1e9", {"pin": {"commit": "4f2c1e9aa0"}}, {"pin": {"commit": "5f2c1e9aa0"}}),
    ("q", "feature/y", {"branch": "feature/y"}, {"branch": "main"}),
    ("q", "erin", {"created_by_name": "Erin"}, {"created_by_name": "Dave"}),
    ("q", "100%", {"message": "at 100% now"}, {"message": "at 1000 now"}),
]


@pytest.mark.parametrize(("name", "value", "wanted", "other"), FILTERS)
def test_a_filter_leaves_the_runs_it_names(world, name, value, wanted, other):
    kept = run_in(world, **wanted)
    run_in(world, **other)

    assert shown(world, **{name: value}) == [kept.id]


@pytest.mark.parametrize(
    ("name", "value"),
    [("project", "shop"), ("stack", "web"), ("stack", "shop/web"), ("workspace", "staging")],
)
def test_a_filter_by_place_leaves_the_runs_of_that_place(world, name, value):
    kept = run_in(world)
    elsewhere = factories.project("bank")
    other = factories.deployment(factories.stack(elsewhere, "core"), world.prod)
    run_in(world, other)

    assert shown(world, world.ada, **{name: value}) == [kept.id]


def test_a_stack_of_the_same_name_elsewhere_is_another_one(world):
    run_in(world)
    other = factories.deployment(factories.stack(factories.project("bank"), "web"), world.staging)
    kept = run_in(world, other)

    assert shown(world, world.ada, stack="web", project="bank") == [kept.id]
    assert shown(world, world.ada, stack="bank/web") == [kept.id]
    assert len(shown(world, world.ada, stack="web")) == 2


@pytest.mark.parametrize("word", ["{id}", "dave@example.com", "DAVE@example.com", "dave"])
def test_a_person_is_named_by_id_address_or_name(world, word):
    dave = world.people["dave"]
    kept = run_in(world, created_by_id=dave.id)
    run_in(world, created_by_id=world.people["alice"].id)

    assert shown(world, created_by=word.format(id=dave.id)) == [kept.id]


def test_a_number_finds_just_that_run(world):
    runs = [run_in(world) for _ in range(13)]

    assert shown(world, q="#1") == [runs[0].id]
    assert shown(world, q="#13") == [runs[12].id]


def test_time_bounds_take_the_beginning_and_leave_the_end(world):
    moments = [dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC) for day in (1, 2, 3)]
    runs = []
    for at in moments:
        with clock.frozen(at):
            runs.append(run_in(world))

    assert shown(world, since="2026-11-02T12:00:00Z") == [runs[2].id, runs[1].id]
    assert shown(world, until="2026-11-02T12:00:00Z") == [runs[0].id]
    assert shown(world, since="2026-11-02", until="2026-11-03") == [runs[1].id]


def test_an_age_counts_back_from_now(world, frozen_clock):
    run_in(world)
    frozen_clock.advance(3 * 3600)
    kept = run_in(world)

    assert shown(world, since="2h") == [kept.id]


def test_a_place_that_does_not_exist_has_no_runs(world):
    run_in(world)

    assert shown(world, workspace="nowhere") == []


def test_status_and_state_together_leave_what_is_both(world):
    kept = run_in(world, state=S.STOPPED)
    run_in(world, state=S.SKIPPED)

    assert shown(world, status="cancelled", state="stopped,failed") == [kept.id]
    assert shown(world, status="running", state="stopped") == []


@pytest.mark.parametrize("states", ["queued", "failed", "queued,failed,planning"])
def test_states_within_a_place_are_found_whichever_index_is_walked(world, states):
    chosen = [run_in(world, state=S(name)) for name in states.split(",")]
    run_in(world, state=S.FINISHED)

    expected = [run.id for run in reversed(chosen)]
    assert shown(world, state=states, stack="web") == expected
    assert shown(world, world.ada, state=states) == expected


def test_every_wrong_value_gets_its_own_sentence(world):
    with pytest.raises(Invalid) as refusal:
        filters.parse(
            {"status": ["green"], "since": ["soon"], "drift": ["maybe"], "stack": ["../x"]}
        )

    assert set(refusal.value.fields) == {"status", "since", "drift", "stack"}


@pytest.mark.parametrize(
    "query",
    [
        {"q": ["\x00"]},
        {"q": ["x" * 300]},
        {"until": ["9999999w"]},
        {"since": ["0001-01-01T00:00:00+23:59"]},
        {"branch": ["a", "b"]},
        {"archived": ["perhaps"]},
    ],
)
def test_hostile_values_are_refused_in_words(world, query):
    with pytest.raises(Invalid):
        filters.parse(query)


def test_a_stranger_sees_no_run_and_half_a_role_is_none(world):
    run_in(world)
    half = factories.user("hal")
    factories.member(half, world.project, Role.OWNER)

    world.people["hal"] = half
    assert shown(world, world.sam) == []
    assert shown(world, world.actor("hal")) == []


@pytest.mark.parametrize("status", [{}, {"status": "failed"}, {"status": "pending"}])
def test_a_member_sees_the_runs_of_their_places_only(world, status):
    kept = run_in(world, state=S.UNCONFIRMED if status.get("status") == "pending" else S.FAILED)
    other = factories.deployment(factories.stack(factories.project("bank"), "core"), world.staging)
    run_in(world, other, state=kept.state)

    assert shown(world, **status) == [kept.id]
    assert len(shown(world, world.ada, **status)) == 2


def test_each_tab_shows_the_runs_of_its_place(world):
    here = run_in(world)
    there = run_in(world, world.deployment(world.prod))

    assert shown(world, scope=world.deployment()) == [here.id]
    assert shown(world, scope=world.prod) == [there.id]
    for scope in (world.project, world.stack):
        assert shown(world, scope=scope) == [there.id, here.id]


def test_pages_hold_still_while_runs_come_in(world):
    runs = [run_in(world) for _ in range(7)]
    wanted = filters.parse({})
    first = listing.page(world.vera, wanted, limit=3)
    run_in(world)

    second = listing.page(world.vera, wanted, limit=3, cursor=first.older)
    back = listing.page(world.vera, wanted, limit=3, cursor=second.newer)

    assert ids(first) == [run.id for run in reversed(runs[4:])]
    assert ids(second) == [run.id for run in reversed(runs[1:4])]
    assert ids(back) == ids(first)
    assert back.newer is not None


def test_the_way_back_ends_at_a_full_first_page(world):
    runs = [run_in(world) for _ in range(5)]
    wanted = filters.parse({})
    second = listing.page(world.vera, wanted, limit=3, cursor=Cursor(runs[3].id))

    back = listing.page(world.vera, wanted, limit=3, cursor=second.newer)

    assert ids(back) == [run.id for run in reversed(runs[2:])]
    assert back.newer is None
    assert back.older is not None


def test_a_search_looks_at_so_many_runs_at_once_and_says_how_to_go_on(world, monkeypatch):
    monkeypatch.setattr(listing, "SEARCHED_AT_ONCE", 3)
    found = run_in(world, message="needle")
    for _ in range(5):
        run_in(world, message="hay")
    wanted = filters.parse({"q": ["needle"]})

    first = listing.page(world.vera, wanted)
    second = listing.page(world.vera, wanted, cursor=first.older)

    assert (ids(first), first.is_cut) == ([], True)
    assert (ids(second), second.older) == ([found.id], None)


def test_everything_that_matches_is_counted_up_to_what_a_bulk_action_takes(world, monkeypatch):
    runs = [run_in(world, state=S.FAILED) for _ in range(3)]
    run_in(world)
    wanted = filters.parse({"status": ["failed"]})

    assert listing.matching(world.vera, wanted) == ([run.id for run in reversed(runs)], False)
    monkeypatch.setattr(listing, "BULK_LIMIT", 2)
    assert listing.matching(world.vera, wanted) == ([runs[2].id, runs[1].id], True)


def test_a_line_says_what_of_the_bulk_actions_its_reader_may_do(world):
    run_in(world, state=S.UNCONFIRMED)
    line = listing.page(world.dave, filters.RunFilter()).lines[0]

    assert listing.bulk_actions(world.dave, line) == ["archive", "discard", "confirm", "prioritize"]
    assert listing.bulk_actions(world.vera, line) == []


# A fixture that is imported.
def test_a_page_costs_as_many_queries_with_fifty_rows_as_with_one(world, queries):  # noqa: F811
    wanted = filters.RunFilter()
    run_in(world, state=S.QUEUED, type=T.APPLY)
    actor = world.vera
    with queries() as few:
        listing.page(actor, wanted)
    for _ in range(49):
        run_in(world, state=S.QUEUED, type=T.APPLY)

    with queries() as many:
        assert len(listing.page(actor, wanted).lines) == 50

    assert len(many) == len(few) <= 5
