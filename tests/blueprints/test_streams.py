"""Open streams: who is told what, when they end, and that nobody is in anybody's way."""

import contextvars
import re
import threading
import time

import pytest

from blueprints._shared import hub as hubs
from blueprints._shared import streams
from blueprints._shared.hub import Full, Hub, Subscription
from models.base import db
from models.project import Project
from models.run import Run
from models.run_state import RunState
from services import feed, hints, runs, sessions
from services.feed import moved
from tests import factories
from tests import run_stories as stories
from tests.queries import queries

__all__ = ["queries"]
SOON_S = 5.0


@pytest.fixture
def hub(app):
    hub = Hub(app)
    yield hub
    hub.stop()


@pytest.fixture
def run(world):
    run = stories.told(world.deployment(), stories.UNCONFIRMED)
    db.session.commit()
    return run


def listener(*topics, sees=lambda _what: True):
    return Subscription(frozenset(topics), sees)


def told(subscription, timeout_s=SOON_S):
    return [(event.name, event.data) for event in subscription.take(timeout_s) or []]


def until(subscription, is_it):
    """Whether the awaited hint comes soon."""
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        if any(is_it(data) for _, data in told(subscription, 0.2)):
            return True
    return False


def elsewhere(work):
    """Do something as another process would: no hint of it is heard here."""
    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: context.run(work))
    thread.start()
    thread.join()


def test_a_move_in_this_process_is_told_at_once(hub, world, run):
    mine, other = listener(f"run:{run.id}"), listener(f"run:{'0' * 20}")
    hub.join(mine)
    hub.join(other)

    runs.discard(world.dave, run.id)

    name, data = told(mine)[0]
    assert name == "state"
    assert data == {
        "id": run.id, "state": "discarded", "status": "cancelled", "version": run.version
    }  # fmt: skip
    assert other.take(0.01) == []


@pytest.mark.parametrize(
    "topic", ["runs", "project:{p}", "stack:{s}", "workspace:{w}", "deployment:{d}"]
)
def test_whoever_listens_to_a_place_hears_of_its_runs(hub, world, run, topic):
    names = {"p": run.project_id, "s": run.stack_id, "w": run.workspace_id, "d": run.deployment_id}
    mine = listener(topic.format(**names))
    hub.join(mine)

    runs.archive(world.dave, run.id)

    assert [data["id"] for _, data in told(mine)] == [run.id]


def test_what_another_process_did_is_found_within_about_a_second(hub, app, run):
    mine = listener(f"run:{run.id}")
    hub.join(mine)

    def quietly():
        with app.app_context():
            kept = db.session.get(Run, run.id)
            kept.move_to(RunState.DISCARDED, stories.Mark("user", None, "Dave"))
            db.session.commit()

    elsewhere(quietly)

    assert until(mine, lambda data: data.get("state") == "discarded")


def test_what_changes_without_a_move_is_found_for_runs_that_are_watched(hub, app, run):
    mine = listener(f"run:{run.id}")
    hub.join(mine)

    def quietly():
        with app.app_context():
            kept = db.session.get(Run, run.id)
            kept.priority, kept.version = 5, kept.version + 1
            db.session.commit()

    version = run.version
    elsewhere(quietly)

    assert until(mine, lambda data: data.get("version") == version + 1)


def test_nobody_is_told_of_what_they_may_not_see(hub, world, run):
    sam = world.sam
    mine = listener("runs", sees=lambda what: streams.feed.sees(sam, what))
    hub.join(mine)

    runs.archive(world.dave, run.id)

    assert mine.take(0.05) == []


def test_a_line_of_the_log_reaches_ten_viewers_quickly(hub, run):
    viewers = [listener(f"run:{run.id}") for _ in range(10)]
    for viewer in viewers:
        hub.join(viewer)
    waits = []

    for number in range(20):
        begun = time.monotonic()
        stories.write_log(run, b"line %d\n" % number)
        for viewer in viewers:
            events = viewer.take(SOON_S)
            while not any(event.name == "log" for event in events):
                events = viewer.take(SOON_S)
            waits.append(time.monotonic() - begun)
        time.sleep(0.02)

    assert (
        sorted(waits)[int(len(waits) * 0.95)] <= 0.25
    )  # 0.05 is promised; this machine is shared.


def test_a_slow_client_gets_the_newest_hint_and_nothing_piles_up(hub, run):
    mine = listener(f"run:{run.id}")
    hub.join(mine)
    facts = moved(run)

    for version in range(1000, 2000):
        hub.publish(hints.RunMoved(**(vars(facts) | {"version": version})))

    states = [data["version"] for name, data in told(mine) if name == "state"]
    assert states == [1999]


def test_a_hint_that_was_given_is_not_given_again(hub, run):
    mine = listener(f"run:{run.id}")
    hub.join(mine)
    hub.publish(moved(run))
    told(mine)

    hub.publish(moved(run))

    assert mine.take(0.05) == []


def test_two_hundred_listen_and_the_next_is_refused(app, run):
    hub = Hub(app, most=200)
    many = [listener("runs") for _ in range(200)]
    for each in many:
        hub.join(each)

    with pytest.raises(Full):
        hub.join(listener("runs"))

    hub.leave(many[0])
    hub.join(listener("runs"))
    hub.publish(hints.RunMoved(**(vars(moved(run)) | {"version": 10_000})))
    assert all(told(each) for each in many[1:])
    hub.stop()


def test_stopping_ends_every_stream_at_once_and_takes_no_new_one(app, run):
    hub = Hub(app)
    mine = listener("runs")
    hub.join(mine)
    threading.Timer(0.05, hub.stop).start()

    begun = time.monotonic()
    ended = mine.take(SOON_S)

    assert ended is None
    assert time.monotonic() - begun < 1.0
    with pytest.raises(Full):
        hub.join(listener("runs"))


def test_no_connection_is_held_while_many_streams_are_open(app, hub, run):
    db.session.commit()
    for _ in range(50):
        hub.join(listener("runs", f"run:{run.id}"))
    db.session.remove()

    time.sleep(0.1)

    assert db.engine.pool.checkedout() <= 1  # The hub's own look, if it is just looking.


# --- over HTTP --------------------------------------------------------------------------------


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


def test_a_move_that_is_committed_behind_a_later_one_is_found(app, hub, world, run):
    mine = listener("runs")
    hub.join(mine)
    hub._place = feed.newest() + 5  # noqa: SLF001 - as if later ones had been seen by now

    def quietly():
        with app.app_context():
            kept = db.session.get(Run, run.id)
            kept.move_to(RunState.DISCARDED, stories.Mark("user", None, "Dave"))
            db.session.commit()

    elsewhere(quietly)

    assert until(mine, lambda data: data.get("state") == "discarded")


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
