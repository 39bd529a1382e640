"""The dashboard: what needs somebody, what runs, what failed, how it went."""

import pytest
from sqlalchemy import event

from models.base import db
from models.run_state import RunState
from tests import factories


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


def test_a_new_portal_says_what_will_stand_here(browse):
    assert "Nothing has happened yet" in browse("dave").get("/").text


def test_it_says_who_waits_what_runs_and_what_failed(browse, busy):
    text = browse("dave").get("/").text

    for state in (RunState.UNCONFIRMED, RunState.PLANNING, RunState.FAILED):
        assert f"it is {state}" in text
    assert "it is finished" not in text
    assert "The worker was lost." in text


def test_a_stranger_to_the_project_sees_nothing_of_it(browse, busy):
    assert "Nothing has happened yet" in browse("sam").get("/").text


def test_the_fragment_is_the_same_as_its_place_in_the_page(browse, busy):
    dave = browse("dave")

    fragment = dave.get("/", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text

    assert fragment.strip() in dave.get("/").text


def test_the_number_of_queries_does_not_grow_with_the_runs(app, browse, world, busy):
    dave = browse("dave")
    few = _queries(app, lambda: dave.get("/"))
    for _ in range(20):
        factories.run(world.deployment(), state=RunState.FAILED)

    assert _queries(app, lambda: dave.get("/")) == few <= 12


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
