"""Lists of runs as pages: every filter through the URL, rows, pages, many at once."""

import re

import pytest

from lib import clock
from models.audit import AuditEvent
from models.base import db
from models.run import Run
from models.run_state import RunState, RunType
from services.runs.create import search_words
from tests import factories
from tests import run_stories as stories
from tests.queries import queries  # noqa: F401 - a fixture

S, T = RunState, RunType
TABS = (
    "/runs",
    "/projects/shop/runs",
    "/projects/shop/stacks/web/runs",
    "/workspaces/staging/runs",
    "/projects/shop/stacks/web/workspaces/staging/runs",
)


def run_in(world, place=None, **fields):
    made = factories.run(place or world.deployment(), **fields)
    made.search = search_words(made)
    db.session.commit()
    return made


def rows(answer):
    assert answer.status_code == 200, answer.text
    return re.findall(r'<tr id="run-(\w+)"', answer.text)


FILTERS = [
    ("status=failed", {"state": S.FAILED}, {}),
    ("state=unconfirmed", {"state": S.UNCONFIRMED}, {"state": S.CONFIRMED}),
    ("state=cancelled", {"state": S.CANCELED}, {"state": S.STOPPED}),
    ("type=task", {"type": T.TASK}, {}),
    ("trigger=schedule", {"trigger_kind": "schedule"}, {}),
    ("branch=b", {"branch": "b"}, {}),
    ("drift=true", {"drift": True}, {}),
    ("archived=true", {"archived_at": clock.now()}, {}),
    ("q=needle", {"message": "a needle"}, {}),
    ("q=%231", {}, {}),
    ("since=2026-01-01&until=2099-01-01&type=task", {"type": T.TASK}, {}),
]


@pytest.mark.parametrize("url", TABS)
@pytest.mark.parametrize(("query", "wanted", "other"), FILTERS)
def test_each_filter_through_the_url_of_each_tab(browse, world, url, query, wanted, other):
    run = run_in(world, **wanted)
    run_in(world, **other)

    assert rows(browse("vera").get(f"{url}?{query}")) == [run.id]


@pytest.mark.parametrize("query", ["stack=web", "stack=shop/web", "workspace=staging"])
def test_places_filter_the_page_of_all_runs(browse, world, query):
    run = run_in(world)
    other = factories.deployment(factories.stack(world.project, "core"), world.prod)
    run_in(world, other)

    assert rows(browse("vera").get(f"/runs?{query}")) == [run.id]


@pytest.mark.parametrize("word", ["me", "dave@example.com", "Dave"])
def test_a_person_is_me_or_anybody(browse, world, word):
    run = run_in(world, created_by_id=world.people["dave"].id)
    run_in(world, created_by_id=world.people["alice"].id)

    assert rows(browse("dave").get(f"/runs?created_by={word}")) == [run.id]


def test_a_filter_that_does_not_hold_is_left_out_and_says_why(browse, world):
    run = run_in(world)

    shown = browse("vera").get("/runs?since=soon&type=preview")

    assert rows(shown) == [run.id]
    assert "The filter since was left out" in shown.text


def test_filters_in_force_can_be_taken_away_one_by_one(browse, world):
    shown = browse("vera").get("/runs?type=task&branch=main").text

    assert 'aria-label="Remove filter type: task"' in shown
    assert 'href="/runs?branch=main"' in shown
    assert 'href="/runs?type=task"' in shown


def test_a_row_says_what_there_is_to_know(browse, world):
    run = stories.told(
        world.deployment(), stories.UNCONFIRMED, pin=stories.PIN, branch="main",
        changes=stories.SUMMARY, message="Raise instance size",
    )  # fmt: skip
    db.session.commit()

    shown = browse("dave").get("/runs").text

    assert f'href="/runs/{run.id}"' in shown
    assert "Raise instance size" in shown
    assert "Unconfirmed" in shown
    assert "main@4f2c1e9" in shown
    assert "1 to create" in shown
    assert "Waits for somebody to confirm or discard its plan." in shown
    assert 'data-can="archive discard confirm prioritize"' in shown


def test_a_row_says_that_its_plan_is_outdated(browse, world):
    run = stories.told(world.deployment(), stories.UNCONFIRMED)
    stories.with_changes(run, [stories.change()])
    world.deployment().current_state_id = "x" * 20
    db.session.commit()

    shown = browse("dave").get("/runs").text

    assert "Its plan is outdated: plan again, or discard it." in shown
    assert "Waits for somebody" not in shown


def test_what_people_typed_is_shown_as_text(browse, world):
    run_in(world, message="<script>alert(1)</script>", created_by_name="<b>Eve</b>",
           state=S.FAILED, error_kind="engine", error_text="<i>no</i>")  # fmt: skip

    shown = browse("vera").get("/runs").text

    assert "<script>alert" not in shown
    assert "<b>Eve" not in shown
    assert "<i>no" not in shown


def test_pages_lead_on_and_back(browse, world):
    runs = [run_in(world).id for _ in range(60)]
    visitor = browse("vera")
    first = visitor.get("/runs?type=preview")

    older = re.search(r'rel="next" href="([^"]+)"', first.text).group(1).replace("&amp;", "&")
    second = visitor.get(older)
    newer = re.search(r'rel="prev" href="([^"]+)"', second.text).group(1).replace("&amp;", "&")

    assert rows(first) == runs[:-51:-1]
    assert rows(second) == runs[9::-1]
    assert "type=preview" in older
    assert rows(visitor.get(newer)) == rows(first)


@pytest.mark.parametrize("url", TABS)
def test_the_fragment_of_a_list_is_the_table_of_its_page(browse, world, url):
    run_in(world)
    visitor = browse("vera")
    shown = visitor.get(f"{url}?type=preview").text

    live = re.search(r'hx-get="([^"]+)"', shown).group(1).replace("&amp;", "&")
    fresh = visitor.get(live, headers={"HX-Request": "true"})

    table = re.search(r'<div class="table-wrap".*?</table>\s*</div>', shown, re.DOTALL).group(0)
    assert fresh.text.strip() == table
    assert fresh.headers["Cache-Control"] == "no-store"


def test_empty_lists_lead_on(browse, world):
    assert "Create run" in browse("dave").get("/runs").text
    assert "who deploys to them can create one" in browse("vera").get("/runs").text
    assert "Show all runs" in browse("dave").get("/runs?type=task").text


@pytest.mark.parametrize(
    ("name", "status"), [("ada", 200), ("alice", 200), ("dave", 200), ("vera", 200), ("sam", 200)]
)
def test_who_sees_what_on_the_page_of_all_runs(browse, world, name, status):
    run = run_in(world)

    shown = browse(name).get("/runs")

    assert shown.status_code == status
    assert (run.id in shown.text) == (name != "sam")
    assert ("data-pick" in shown.text) == (name in {"ada", "alice", "dave"})


def test_strangers_are_asked_to_sign_in(browse, world):
    assert browse("").get("/runs").status_code == 303


@pytest.mark.parametrize(
    "query", ["in_project=shop", "in_workspace=staging", "in_project=shop&in_stack=web"]
)
def test_the_list_of_a_place_one_does_not_see_is_404(browse, world, query):
    assert browse("sam").get(f"/runs/list?{query}").status_code == 404


# Many at once.


def many(browse, name, **data):
    return browse(name).submit("/runs/bulk", data)


def test_many_runs_are_archived_at_once(browse, world):
    runs = [run_in(world) for _ in range(3)]

    answer = many(browse, "dave", action="archive", runs=[run.id for run in runs])

    assert "3 of 3 runs archived" in answer.text
    assert 'data-stand-at="/runs"' in answer.text, "going back or reloading sends nothing again"
    assert all(run.archived_at for run in db.session.query(Run))
    assert db.session.query(AuditEvent).filter_by(action="run.archive").count() == 3


def test_what_cannot_be_taken_back_is_shown_first(browse, world):
    waiting, ended = run_in(world, state=S.READY), run_in(world, state=S.FAILED)
    chosen = [waiting.id, ended.id]

    review = many(browse, "dave", action="discard", runs=chosen)
    assert "Discard 1 of 2 runs" in review.text
    assert "1 cannot be discarded" in review.text
    assert "nothing left to discard" in review.text
    assert db.session.get(Run, waiting.id).state is S.READY

    answer = many(browse, "dave", action="discard", runs=chosen, sure="1")
    assert "1 of 2 runs discarded" in answer.text
    assert db.session.get(Run, waiting.id).state is S.DISCARDED


def test_a_plan_that_destroys_what_is_protected_is_not_confirmed_among_many(browse, world):
    place = world.deployment(world.prod)
    run = stories.told(place, stories.UNCONFIRMED, changes={**stories.SUMMARY, "destroy": 3})
    db.session.commit()

    review = many(browse, "alice", action="confirm", runs=[run.id])
    answer = many(browse, "alice", action="confirm", runs=[run.id], sure="1")

    assert "confirm it alone" in review.text
    assert "0 of 1 run confirmed" in answer.text
    assert db.session.get(Run, run.id).state is S.UNCONFIRMED


def test_viewers_are_refused_run_by_run_and_strangers_learn_nothing(browse, world):
    run = run_in(world, message="hush")

    viewed = many(browse, "vera", action="archive", runs=[run.id])
    strange = many(browse, "sam", action="archive", runs=[run.id])

    assert "0 of 1 run archived" in viewed.text
    assert "hush" not in strange.text
    assert db.session.get(Run, run.id).archived_at is None


@pytest.mark.parametrize(
    "data", [{"action": "archive"}, {"action": "explode", "runs": ["x"]}, {"runs": ["x"]}]
)
def test_nothing_chosen_is_said_so(browse, world, data):
    assert many(browse, "dave", **data).status_code == 422


def test_all_that_match_are_counted_before_anything_is_done(browse, world):
    failed = [run_in(world, state=S.FAILED) for _ in range(3)]
    run_in(world)

    shown = browse("dave").get("/runs/bulk?status=failed&at=/runs").text

    assert "3 runs match" in shown
    assert sorted(re.findall(r'name="runs" value="(\w+)"', shown)) == sorted(r.id for r in failed)
    assert db.session.query(AuditEvent).filter_by(target_kind="run").count() == 0


def test_the_way_back_stays_in_this_portal(browse, world):
    run_in(world)

    shown = browse("dave").get("/runs/bulk?at=https://evil.example/").text

    assert "evil.example" not in shown


# A fixture that is imported.
def test_a_page_of_runs_costs_the_same_queries_for_one_row_and_for_fifty(browse, world, queries):  # noqa: F811
    run_in(world, type=T.APPLY)
    visitor = browse("vera")
    visitor.get("/runs")
    with queries() as few:
        visitor.get("/runs")
    for _ in range(49):
        run_in(world, type=T.APPLY)

    with queries() as as_many:
        visitor.get("/runs")

    assert len(as_many) == len(few)
