"""Open streams over HTTP: what a page or a program is told, and when a stream ends."""

import re

import pytest

from blueprints._shared import hub as hubs
from blueprints._shared import streams
from blueprints._shared.hub import Hub
from models.base import db
from models.project import Project
from services import feed, runs, sessions
from tests import factories
from tests import run_stories as stories
from tests.queries import queries

__all__ = ["queries"]


@pytest.fixture
def run(world):
    run = stories.told(world.deployment(), stories.UNCONFIRMED)
    db.session.commit()
    return run


@pytest.fixture
def open_stream(app, browse, api):
    """Open a stream as somebody; gives an iterator over its events."""
    opened = []

    def by(name, url, *, headers=None, caller=browse):
        response = caller(name).get(url, buffered=False, headers=headers)
        opened.append(response)
        return response

    yield by
    for response in opened:
        response.close()
    streams.hub_of(app).stop()
    app.extensions.pop("gantry_hub", None)


def next_event(response):
    """The next event: (name, text of its data)."""
    for piece in response.response:
        text = piece.decode()
        if "event:" in text:
            return text
    return ""


def test_a_page_is_told_how_its_run_stands_when_it_opens_its_stream(open_stream, run):
    response = open_stream("vera", f"/events?topics=run:{run.id}")

    text = next_event(response)

    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert "no-transform" in response.headers["Cache-Control"]
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "event: state" in text
    assert '"state":"unconfirmed"' in text
    assert "event: log" in text


def test_a_client_that_comes_back_is_told_to_look_again(open_stream):
    response = open_stream("vera", "/events?topics=runs", headers={"Last-Event-ID": "7"})

    text = next_event(response)

    assert "event: look" in text


def test_a_client_that_comes_back_is_told_what_moved_meanwhile(open_stream, world, run):
    place = feed.newest()
    runs.discard(world.dave, run.id)

    response = open_stream("vera", "/events?topics=runs", headers={"Last-Event-ID": str(place)})

    assert '"state":"discarded"' in next_event(response)


def test_a_client_that_comes_back_is_told_nothing_it_may_not_see(open_stream, world, run):
    runs.discard(world.dave, run.id)

    response = open_stream("sam", "/events?topics=runs", headers={"Last-Event-ID": "0"})

    text = next_event(response)
    assert "event: look" in text
    assert "event: state" not in text


def test_a_page_is_told_what_moved_while_it_was_on_its_way(open_stream, browse, world, run):
    page = browse("vera").get(f"/runs?project={run.project_name}").text
    [place] = re.findall(r'data-place="(\d+)"', page)
    runs.discard(world.dave, run.id)

    response = open_stream("vera", f"/events?topics=project:{run.project_id}&since={place}")

    assert '"state":"discarded"' in next_event(response)


def test_a_page_that_is_up_to_date_is_told_nothing(open_stream, browse, run, monkeypatch):
    monkeypatch.setattr(streams, "PING_EVERY_S", 0.05)
    monkeypatch.setattr(streams, "LONGEST_S", 0.2)
    [place] = re.findall(r'data-place="(\d+)"', browse("vera").get("/runs").text)

    pieces = list(open_stream("vera", f"/events?topics=runs&since={place}").response)

    assert not [piece for piece in pieces if b"event:" in piece]


def test_a_place_of_long_ago_is_told_to_look_again(open_stream, world, run, monkeypatch):
    monkeypatch.setattr(feed.moved_since, "__defaults__", (1,))
    runs.discard(world.dave, run.id)

    text = next_event(open_stream("vera", "/events?topics=runs&since=0"))

    assert "event: look" in text


def test_a_place_that_is_none_is_nobodys_trouble(open_stream, run, monkeypatch):
    monkeypatch.setattr(streams, "PING_EVERY_S", 0.05)
    monkeypatch.setattr(streams, "LONGEST_S", 0.2)

    for since in ("", "-1", "x", "1" * 30):
        response = open_stream("vera", f"/events?topics=runs&since={since}")
        assert response.status_code == 200
        assert not [piece for piece in response.response if b"event:" in piece]


def test_while_somebody_listens_a_page_asks_nothing_for_its_place(
    app, browse, open_stream, queries, run
):
    asks = "max(run_history.id)"
    with queries() as before:
        browse("vera").get("/runs")
    open_stream("vera", "/events?topics=runs")
    with queries() as while_listening:
        browse("vera").get("/runs")

    assert [asks in each for each in before].count(True) == 1
    assert [asks in each for each in while_listening].count(True) == 0


def test_a_program_listens_with_its_token(open_stream, api, run):
    response = open_stream("dave", f"/api/v1/runs/{run.id}/events", caller=api)

    text = next_event(response)

    assert "event: state" in text


@pytest.mark.parametrize("url", ["/events?topics=run:{id}", "/api/v1/runs/{id}/events"])
def test_a_stranger_to_the_run_gets_no_stream(browse, api, run, url):
    caller = api if "/api/" in url else browse

    assert caller("sam").get(url.format(id=run.id)).status_code == 404


@pytest.mark.parametrize(
    "topics", ["", "weather", "run:../../x", ",".join(["runs"] * 2 + ["run:x"])]
)
def test_topics_that_are_none_are_refused(browse, topics):
    assert browse("vera").get("/events", query_string={"topics": topics}).status_code == 422


def test_a_stream_ends_when_its_session_has_ended(app, world, open_stream, monkeypatch):
    monkeypatch.setattr(streams, "CHECK_EVERY_S", 0.0)
    response = open_stream("vera", "/events?topics=runs", headers={"Last-Event-ID": "1"})
    next_event(response)
    sessions.end_all(world.people["vera"].id)
    db.session.commit()
    monkeypatch.setattr(streams, "PING_EVERY_S", 0.1)

    rest = list(response.response)

    assert rest == []


def test_a_stream_ends_when_the_run_may_not_be_seen_any_more(world, run, open_stream, monkeypatch):
    monkeypatch.setattr(streams, "CHECK_EVERY_S", 0.0)
    response = open_stream("vera", f"/events?topics=run:{run.id}")
    iterator = iter(response.response)
    next(iterator)
    factories.db.session.query(factories.Member).filter_by(user_id=world.people["vera"].id).delete()
    db.session.commit()
    monkeypatch.setattr(streams, "PING_EVERY_S", 0.1)

    rest = list(iterator)

    assert rest == []


def test_a_stream_pings_and_ends_after_its_longest_time(open_stream, monkeypatch):
    monkeypatch.setattr(streams, "PING_EVERY_S", 0.05)
    monkeypatch.setattr(streams, "LONGEST_S", 0.3)

    pieces = list(open_stream("vera", "/events?topics=runs").response)

    assert b": ping\n\n" in pieces


def test_the_next_stream_after_too_many_is_told_to_come_later(
    app, browse, run, open_stream, monkeypatch
):
    app.extensions["gantry_hub"] = Hub(app, most=1)
    open_stream("vera", "/events?topics=runs")

    response = browse("dave").get("/events?topics=runs")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_closing_a_stream_makes_room(app, browse, open_stream):
    response = browse("vera").get("/events?topics=runs", buffered=False)
    before = len(streams.hub_of(app))

    response.close()

    assert (before, len(streams.hub_of(app))) == (1, 0)
    assert db.session.query(Project).count() == 1
    assert hubs.MOST_STREAMS == 200
