"""Calls that are asked again, and never done twice."""

import json
from urllib.parse import urlsplit

import pytest

from cli.client import http
from cli.client.command import usual_url
from cli.client.failures import Exit, Failure, Refused, Unreachable
from cli.client.following import Watched
from cli.client.http import Portal, path
from tests.cli.client.servers import CUT, Breaking, Scripted

MADE = {"id": "06h1ramdhb00d9d1gc9s", "number": 1}


@pytest.fixture(autouse=True)
def in_haste(monkeypatch):
    monkeypatch.setattr(http, "FIRST_PAUSE_S", 0.01)


def portal(server, **settings):
    return Portal(server.url, "gty_test", is_quiet=True, **{"patience_s": 5.0, **settings})


@pytest.mark.parametrize(
    "trouble", [CUT, (503, {}), (502, b"<html>"), (429, {}, {"Retry-After": "0"})]
)
def test_what_makes_something_is_asked_again_with_the_same_key(trouble):
    with Scripted(trouble, trouble, (201, MADE)) as server:
        made = portal(server).make("/runs", {"type": "preview"})

    assert made == MADE
    assert len(server.calls) == 3
    assert len(set(server.keys())) == 1
    assert server.keys()[0].startswith("gantry-")


def test_two_things_that_are_made_have_two_keys():
    with Scripted((201, MADE)) as server:
        portal(server).make("/runs")
        portal(server).make("/runs")

    assert len(set(server.keys())) == 2


def test_what_may_have_been_done_is_not_asked_again():
    with Scripted(CUT, (200, MADE)) as server, pytest.raises(Unreachable) as refused:
        portal(server).do("/runs/1/cancel")

    assert len(server.calls) == 1
    assert refused.value.may_have_happened
    assert "look before you ask for it again" in refused.value.message


def test_what_the_portal_was_too_busy_for_is_asked_again():
    with Scripted((503, {}, {"Retry-After": "0"}), (200, MADE)) as server:
        assert portal(server).do("/runs/1/cancel") == MADE


def test_a_gateway_that_gave_up_waiting_may_have_passed_it_on():
    with Scripted((504, b""), (200, MADE)) as server, pytest.raises(Unreachable):
        portal(server).do("/runs/1/cancel")

    assert len(server.calls) == 1


def test_gone_is_what_was_wanted_when_the_first_answer_got_lost():
    with Scripted(CUT, (404, {})) as server:
        portal(server).delete("/projects/old")

    with Scripted((404, {"detail": "Nothing there."})) as server, pytest.raises(Refused):
        portal(server).delete("/projects/old")


def test_patience_ends_with_a_sentence_and_a_code():
    with Scripted(CUT) as server, pytest.raises(Unreachable) as ended:
        portal(server, patience_s=0.1).get("/me")

    assert ended.value.exit_code == Exit.UNREACHABLE
    assert "broke" in ended.value.message
    assert len(server.calls) > 1


def test_where_nobody_listens_is_said_so():
    with Scripted() as server:
        url = server.url

    with pytest.raises(Unreachable) as ended:
        Portal(url, "gty_test", patience_s=0.05).get("/me")

    assert "cannot be reached (connection refused)" in ended.value.message
    assert not ended.value.may_have_happened


def test_the_same_trouble_is_told_once(capsys):
    with Scripted((503, {}), (503, {}), (503, {}), (200, MADE)) as server:
        Portal(server.url, "gty_test", patience_s=5.0).get("/me")

    assert capsys.readouterr().err.count("Trying again for") == 1


def test_what_does_not_speak_https_is_named():
    with Scripted((200, MADE)) as server, pytest.raises(Unreachable) as ended:
        Portal(server.url.replace("http:", "https:"), "gty_test").get("/me")

    assert "does not speak https. Is http://127.0.0.1:" in ended.value.message


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:8000/", "http://[::1]:8000"),
        ("127.0.0.1.example.com", "https://127.0.0.1.example.com"),
        ("gantry.example.com/api/v1", "https://gantry.example.com"),
    ],
)
def test_a_portal_without_a_scheme_is_one_with_https_unless_it_is_on_this_machine(typed, meant):
    assert usual_url(typed) == meant


def test_a_refusal_is_a_sentence_with_the_fields():
    problem = {"detail": "Two things are wrong.", "errors": {"name": "Too long.", "type": "None."}}

    with Scripted((422, problem)) as server, pytest.raises(Refused) as refused:
        portal(server).make("/runs")

    assert refused.value.exit_code == Exit.REFUSED
    assert refused.value.message == "Two things are wrong.\n  name: Too long.\n  type: None."
    assert len(server.calls) == 1


def test_a_fault_of_the_portal_s_own_is_not_repeated_and_names_the_request():
    problem = {"detail": "Something went wrong.", "request_id": "r-12"}

    with Scripted((500, problem)) as server, pytest.raises(Refused) as refused:
        portal(server).make("/runs")

    assert "r-12" in refused.value.message
    assert len(server.calls) == 1


def test_the_token_is_not_carried_elsewhere():
    elsewhere = {"Location": "https://other.example/"}

    with Scripted((302, b"", elsewhere)) as server, pytest.raises(Failure) as refused:
        portal(server).get("/me")

    assert "https://other.example/" in refused.value.message
    assert len(server.calls) == 1


def test_what_speaks_no_json_is_no_portal():
    with Scripted((200, b"<html>Welcome</html>")) as server, pytest.raises(Failure) as refused:
        portal(server).get("/me")

    assert "Look at the URL" in refused.value.message


def test_a_list_is_read_page_by_page_up_to_what_is_wanted():
    first = {"items": list(range(200)), "next": "c1"}
    with Scripted((200, first), (200, {"items": [200, 201], "next": None})) as server:
        page = portal(server).pages("/runs", None, project="shop", drift=False, q="")

    assert page == {"items": list(range(202)), "next": None}
    assert [where for _, where, _, _ in server.calls] == [
        "/api/v1/runs?project=shop&drift=false&limit=200",
        "/api/v1/runs?project=shop&drift=false&limit=200&cursor=c1",
    ]


def test_an_upload_is_sent_whole_again():
    sent = http.Upload(6, "text/plain", lambda: iter([b"abc", b"def"]))

    with Scripted(CUT, (201, MADE)) as server:
        assert portal(server).upload("/configuration-versions", sent) == MADE

    assert [body for *_, body in server.calls] == [b"abcdef", b"abcdef"]
    assert len(set(server.keys())) == 1


@pytest.mark.parametrize("after", [10, 20, 60, 100, 140])
def test_an_answer_that_breaks_off_among_its_headers_is_none(after):
    with Scripted((201, MADE)) as server, Breaking(urlsplit(server.url).port, after) as way:
        assert portal(way).make("/runs") == MADE

    assert len(server.calls) == 2
    assert len(set(server.keys())) == 1


def test_what_has_not_changed_does_not_travel_again():
    with Scripted((200, MADE, {"ETag": '"v1"'}), (304, b""), (200, {"id": "two"})) as server:
        watched = Watched(portal(server), "/runs/1")
        seen = [watched.look() for _ in range(3)]

    assert seen == [MADE, MADE, {"id": "two"}]
    assert [headers.get("If-None-Match") for _, _, headers, _ in server.calls] == [
        None,
        '"v1"',
        '"v1"',
    ]


def test_a_list_that_somebody_changed_meanwhile_is_read_again_before_it_is_replaced():
    before, after = ({"items": [{"user": name}]} for name in ("alice", "dave"))
    answers = [(200, before, {"ETag": '"1"'}), (412, {}), (200, after, {"ETag": '"2"'}), (200, {})]

    with Scripted(*answers) as server:
        portal(server).amend("/teams/a/members", lambda now: [*now, {"user": "sam"}])

    assert [headers.get("If-Match") for _, _, headers, _ in server.calls] == [
        None,
        '"1"',
        None,
        '"2"',
    ]
    assert json.loads(server.calls[-1][3]) == [{"user": "dave"}, {"user": "sam"}]


def test_names_in_a_path_are_quoted():
    assert path("projects", "a/b", "ü?") == "/projects/a%2Fb/%C3%BC%3F"
    for odd in ("", ".", ".."):
        with pytest.raises(Failure):
            path("projects", odd)


def test_the_token_is_in_no_text():
    assert "gty_secret" not in repr(Portal("http://127.0.0.1", "gty_secret"))
