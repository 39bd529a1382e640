"""What the pages of a run show: fragments are the page's own, and nothing becomes markup."""

import datetime as dt
import re

import pytest

from lib import clock
from models.base import db
from models.run_content import RunOutput, RunVariable
from models.run_state import RunState, RunType
from models.variable import Category
from services.house import house
from tests import factories
from tests import run_stories as stories

S = RunState
EVIL = stories.EVIL
page_of = stories.page_of


@pytest.fixture
def run(world):
    return stories.unconfirmed(world)


def test_the_page_says_what_the_run_was_kept_from(browse, run):
    assert "Isolation" not in browse("vera").get(page_of(run)).text

    run.isolation = "separate user"
    db.session.commit()
    shown = browse("vera").get(page_of(run)).text

    assert "signals neither" in shown
    assert "the list of processes with their arguments" in shown


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
        world.deployment(), stories.FAILED_PLAN, logs=stories.LOGS, pin=pin, message=EVIL,
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
    run = stories.told(world.deployment(), stories.FAILED_PLAN, logs=stories.LOGS)
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


def test_a_silent_run_says_so_and_for_how_long(browse, world, frozen_clock):
    run = stories.told(world.deployment(), stories.APPLYING)
    db.session.commit()
    visitor = browse("vera")

    early = visitor.get(page_of(run, "history")).text
    frozen_clock.advance(700)
    late = visitor.get(page_of(run, "history")).text

    assert "Nothing has been printed" not in early
    assert 'data-look-in="570.5"' in early, "30 s at work, and a little"
    assert "Nothing has been printed for" in late
    assert "12 m 10 s" in late
    assert f'hx-trigger="log-grew-{run.id} from:body"' in late, "it goes when something is printed"


def test_a_run_at_work_says_how_long_it_may_be_and_warns_before_the_end(
    browse, world, frozen_clock
):
    run = stories.told(world.deployment(), stories.APPLYING, max_duration_s=1000)
    db.session.commit()
    visitor = browse("vera")

    early = visitor.get(page_of(run)).text
    frozen_clock.advance(850)
    late = visitor.get(page_of(run)).text

    assert "Time limit" in early
    assert "16 m 40 s" in early
    assert "Its time is nearly over" not in early
    assert "Its time is nearly over" in late


def test_a_failed_run_that_left_its_deployment_blocked_leads_to_settling_it(browse, world):
    run = stories.told(world.deployment(), stories.FAILED_PLAN)
    place = world.deployment()
    place.blocked_at, place.blocked_run_id = clock.now(), run.id
    place.blocked_reason = "The worker was lost."
    db.session.commit()

    for_dave, for_vera = (browse(name).get(page_of(run)).text for name in ("dave", "vera"))

    assert "It left web in staging blocked" in for_dave
    assert "Settle it</a>" in for_dave
    assert "Settle it</a>" not in for_vera
    assert "Look at it</a>" in for_vera


def test_a_log_that_a_restored_portal_lacks_is_not_said_to_have_been_empty(browse, world):
    run = stories.told(world.deployment(), stories.FAILED_PLAN, logs=stories.LOGS)
    db.session.commit()
    house().log_path(run.id).unlink()

    for tab in ("", "log"):
        shown = browse("vera").get(page_of(run, tab)).text
        assert "restored from a backup without logs" in shown
        assert "Nothing was printed" not in shown


def test_an_ended_run_says_until_when_its_log_is_kept_and_then_that_it_expired(
    browse, world, frozen_clock
):
    run = stories.told(world.deployment(), stories.APPLIED)
    run.finished_at = frozen_clock.now()
    db.session.commit()
    visitor = browse("vera")

    kept = visitor.get(page_of(run)).text
    run.log_expired_at = frozen_clock.now()
    db.session.commit()

    assert "kept until <time" in kept
    assert f"{frozen_clock.now() + dt.timedelta(days=60):%-d %b %Y}" in kept
    gone = visitor.get(page_of(run)).text
    assert "kept until" not in gone
    assert "expired" in gone
