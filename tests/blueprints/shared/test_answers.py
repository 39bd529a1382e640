"""What every answer has: headers, refusals in the right form, a request id."""

import socket
import sqlite3

import pytest

from blueprints._shared import paging
from blueprints._shared.problems import BY_SLUG
from models import base
from services.errors import Unreadable
from tests import databases

SECRET = "a secret that was sent"


def test_every_page_has_the_headers_that_protect_it(browse):
    headers = browse("dave").get("/account").headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "HX-Request" in headers["Vary"]


def test_the_cookie_is_for_this_site_s_own_pages(app, client):
    cookie = client.get("/sign-in").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_an_unknown_host_is_refused(client):
    assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/nothing", "/nothing?x=<script>"])
def test_a_page_that_is_not_there_says_so_to_people(browse, path):
    answer = browse("dave").get(path)

    assert answer.status_code == 404
    assert "There is nothing here that you may see." in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_call_that_is_not_there_says_so_to_programs(api):
    answer = api("dave").get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.fixture
def broken(app):
    """A page and a call that fail for a reason of the portal's own."""

    def fails(**_url):
        raise RuntimeError(SECRET)

    endpoints = ("account.show", "api_me.show")
    views = {name: app.view_functions[name] for name in endpoints}
    app.config["PROPAGATE"] = False
    app.view_functions |= dict.fromkeys(endpoints, fails)
    yield
    app.view_functions |= views
    app.config["PROPAGATE"] = True


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_tells_nothing_of_itself(browse):
    answer = browse("dave").get("/account")

    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_is_a_problem_for_programs_and_tells_nothing_of_itself(app, api):
    # 500 is no answer that a call declares, so the client that holds it to that is of no use here.
    headers = {"Authorization": f"Bearer {api('dave').bearer}"}
    app.test_client_class = None
    answer = app.test_client().get("/api/v1/me", headers=headers)

    problem = BY_SLUG["unexpected"]
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert (answer.json["type"], answer.json["title"]) == (problem.type, problem.title)
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert not [word for word in (SECRET, "RuntimeError", "Traceback") if word in answer.text]


def is_unavailable(answer):
    problem = BY_SLUG["unavailable"]
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert (answer.json["type"], answer.json["title"]) == (problem.type, problem.title)
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert int(answer.headers["Retry-After"]) > 0
    assert "sql" not in answer.text.lower()
    return True


def test_while_the_database_is_locked_a_change_is_refused_for_now(app, api, monkeypatch):
    settings, sent = app.extensions["gantry_settings"], {"email": "nia@example.com"}
    monkeypatch.setattr(base, "BUSY_TIMEOUT_MS", 20)
    impatient = databases.make_app(settings.data_dir)
    impatient.test_client_class = app.test_client_class
    ada, other = api("ada"), impatient.test_client()
    other.bearer = ada.bearer
    base.db.session.commit()
    connection = sqlite3.connect(settings.data_dir / "gantry.db", isolation_level=None)

    connection.execute("BEGIN IMMEDIATE")
    refused = other.post("/api/v1/users", json=sent)
    connection.execute("ROLLBACK")
    connection.close()
    later = other.post("/api/v1/users", json=sent)

    assert is_unavailable(refused)
    assert later.status_code == 201


def test_while_the_database_is_away_everything_is_refused_for_now(app, api, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dave = api("dave")
    nowhere = f"postgresql+psycopg://gantry@127.0.0.1:{port}/gantry"
    other = databases.make_app(tmp_path, database_url=nowhere)
    other.test_client_class = app.test_client_class
    caller = other.test_client()
    caller.bearer = dave.bearer

    assert is_unavailable(caller.get("/api/v1/me"))
    assert is_unavailable(caller.post("/api/v1/runs", json={}))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[1]", 400),
        (b"\xff", 400),
        (b'{"email": NaN}', 400),
        (b"[" * 100_000, 413),
        (b'{"email": ' + b"[" * 60 + b"]" * 60 + b"}", 413),
        (b'{"email": "' + b"x" * (3 << 20) + b'"}', 413),
        (b"{}", 422),
        (b'{"email": 7}', 422),
        (b'{"email": "nia@example.com", "colour": "red"}', 422),
        (b'{"email": "nia@example.com", "is_admin": "maybe"}', 422),
    ],
)
def test_a_body_that_does_not_hold_is_refused(api, body, status):
    answer = api("ada").post("/api/v1/users", data=body, content_type="application/json")

    assert answer.status_code == status, answer.text
    assert answer.json["detail"].endswith(".")


def test_what_does_not_fit_is_named_and_never_repeated(api):
    sent = {"email": "nia@example.com", "password": SECRET[:3], "colour": "red"}

    answer = api("ada").post("/api/v1/users", json=sent)

    assert answer.json["errors"] == {"colour": "There is no such field here."}
    assert SECRET[:3] not in answer.json["detail"]


def test_the_same_key_makes_one_user(api):
    caller, key = api("ada"), {"Idempotency-Key": "k1"}

    first = caller.post("/api/v1/users", json={"email": "nia@example.com"}, headers=key)
    again = caller.post("/api/v1/users", json={"email": "nia@example.com"}, headers=key)
    other = caller.post("/api/v1/users", json={"email": "ned@example.com"}, headers=key)

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json["id"] == again.json["id"]
    assert "password" not in again.json


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "1e2", "\uff19"])
def test_a_limit_is_a_number_from_1_to_200(api, limit):
    assert api("ada").get(f"/api/v1/users?limit={limit}").status_code == 422


def test_pages_of_a_list_follow_each_other(api):
    caller = api("ada")
    first = caller.get("/api/v1/users?limit=3").json
    second = caller.get(f"/api/v1/users?limit=3&cursor={first['next']}").json

    emails = [user["email"] for user in first["items"] + second["items"]]
    assert emails == [f"{name}@example.com" for name in ("ada", "alice", "dave", "sam", "vera")]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["x", "%", "W10", "WzFd", "bnVsbA", "e30", "W" * 4000])
def test_a_cursor_that_is_not_ours_is_unreadable(cursor):
    with pytest.raises(Unreadable):
        paging.decode(cursor, str)


def test_a_cursor_holds_what_was_put_in():
    assert paging.decode(paging.encode("a", 7), str, int) == ("a", 7)


def test_the_description_of_the_api_is_open_and_names_every_call(app, client):
    described = client.get("/api/v1/openapi.json").json

    paths = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api_")}
    assert described["openapi"] == "3.1.0"
    assert len(described["paths"]) == len(paths)
    body = described["paths"]["/api/v1/users"]["post"]["requestBody"]["content"]
    assert body["application/json"]["schema"]["$ref"].endswith("/NewUser")


def test_health_is_open_and_says_what_is_well(client):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json["migrations"]["ok"]
