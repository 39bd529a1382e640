"""The dashboard: what needs somebody, what runs, what failed, how it went."""

import re

import pytest
from sqlalchemy import event

from models.base import db
from models.run_state import RunState
from tests import factories, run_stories


@pytest.fixture
def busy(world):
    """A run in each state in which the dashboard shows one, and a blocked deployment."""
    place = world.deployment()
    states = (RunState.UNCONFIRMED, RunState.PLANNING, RunState.FAILED, RunState.FINISHED)
    runs = {state: factories.run(place, state=state, message=f"it is {state}") for state in states}
    blocked = world.deployment(world.prod)
    blocked.blocked_reason, blocked.blocked_at = "The worker was lost.", place.created_at
    db.session.commit()
    return runs


def test_a_first_visit_leads_who_may_create_to_a_project(world, browse):
    for deployed in (world.project, world.staging, world.prod):
        db.session.delete(deployed)
    db.session.commit()

    text = browse("ada").get("/").text

    assert "Four steps to a first run" in text
    assert 'href="/projects/new"' in text


def test_a_first_visit_leads_to_a_project_that_is_there(browse):
    text = browse("dave").get("/").text

    assert "No runs yet" in text
    assert 'href="/projects/shop"' in text
    assert "Create a project" not in text


def test_the_sidebar_counts_what_its_reader_sees(browse, busy):
    assert browse("dave").get("/counts").json == {"runs": "2", "queue": ""}
    assert browse("sam").get("/counts").json == {"runs": "", "queue": ""}
    assert browse("dave").get("/counts").headers["Cache-Control"] == "no-store"


def test_it_says_who_waits_what_runs_and_what_failed(browse, busy):
    text = browse("dave").get("/").text

    for state in (RunState.UNCONFIRMED, RunState.PLANNING, RunState.FAILED):
        assert f"it is {state}" in text
    assert "it is finished" not in text
    assert "The worker was lost." in text


def test_each_that_waits_stands_beside_what_to_do(browse, busy):
    text = browse("dave").get("/").text

    assert "Look at the plan" in text
    assert 'href="/projects/shop/stacks/web/workspaces/prod">Settle it' in text
    assert "See why" in text


def test_what_runs_shows_the_phases_so_far(browse, world):
    run_stories.told(world.deployment(), run_stories.APPLYING)
    db.session.commit()

    text = browse("dave").get("/").text

    phases = re.search(r'aria-label="Phases of run 1">(.*?)</ol>', text, re.DOTALL).group(1)
    assert re.findall(r"</span>(\w+) ", phases) == [
        *("queued", "ready", "preparing", "initializing", "planning"),
        *("unconfirmed", "confirmed", "applying"),
    ]
    assert re.search(r"planning 40 s.*applying .*data-ticking", phases)


def test_drift_checks_have_a_chart_once_there_are_some(browse, world, busy):
    dave = browse("dave")
    before = dave.get("/").text
    for changes in ({"add": 0, "drift": 1}, {"add": 0, "drift": 0}):
        factories.run(world.deployment(), state=RunState.FINISHED, drift=True, changes=changes)
    db.session.commit()

    after = dave.get("/").text

    assert "Drift checks" not in before
    assert "1 drift found, 1 as it should be" in after


def test_charts_keep_their_words_out_of_what_stretches(browse, busy):
    text = browse("dave").get("/").text

    drawn = re.findall(r'<svg viewBox="0 0 100 100".*?</svg>', text, re.DOTALL)

    assert len(drawn) == 3
    assert not [svg for svg in drawn if "<text" in svg or 'preserveAspectRatio="none"' not in svg]


def test_a_stranger_to_the_project_sees_nothing_of_it(browse, busy):
    text = browse("sam").get("/").text

    assert "Nothing here is yours to see yet" in text
    assert "shop" not in text


def test_the_fragment_is_the_same_as_its_place_in_the_page(browse, busy, frozen_clock):
    dave = browse("dave")

    fragment = dave.get("/", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text

    assert fragment.strip() in dave.get("/").text


def test_the_number_of_queries_does_not_grow_with_the_runs(app, browse, world, busy):
    dave = browse("dave")
    few = _queries(app, lambda: dave.get("/"))
    for _ in range(20):
        factories.run(world.deployment(), state=RunState.FAILED)

    assert _queries(app, lambda: dave.get("/")) == few <= 14


def _queries(app, act):
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len([each for each in statements if each.startswith("SELECT")])
