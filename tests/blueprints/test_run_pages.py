"""The page of a run: who sees it, and what may be pressed."""

import re

import pytest

from models.base import db
from models.project import ManualLock
from models.run import Run
from models.run_state import RunState
from services import runs
from tests import factories
from tests import run_stories as stories

S = RunState
EVIL = stories.EVIL
page_of = stories.page_of


@pytest.fixture
def run(world):
    return stories.unconfirmed(world)


# --- permissions ------------------------------------------------------------------------------

PAGES = ["", *"summary facts history dialogs variables outputs result changes changes/more".split()]
PAGES += "changes/0 changes/document.json log log/lines log/raw".split()
VERBS = (
    "confirm discard cancel force-cancel rerun promote plan-again archive unarchive prioritize "
    "comments"
).split()


@pytest.mark.parametrize("tab", PAGES)
@pytest.mark.parametrize(("name", "status"), [("vera", 200), ("dave", 200), ("sam", 404)])
def test_who_sees_the_project_and_the_workspace_sees_the_run(browse, run, tab, name, status):
    assert browse(name).get(page_of(run, tab)).status_code == status


@pytest.mark.parametrize("tab", PAGES)
def test_strangers_are_sent_to_sign_in(browse, run, tab):
    assert browse("").get(page_of(run, tab)).status_code == 303


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("name", "status"), [("vera", 403), ("sam", 404)])
def test_whoever_may_not_do_it_is_refused_and_nothing_changes(browse, run, verb, name, status):
    before = run.version

    response = browse(name).submit(page_of(run, verb), {"text": "x", "plan_sha256": stories.SHA})

    assert response.status_code == status
    assert db.session.get(Run, run.id).version == before


def test_a_viewer_sees_no_button(browse, run):
    text = browse("vera").get(page_of(run)).text

    assert 'data-open="ask-' not in text
    assert '<dialog id="ask-' not in text
    assert "/comments" not in text


def test_a_deployer_sees_the_buttons_the_server_would_accept(browse, world, run):
    text = browse("dave").get(page_of(run)).text

    drawn = set(re.findall(r'<dialog id="ask-([a-z-]+)"', text))
    assert drawn == set(runs.actions(world.dave, run)) - {"comments"}


# --- verbs, without JavaScript ----------------------------------------------------------------


def test_confirming_asks_once_and_names_the_plan(browse, run):
    visitor = browse("dave")

    question = visitor.get(page_of(run, "confirm"))
    answer = visitor.submit(page_of(run, "confirm"), {"plan_sha256": stories.SHA})

    assert "Confirm and apply 3 changes" in question.text
    assert f'name="plan_sha256" value="{stories.SHA}"' in question.text
    assert answer.status_code == 303
    assert db.session.get(Run, run.id).state is S.CONFIRMED


@pytest.mark.parametrize("seen", ["", "cd" * 32])
def test_a_plan_that_was_not_seen_is_not_confirmed(browse, run, seen):
    answer = browse("dave").submit(page_of(run, "confirm"), {"plan_sha256": seen})

    assert answer.status_code == 409
    assert db.session.get(Run, run.id).state is S.UNCONFIRMED


def in_prod(world, **summary):
    run = stories.told(world.deployment(world.prod), stories.UNCONFIRMED)
    stories.with_changes(run, [stories.change(action="delete")], summary=summary)
    db.session.commit()
    return run


def test_destroying_in_a_protected_workspace_asks_for_its_name(browse, world):
    run = in_prod(world, destroy=3, replace=0)
    visitor = browse("dave")

    wrong = visitor.submit(page_of(run, "confirm"), {"plan_sha256": stories.SHA, "confirm": "dev"})
    right = visitor.submit(page_of(run, "confirm"), {"plan_sha256": stories.SHA, "confirm": "prod"})

    assert 'data-typed="prod"' in visitor.get(page_of(in_prod(world, destroy=1))).text
    assert (wrong.status_code, right.status_code) == (422, 303)


def test_a_plan_that_destroys_nothing_is_confirmed_without_typing(browse, world):
    run = in_prod(world, destroy=0, replace=0, add=1)

    answer = browse("dave").submit(page_of(run, "confirm"), {"plan_sha256": stories.SHA})

    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("verb", "path", "after"),
    [
        ("discard", stories.UNCONFIRMED, lambda run: run.state is S.DISCARDED),
        ("cancel", stories.APPLYING, lambda run: run.cancel_requested_at is not None),
        ("archive", stories.APPLIED, lambda run: run.archived_at is not None),
        ("prioritize", stories.UNCONFIRMED, lambda run: run.priority == 1),
    ],
)
def test_a_verb_works_from_its_question_page(browse, world, verb, path, after):
    run = stories.told(world.deployment(), path)
    db.session.commit()
    visitor = browse("dave")

    question = visitor.get(page_of(run, verb))
    answer = visitor.submit(page_of(run, verb))

    assert question.status_code == 200
    assert (answer.status_code, answer.location) == (303, page_of(run))
    assert after(db.session.get(Run, run.id))


def test_running_again_leads_to_the_new_run_and_both_link_to_each_other(browse, world, source):
    run = stories.told(world.deployment(), stories.APPLIED, source=source)
    db.session.commit()
    visitor = browse("dave")

    answer = visitor.submit(page_of(run, "rerun"))

    made = db.session.query(Run).filter_by(rerun_of_id=run.id).one()
    assert answer.location == page_of(made)
    assert page_of(run) in visitor.get(page_of(made)).text
    assert page_of(made) in visitor.get(page_of(run)).text


@pytest.fixture
def source():
    return {"kind": "git", "url": "https://git.example.com/shop.git", "ref": "main", "path": ""}


def test_an_outdated_plan_cannot_be_confirmed_and_is_planned_again(browse, world, source):
    run = stories.told(world.deployment(), stories.UNCONFIRMED, source=source)
    stories.with_changes(run, [stories.change()])
    world.deployment().current_state_id = "x" * 20
    db.session.commit()
    visitor = browse("dave")

    text = visitor.get(page_of(run)).text
    answer = visitor.submit(page_of(run, "plan-again"))

    assert "outdated" in text
    assert 'id="ask-confirm"' not in text
    assert f'action="{page_of(run, "plan-again")}"' in text, "one click, nothing asked"
    assert answer.status_code == 303
    assert db.session.get(Run, run.id).state is S.DISCARDED


def test_anothers_hand_on_the_deployment_takes_the_confirm_button_away(browse, world, run):
    alice = world.people["alice"]
    factories.add(
        ManualLock(deployment_id=run.deployment_id, user_id=alice.id, user_name="Alice", note="no!")
    )
    db.session.commit()

    text = browse("dave").get(page_of(run)).text

    assert "Alice has locked the deployment" in text
    assert 'id="ask-confirm"' not in text


def test_what_cannot_be_done_any_more_says_why(browse, world):
    run = stories.told(world.deployment(), stories.APPLIED)
    db.session.commit()

    answer = browse("dave").submit(page_of(run, "cancel"))

    assert answer.status_code == 409
    assert "has ended" in answer.text


def test_force_cancel_says_from_when_it_is_allowed(browse, world, frozen_clock):
    run = stories.told(world.deployment(), stories.APPLYING)
    run.cancel_requested_at, run.cancel_requested_by = frozen_clock.now(), "Dave"
    db.session.commit()
    visitor = browse("dave")

    early = visitor.get(page_of(run)).text
    frozen_clock.advance(run.cancel_grace_s + 1)
    late = visitor.get(page_of(run)).text

    assert "may be killed from" in early
    assert f'data-look-in="{run.cancel_grace_s + 0.5}"' in early, "the button comes by itself"
    assert "data-look-in" not in late
    assert 'id="ask-force-cancel"' not in early
    assert 'id="ask-force-cancel"' in late


def test_a_comment_is_shown_as_it_was_written_and_its_links_are_links(browse, run):
    visitor = browse("dave")

    visitor.submit(page_of(run, "comments"), {"text": f"See https://example.com/x\n{EVIL}"})

    text = visitor.get(page_of(run)).text
    assert 'href="https://example.com/x"' in text
    assert EVIL not in text


def test_a_comment_cannot_link_to_a_script(browse, run):
    visitor = browse("dave")

    visitor.submit(page_of(run, "comments"), {"text": "javascript:alert(1) data:text/html,x"})

    assert 'href="javascript:' not in visitor.get(page_of(run)).text
    assert 'href="data:' not in visitor.get(page_of(run)).text
