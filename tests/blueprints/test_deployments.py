"""The page of a deployment: the lock of a person, and what an owner is asked before forcing it."""

from models.base import db
from models.project import ManualLock
from services import locks
from tests.services.states.shelf import lost

STAGING = "/projects/shop/stacks/web/workspaces/staging"
NOTE = "migrating <b>by hand</b>"


def held_by(world, name):
    locks.lock(getattr(world, name), world.deployment(), NOTE)
    db.session.commit()


def test_a_deployment_is_locked_and_unlocked(browse):
    dave = browse("dave")

    locked = dave.submit(f"{STAGING}/lock", {"note": "hands off"}, follow_redirects=True)
    forced = browse("alice").get(STAGING).text
    unlocked = dave.submit(f"{STAGING}/unlock", follow_redirects=True)
    nothing = dave.submit(f"{STAGING}/unlock", follow_redirects=True)

    assert "Locked by you" in locked.text
    assert "hands off" in locked.text
    assert "Force open" in forced
    assert "Unlocked." in unlocked.text
    assert "Nobody has locked" in nothing.text
    assert db.session.query(ManualLock).count() == 0


def test_forcing_a_lock_open_asks_first_and_says_who_holds_it_why_and_since_when(world, browse):
    held_by(world, "dave")
    alice = browse("alice")

    page, question = alice.get(STAGING).text, alice.get(f"{STAGING}/unlock").text

    assert 'data-open="ask-unlock"' in page
    for shown in (page, question):
        assert "Force open what Dave holds?" in shown
        assert "migrating &lt;b&gt;by hand&lt;/b&gt;" in shown
        assert "Dave has held it since <time" in shown
    alice.submit(f"{STAGING}/unlock", {"force": "1"})
    assert db.session.query(ManualLock).count() == 0


def test_ones_own_lock_is_opened_without_a_question(world, browse):
    held_by(world, "alice")
    alice = browse("alice")

    assert 'id="ask-unlock"' not in alice.get(STAGING).text
    assert alice.get(f"{STAGING}/unlock").status_code == 409
    assert alice.submit(f"{STAGING}/unlock").status_code == 303
    assert db.session.query(ManualLock).count() == 0


def test_whoever_may_not_force_it_sees_the_note_and_no_button(world, browse):
    held_by(world, "alice")

    for name in ("dave", "vera"):
        shown = browse(name).get(STAGING).text
        assert "migrating &lt;b&gt;by hand" in shown
        assert "ask-unlock" not in shown
        assert browse(name).get(f"{STAGING}/unlock").status_code == 403


def test_a_blocked_deployment_can_be_settled_and_locked_from_one_page(world, browse):
    lost(world)

    shown = browse("dave").get(STAGING).text  # Each page is checked for ids that stand twice.

    assert "/settle" in shown
    assert f'action="{STAGING}/lock"' in shown
