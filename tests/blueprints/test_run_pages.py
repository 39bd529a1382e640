"""The page of a run: who sees what, what may be pressed, and that fragments are the page's own."""

import re

import pytest

from models.base import db
from models.project import ManualLock
from models.run import Run
from models.run_content import RunOutput, RunVariable
from models.run_state import RunState, RunType
from models.variable import Category
from services import runs
from tests import factories
from tests import run_stories as stories

S = RunState
LOGS = {
    S.PREPARING: b"fetched main\n",
    S.INITIALIZING: b"Initializing the backend...\n",
    S.PLANNING: b"\x1b[1mPlan:\x1b[0m 1 to add\nError: <script>alert(1)</script>\n",
}
EVIL = "<script>alert('x')</script>"


@pytest.fixture
def run(world):
    run = stories.told(
        world.deployment(), stories.UNCONFIRMED, logs=LOGS, pin=stories.PIN, message=f"Ship {EVIL}"
    )
    stories.with_changes(run, [stories.change(), stories.change("aws_instance.db", "replace")])
    db.session.commit()
    return run


def page_of(run, tab=""):
    return f"/runs/{run.id}{'/' + tab if tab else ''}"


def test_the_page_says_what_the_run_was_kept_from(browse, run):
    assert "Isolation" not in browse("vera").get(page_of(run)).text

    run.isolation = "separate user"
    db.session.commit()
    shown = browse("vera").get(page_of(run)).text

    assert "signals neither" in shown
    assert "the list of processes with their arguments" in shown


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


# --- what is shown ----------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["summary", "facts", "history", "dialogs"])
def test_a_fragment_is_its_place_in_the_page(browse, world, run, frozen_clock, part):
    visitor = browse("dave")

    page = strip_tokens(visitor.get(page_of(run)).text)
    fragment = strip_tokens(visitor.get(page_of(run, part)).text)

    assert fragment.strip() in page


def strip_tokens(text):
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)


def test_a_running_run_refreshes_itself_and_an_ended_one_does_not(browse, world, run):
    over = stories.told(world.deployment(), stories.APPLIED)
    db.session.commit()
    visitor = browse("vera")

    alive, ended = visitor.get(page_of(run)).text, visitor.get(page_of(over)).text

    assert f'hx-trigger="run-changed-{run.id} from:body, live-poll from:body"' in alive
    assert f'data-topics="run:{run.id}"' in alive
    assert 'hx-trigger="run-changed-' not in ended
    assert "run:" + over.id not in ended


def test_the_title_says_what_the_run_is(browse, run):
    text = browse("vera").get(page_of(run)).text

    assert f"<title>#{run.number} Apply of web in staging · Gantry</title>" in text
    assert 'data-tab-state="unconfirmed"' in text


def test_nothing_that_people_or_programs_wrote_becomes_markup(browse, world):
    pin = stories.PIN | {"commit_message": EVIL, "author_name": EVIL, "commit": "a" * 40}
    run = stories.told(
        world.deployment(), stories.FAILED_PLAN, logs=LOGS, pin=pin, message=EVIL,
        error_kind="engine", error_text=EVIL,
    )  # fmt: skip
    stories.complaint(run, EVIL, detail=EVIL, filename=EVIL, snippet=EVIL, address=EVIL, line=3)
    stories.with_changes(
        run,
        [stories.change(address=f"a.{EVIL}", after={EVIL: EVIL}, action="create")],
        notes=[EVIL],
    )
    db.session.commit()
    visitor = browse("dave")

    for tab in ("", "log", "changes", "changes/0", "result", "outputs", "log?q=script"):
        text = visitor.get(page_of(run, tab)).text
        assert "<script>alert" not in text, tab


def test_a_failure_of_gantry_is_told_apart(browse, world):
    run = stories.told(
        world.deployment(), stories.FAILED_PLAN, error_kind="gantry", error_text="Oh."
    )
    db.session.commit()

    assert "this is not your configuration" in browse("vera").get(page_of(run)).text


def test_a_diagnostic_stands_above_the_log_and_links_into_it(browse, world):
    run = stories.told(world.deployment(), stories.FAILED_PLAN, logs=LOGS)
    stories.complaint(run, "<script>alert(1)</script>", filename="main.tf", line=3, snippet="x = y")
    db.session.commit()

    text = browse("vera").get(page_of(run)).text

    assert text.index("main.tf") < text.index("data-log-body")
    assert "/log?line=4#L4" in text


def test_commits_link_to_hosts_that_are_spoken_to_by_https_only(browse, world):
    safe = stories.told(world.deployment(), stories.APPLIED, pin=stories.PIN)
    odd = stories.told(
        world.deployment(), stories.APPLIED, pin=stories.PIN,
        source={"kind": "git", "url": "javascript:alert(1)//x", "ref": "main"},
    )  # fmt: skip
    with_password = stories.told(
        world.deployment(), stories.APPLIED, pin=stories.PIN,
        source={"kind": "git", "url": "https://me:s3cr3t@git.example.com/x.git", "ref": "main"},
    )  # fmt: skip
    db.session.commit()
    visitor = browse("vera")

    assert "https://git.example.com/shop/commit/4f2c1e9" in visitor.get(page_of(safe)).text
    assert 'href="javascript' not in visitor.get(page_of(odd)).text
    assert "s3cr3t" not in visitor.get(page_of(with_password)).text


def test_values_of_variables_are_for_deployers_and_secrets_for_nobody(browse, world, run):
    rows = [("size", False, "t3.large", None), ("token", True, None, "fp-0123456789")]
    for name, secret, value, fingerprint in rows:
        factories.add(
            RunVariable(
                run_id=run.id, name=name, category=Category.TERRAFORM, secret=secret, value=value,
                fingerprint=fingerprint, source="stack", shadows=["project"],
            )
        )  # fmt: skip
    db.session.commit()

    for_vera = browse("vera").get(page_of(run, "variables")).text
    for_dave = browse("dave").get(page_of(run, "variables")).text

    assert "size" in for_vera
    assert "t3.large" not in for_vera
    assert "t3.large" in for_dave
    assert "over project" in for_dave
    assert "fp-0123" in for_dave


def test_a_sensitive_output_is_never_shown(browse, run):
    factories.add(RunOutput(run_id=run.id, name="pw", sensitive=True, ciphertext=b"sealed-bytes"))
    factories.add(RunOutput(run_id=run.id, name="url", sensitive=False, value="https://x.example"))
    db.session.commit()

    text = browse("dave").get(page_of(run, "outputs")).text

    assert "(sensitive)" in text
    assert "sealed-bytes" not in text
    assert "https://x.example" in text


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("tab", ["", "changes", "outputs", "variables", "result", "log"])
def test_every_state_has_every_page(browse, world, state, tab):
    run = factories.run(world.deployment(), state=state, type=RunType.APPLY)
    db.session.commit()

    assert browse("dave").get(page_of(run, tab)).status_code == 200


@pytest.mark.parametrize("kind", list(RunType))
def test_every_type_has_a_page(browse, world, kind):
    run = stories.told(world.deployment(), stories.APPLYING, type=kind, command="echo hi")
    db.session.commit()

    assert browse("vera").get(page_of(run)).status_code == 200


def test_two_runs_stand_side_by_side(browse, world, run):
    other = stories.told(
        world.deployment(), stories.UNCONFIRMED, pin=stories.PIN | {"commit": "b" * 40}
    )
    stories.with_changes(other, [stories.change(), stories.change("aws_instance.new", "create")])
    for each, size in ((run, "small"), (other, "large")):
        factories.add(
            RunVariable(
                run_id=each.id, name="size", category=Category.TERRAFORM, value=size, source="run"
            )
        )
        factories.add(
            RunVariable(
                run_id=each.id, name="pw", category=Category.TERRAFORM, secret=True,
                fingerprint=f"fp-{size}", source="run",
            )
        )  # fmt: skip
    db.session.commit()

    for_dave = browse("dave").get(page_of(run, f"compare/{other.id}")).text
    for_vera = browse("vera").get(page_of(run, f"compare/{other.id}")).text

    assert all(word in for_dave for word in ("aws_instance.new", "aws_instance.db", "secret fp-"))
    assert "small" in for_dave
    assert "small" not in for_vera
    assert "secret fp-" not in for_vera
    assert browse("sam").get(page_of(run, f"compare/{other.id}")).status_code == 404
