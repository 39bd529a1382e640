"""Pages of states, the queue and destroying: forms work without a script, buttons are rights."""

import io
import re

import pytest
from sqlalchemy import select

from models.base import db
from models.run import Run
from services import settling, state_clients, states
from tests.services.runs.workshop import ask, hire, now
from tests.services.states.shelf import applied, content, fresh, lost, state

PLACE = "/projects/shop/stacks/web/workspaces/staging"
STATES = f"{PLACE}/state-versions"


@pytest.fixture
def kept(world):
    applied(world, 1, token="tok-first-1", input="small")
    applied(world, 2, things=("one", "two"), token="tok-second-2", input="large")
    db.session.commit()
    return world


def current(world):
    return states.current_version(fresh(world.deployment()))


def test_the_list_says_where_each_version_came_from(kept, browse):
    states.rollback(kept.alice, kept.deployment(), "1", "a mistake")
    shown = browse("vera").get(STATES).text

    assert "Rolled back" in shown
    assert "“a mistake”" in shown
    assert re.search(r'Left by <a class="number" href="/runs/\w+">#2</a>', shown)


@pytest.mark.parametrize(
    ("name", "may_compare", "may_import"),
    [("vera", False, False), ("dave", True, False), ("alice", True, True)],
)
def test_buttons_are_rights(kept, browse, name, may_compare, may_import):
    shown = browse(name).get(STATES).text
    version = browse(name).get(f"{STATES}/1").text

    assert ('name="from"' in shown) is may_compare
    assert ("Import a state" in shown) is may_import
    assert ("Roll back to state 1" in version) is may_import
    assert ("/download" in version) is may_import


def test_the_current_version_offers_no_rollback(kept, browse):
    assert "Roll back to" not in browse("alice").get(f"{STATES}/2").text


def test_a_comparison_shows_values_but_no_secret(kept, browse):
    shown = browse("dave").get(f"{STATES}/compare?from=1&to=2").text

    assert "&#34;large&#34;" in shown or '"large"' in shown or "large" in shown
    assert "(sensitive" in shown
    assert "tok-first-1" not in shown
    assert "tok-second-2" not in shown


def test_a_comparison_of_nothing_is_404(kept, browse):
    assert browse("dave").get(f"{STATES}/compare?from=1&to=77").status_code == 404


def test_rolling_back_and_what_is_said_of_it(kept, browse):
    visitor = browse("alice")

    shown = visitor.submit(f"{STATES}/1/rollback", {"note": "oops"}, follow_redirects=True)

    assert "State 3 is current." in shown.text
    assert current(kept).serial == 3


def test_a_refused_rollback_says_why(kept, browse):
    shown = browse("alice").submit(f"{STATES}/2/rollback", {}, follow_redirects=True)

    assert "This version is the current one." in shown.text


def test_while_a_run_could_start_the_page_says_what_is_in_the_way_instead_of_a_form(kept, browse):
    ask(kept.dave)  # It is ready, and holds the lock.
    alice = browse("alice")

    for page in (alice.get(f"{STATES}/1").text, alice.get(STATES).text):
        assert "Lock the deployment by hand first" in page
        assert "/rollback" not in page
        assert 'name="file"' not in page

    alice.submit(f"{PLACE}/lock", {"note": "rolling back"})
    assert "Roll back to state 1" in alice.get(f"{STATES}/1").text
    assert 'name="file"' in alice.get(STATES).text


def test_importing_a_file(kept, browse):
    file = (io.BytesIO(content(5, things=("five",))), "terraform.tfstate")

    shown = browse("alice").submit(STATES, {"file": file, "note": "moved"}, follow_redirects=True)

    assert "State 5 is current." in shown.text
    assert current(kept).note == "moved"


@pytest.mark.parametrize("body", [b"", b"nonsense"])
def test_importing_nonsense_says_so(kept, browse, body):
    file = (io.BytesIO(body), "terraform.tfstate")

    shown = browse("alice").submit(STATES, {"file": file}, follow_redirects=True)

    assert "state" in shown.text
    assert current(kept).serial == 2


def test_a_block_is_shown_and_settled(kept, browse):
    run = lost(kept)
    states.offer(run.id, state(3, things=("one", "two", "three")))
    candidate = states.candidates(kept.deployment().id)[0]
    waiting = ask(kept.dave)

    shown = browse("dave").get(PLACE).text
    assert "Blocked: somebody must say which state holds" in shown
    assert f"take_candidate:{candidate.id}" in shown
    assert "3 resources" in shown
    assert "/settle" not in browse("vera").get(PLACE).text

    asked = {"decision": f"take_candidate:{candidate.id}", "note": "both exist"}
    shown = browse("dave").submit(f"{PLACE}/settle", asked, follow_redirects=True)

    assert "Settled" in shown.text
    assert "Blocked:" not in shown.text
    assert now(waiting).state == "ready"


def test_a_note_cannot_be_typed_longer_than_it_may_be(kept, browse):
    lost(kept)

    shown = browse("alice").get(STATES).text + browse("alice").get(f"{STATES}/1").text

    notes = re.findall(r'<input[^>]* name="note"[^>]*>', shown)
    assert len(notes) == 3, "settling, importing, rolling back"
    assert all(f'maxlength="{settling.NOTE_LIMIT}"' in note for note in notes)


def test_settling_without_a_decision_says_so(kept, browse):
    lost(kept)

    shown = browse("dave").submit(f"{PLACE}/settle", {"note": "hm"}, follow_redirects=True)

    assert "Choose which state holds" in shown.text
    assert re.search(r'name="decision" value="keep_current" required', shown.text)
    assert "Blocked:" in shown.text


def test_a_lock_from_outside_is_shown_and_forced_open_by_an_owner(world, browse):
    info = b'{"ID": "1", "Operation": "OperationTypeApply", "Who": "al@laptop"}'
    state_clients.lock(world.alice, world.deployment(), info)

    assert "Locked from outside by Alice (apply, al@laptop)" in browse("vera").get(PLACE).text
    assert "Force open" not in browse("dave").get(PLACE).text
    assert "Force open" in browse("alice").get(PLACE).text
    shown = browse("alice").submit(f"{PLACE}/unlock", {"force": "1"}, follow_redirects=True)

    assert "Locked from outside" not in shown.text


def test_an_empty_state_says_what_comes_here(world, browse):
    assert "No state yet" in browse("vera").get(STATES).text


def test_the_queue_puts_a_run_first_and_takes_that_back(world, browse):
    hire("embedded pool")
    run = ask(world.dave)
    visitor = browse("dave")
    assert "Waits for a free worker" in visitor.get("/queue").text

    shown = visitor.submit(f"/queue/{run.id}/prioritize", {"priority": "1"}, follow_redirects=True)
    assert now(run).priority == 1
    assert "Lift" in shown.text
    visitor.submit(f"/queue/{run.id}/prioritize", {"priority": "0"})

    assert now(run).priority == 0


def test_the_queue_s_live_part_is_the_page_s(world, browse):
    ask(world.dave)
    visitor = browse("vera")

    part = visitor.get("/queue", headers={"HX-Request": "true", "HX-Target": "queue-now"}).text

    assert part.lstrip().startswith('<div id="queue-now"')
    assert part.strip() in visitor.get("/queue").text


def test_an_empty_queue_says_so_and_that_no_worker_is_there(world, browse):
    shown = browse("vera").get("/queue").text

    assert "Nothing runs or waits" in shown
    assert "No worker is connected" in shown


def test_destroying_a_workspace_lists_what_goes_and_wants_its_name(kept, browse):
    url = "/workspaces/staging/destroy"
    visitor = browse("dave")
    assert url in visitor.get("/workspaces/staging").text
    assert url not in browse("vera").get("/workspaces/staging").text
    shown = visitor.get(url).text
    assert "shop / web" in shown
    assert "Destroy 2 resources" in shown

    refused = visitor.submit(url, {"confirm": "stagin"})
    assert refused.status_code == 422
    assert 'value="stagin"' in refused.text
    made = visitor.submit(url, {"confirm": "staging"})

    assert "1 destroy run was made" in made.text
    assert 'data-stand-at="/workspaces/staging/runs"' in made.text, "a reload makes no second one"
    assert [run.type for run in db.session.scalars(select(Run).where(Run.type == "destroy"))]
