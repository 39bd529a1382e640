"""The account pages: one's profile, password, sessions and tokens."""

import re

import pytest

from blueprints.account import browser_words
from models.base import db
from models.user import ApiToken
from services import sessions
from tests import factories


def test_a_stranger_is_sent_to_sign_in_and_back(client):
    answer = client.get("/account?x=1")

    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/account?x%3D1"


def test_signing_in_leads_to_where_one_wanted_to_go(client, world):
    shown = client.get("/sign-in?next=/account").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown).group(1)
    sent = {"email": "dave@example.com", "password": factories.PASSWORD, "next": "/account"}

    answer = client.post("/sign-in", data=sent | {"csrf_token": token})

    assert (answer.status_code, answer.location) == (303, "/account")
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil"]
)
def test_the_way_back_never_leads_elsewhere(client, world, elsewhere):
    shown = client.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown).group(1)
    sent = {"email": "dave@example.com", "password": factories.PASSWORD, "next": elsewhere}

    answer = client.post("/sign-in", data=sent | {"csrf_token": token})

    assert answer.location == "/"


def test_a_wrong_password_is_said_beside_the_form(client, world):
    shown = client.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown).group(1)
    sent = {"email": "dave@example.com", "password": "wrong", "csrf_token": token}

    answer = client.post("/sign-in", data=sent)

    assert answer.status_code == 422
    assert sessions.WRONG in answer.text
    assert "dave@example.com" in answer.text


def test_signing_out_ends_a_copied_cookie_too(browse):
    dave, copy = browse("dave"), browse("")
    copy.set_cookie("gantry", dave.get_cookie("gantry").value)
    assert copy.get("/account").status_code == 200

    dave.submit("/sign-out")

    assert copy.get("/account").status_code == 303


def test_a_form_without_its_token_changes_nothing(browse, world):
    answer = browse("dave").post("/account", data={"name": "Mallory"})

    assert answer.status_code == 400
    assert world.people["dave"].name == "Dave"


def test_a_form_sent_from_another_site_changes_nothing(browse, world):
    answer = browse("dave").submit(
        "/account", {"name": "Mallory"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert world.people["dave"].name == "Dave"


def test_name_theme_and_zone_are_one_s_own_to_change(browse, world):
    sent = {"name": "David", "theme": "dark", "timezone": "Europe/Zurich", "version": "1"}

    answer = browse("dave").submit("/account", sent)

    assert answer.status_code == 303
    dave = world.people["dave"]
    db.session.refresh(dave)
    assert (dave.name, dave.theme, dave.timezone) == ("David", "dark", "Europe/Zurich")


def test_an_edit_of_what_changed_meanwhile_is_refused(browse, world):
    dave = browse("dave")
    dave.submit("/account", {"name": "David", "version": "1"})

    assert dave.submit("/account", {"name": "Davy", "version": "1"}).status_code == 409


def test_what_does_not_fit_is_said_beside_its_field(browse):
    answer = browse("dave").submit("/account", {"name": " ", "timezone": "Mars/Olympus"})

    assert answer.status_code == 422
    assert "A name has 1 to 120 characters." in answer.text
    assert "Mars/Olympus" in answer.text


def test_a_new_password_takes_the_old_one(browse):
    dave = browse("dave")

    wrong = dave.submit("/account/password", {"old_password": "x", "new_password": "n" * 12})
    right = dave.submit(
        "/account/password", {"old_password": factories.PASSWORD, "new_password": "n" * 12}
    )

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert dave.get("/account").status_code == 200


def test_who_must_choose_a_password_gets_no_further(browse, world):
    world.people["dave"].must_change_password = True
    db.session.commit()
    dave = browse("dave")

    assert dave.get("/").location == "/account/password"
    assert dave.get("/account/password").status_code == 200


def test_a_token_is_shown_once_and_only_its_hash_is_kept(browse):
    dave = browse("dave")

    answer = dave.submit("/account/tokens", {"name": "ci", "scope": "run", "days": "30"})

    text = re.search(r"gty_user_\w+", answer.text).group(0)
    kept = db.session.query(ApiToken).one()
    assert kept.scopes == ["read", "run"]
    assert kept.token_hash not in text
    assert text not in dave.get("/account/tokens").text


def test_a_revoked_token_works_no_more(browse, api, world):
    caller = api("dave")
    token = db.session.query(ApiToken).one()
    assert caller.get("/api/v1/me").json["email"] == "dave@example.com"

    browse("dave").submit(f"/account/tokens/{token.id}/revoke")

    assert caller.get("/api/v1/me").status_code == 401


def test_other_sessions_can_be_ended(browse):
    here, there = browse("dave"), browse("dave")

    here.submit("/account/sessions/end-others")

    assert here.get("/account/sessions").status_code == 200
    assert there.get("/account").status_code == 303


def test_the_api_takes_no_cookie(browse):
    assert browse("dave").get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox 145 on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; like Mac OS X) Version/26.1 Mobile Safari/604.1",
            "Safari 26 on iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge 140 on Windows",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown browser"),
    ],
)
def test_a_session_names_its_browser_in_words(says, words):
    assert browser_words(says) == words
