"""Administration: people, settings, health; for administrators only."""

import re

import pytest

from models.base import db
from models.user import User
from services import hold
from services.access import SYSTEM

PAGES = ("", "/users", "/settings")


@pytest.mark.parametrize("page", PAGES)
def test_administrators_see_it_and_others_do_not(browse, page):
    assert browse("ada").get(f"/administration{page}").status_code == 200
    assert browse("alice").get(f"/administration{page}").status_code == 403


def test_a_new_user_gets_a_password_that_is_shown_once_and_must_be_changed(browse):
    ada = browse("ada")

    answer = ada.submit("/administration/users", {"email": "Nia@Example.com"})

    assert re.search(r"\w{5}-\w{5}-\w{5}-\w{5}", answer.text)
    nia = db.session.query(User).filter_by(email="nia@example.com").one()
    assert nia.must_change_password


def test_an_address_stands_for_one_user(browse):
    answer = browse("ada").submit("/administration/users", {"email": "dave@example.com"})

    assert answer.status_code == 422
    assert "There is a user with the address dave@example.com already." in answer.text


def test_who_is_shut_out_is_out_at_once_and_can_be_let_in_again(browse, world):
    ada, dave = browse("ada"), browse("dave")
    path = f"/administration/users/{world.people['dave'].id}"

    ada.submit(f"{path}/deactivate")
    assert dave.get("/").status_code == 303

    ada.submit(f"{path}/activate")
    assert "Deactivate" in ada.get(path).text


def test_the_last_administrator_stays(browse, world):
    path = f"/administration/users/{world.people['ada'].id}"

    assert browse("ada").submit(f"{path}/deactivate").status_code == 409


def test_secrets_are_not_shown_among_the_settings(browse):
    shown = browse("ada").get("/administration/settings").text

    assert "GANTRY_SECRET_KEY" in shown
    assert "GANTRY_DATA_DIR" in shown


def test_a_refused_user_leaves_the_form_open_with_what_was_typed(browse):
    answer = browse("ada").submit(
        "/administration/users", {"email": "dave@example.com", "name": "D"}
    )

    assert '<details class="panel fold" id="new-user" open>' in answer.text
    assert 'value="dave@example.com"' in answer.text


def test_what_is_not_well_says_what_to_do(browse, app, monkeypatch):
    house = app.extensions["gantry_house"]
    monkeypatch.setitem(vars(house), "disk_floor_bytes", 1 << 60)

    text = browse("ada").get("/administration").text

    assert re.search(r"\d of \d checks fail", text)
    assert "Make room, or lower GANTRY_DISK_FLOOR_MB" in text


def test_settings_can_be_narrowed_to_those_that_were_set(browse):
    text = browse("ada").get("/administration/settings?only=set").text

    assert "GANTRY_DATA_DIR" in text
    assert "GANTRY_PORT" not in text


def test_a_refused_change_of_a_user_keeps_what_was_typed(browse, world):
    path = f"/administration/users/{world.people['dave'].id}"

    answer = browse("ada").submit(path, {"name": "x" * 200, "is_admin": "1"})

    assert answer.status_code == 422
    assert f'value="{"x" * 200}"' in answer.text
    assert re.search(r'name="is_admin" value="1"[^>]* checked', answer.text)


def test_who_is_to_be_shut_out_is_named_and_what_ends_is_said(browse, world):
    text = browse("ada").get(f"/administration/users/{world.people['dave'].id}").text

    assert "Deactivate dave@example.com" in text
    assert "Sessions end and tokens work no more, at once." in text


def test_the_hold_stands_on_every_page_and_its_release_asks_first(browse):
    hold.begin(SYSTEM, "Restored from a backup of 3 May 2026.")
    ada, dave = browse("ada"), browse("dave")

    for visitor, url in ((ada, "/"), (ada, "/queue"), (dave, "/runs"), (dave, "/projects/shop")):
        shown = visitor.get(url).text
        assert "On hold: nothing runs" in shown
        assert ("/administration/hold/release" in shown) is (visitor is ada)
    question = ada.get("/administration/hold/release").text
    assert "stop it first" in question
    assert hold.is_on()

    released = ada.submit("/administration/hold/release", follow_redirects=True)
    again = ada.submit("/administration/hold/release", follow_redirects=True)

    assert "Runs go on." in released.text
    assert "Nothing is on hold." in again.text
    assert ada.get("/administration/hold/release").status_code == 409
