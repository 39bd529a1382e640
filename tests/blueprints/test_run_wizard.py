"""The wizard: four steps that survive reload and back, and never make a run twice."""

import io
import re
import tarfile

import pytest

from lib import clock
from models.base import db
from models.draft import Draft
from models.run import Run
from models.run_content import RunVariable
from models.run_state import RunType
from services import configuration_versions, locks, upkeep
from tests import factories

PRESET = {"project": "shop", "stack": "web", "workspace": "staging"}
SECRET = "hunter2-hunter2-hunter2"


def archive():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("main.tf")
        tar.addfile(entry, io.BytesIO(b""))
    packed.seek(0)
    return packed


@pytest.fixture
def dave(browse):
    return browse("dave")


@pytest.fixture
def sourced(browse, world):
    """The stack with code of its own, uploaded."""
    version = configuration_versions.upload(world.alice, world.project, archive(), "web.tar.gz")
    world.stack.source = {
        "kind": "configuration_version",
        "id": version.id,
        "filename": "web.tar.gz",
    }
    db.session.commit()
    return version


def begin(visitor, **data):
    """A draft after its first step: the address of the draft."""
    answer = visitor.submit("/runs/new", {**PRESET, "source": "stack", **data})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rpartition("/")[0]


def test_the_shortest_way_is_two_clicks(dave, world, sourced):
    shown = dave.get("/runs/new?project=shop&stack=web&workspace=staging&type=apply")
    assert "Review and create" in shown.text

    review = dave.submit(
        "/runs/new", {**PRESET, "type": "apply", "source": "stack", "go": "review"}
    )
    assert review.headers["Location"].endswith("/review")
    shown = dave.get(review.headers["Location"]).text
    made = dave.submit(review.headers["Location"].replace("/review", "/create"))

    assert "then applies exactly that plan" in shown
    run = db.session.query(Run).one()
    assert made.status_code == 303
    assert made.headers["Location"] == f"/runs/{run.id}"
    assert (run.type, run.created_by_name, run.trigger_kind) == (RunType.APPLY, "Dave", "manual")


def test_every_step_is_a_page_of_its_own_that_survives_reload_and_back(dave, world, sourced):
    draft = begin(dave)
    dave.submit(f"{draft}/type", {"type": "apply"})
    dave.submit(
        f"{draft}/options",
        {
            "message": "Raise it",
            "targets": "a.b\nc.d",
            "priority": "7",
            "auto_apply": "1",
            "variables-0-name": "size",
            "variables-0-value": "3",
            "variables-0-category": "terraform",
            "variables-2-name": "TOKEN",
            "variables-2-value": SECRET,
            "variables-2-category": "environment",
            "variables-2-secret": "1",
        },
    )

    again = dave.get(f"{draft}/options").text
    review = dave.get(f"{draft}/review").text
    dave.submit(f"{draft}/create")

    assert 'value="Raise it"' in again
    assert "a.b\nc.d" in again
    for page in (again, review):
        assert SECRET not in page
    assert "(secret)" in review
    run = db.session.query(Run).one()
    assert (run.message, run.targets, run.priority) == ("Raise it", ["a.b", "c.d"], 7)
    assert run.auto_apply is True
    kept = {row.name: row for row in db.session.query(RunVariable)}
    assert kept["size"].value == 3
    assert kept["TOKEN"].secret
    assert kept["TOKEN"].value is None


def test_a_secret_is_sealed_in_the_draft_and_kept_when_left_empty(dave, world, sourced):
    draft = begin(dave)
    given = {
        "variables-0-name": "TOKEN",
        "variables-0-value": SECRET,
        "variables-0-category": "environment",
        "variables-0-secret": "1",
    }
    dave.submit(f"{draft}/options", given)
    before = db.session.query(Draft).one().data["variables"][0]["sealed"]

    dave.submit(f"{draft}/options", given | {"variables-0-value": ""})

    kept = db.session.query(Draft).one().data
    assert SECRET not in str(kept)
    assert kept["variables"][0]["sealed"] == before


def test_going_back_shows_what_was_chosen(dave, world, sourced):
    draft = begin(dave)
    dave.submit(f"{draft}/type", {"type": "apply"})

    shown = dave.get(f"{draft}/type").text

    assert re.search(r'value="apply" checked', shown)


def test_two_presses_make_one_run_and_the_draft_leads_to_it(dave, world, sourced):
    draft = begin(dave)

    first = dave.submit(f"{draft}/create")
    second = dave.submit(f"{draft}/create")

    assert first.headers["Location"] == second.headers["Location"]
    assert db.session.query(Run).count() == 1
    assert dave.get(f"{draft}/options").headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("step", ["source", "type", "options", "review"])
def test_a_draft_is_its_makers_only(browse, world, sourced, step):
    draft = begin(browse("dave"))

    for name in ("alice", "ada", "sam"):
        assert browse(name).get(f"{draft}/{step}").status_code == 404
        assert browse(name).submit(f"{draft}/create").status_code == 404
        assert browse(name).submit(f"{draft}/delete").status_code == 404
    assert db.session.query(Run).count() == 0


def test_a_draft_of_yesterday_leads_on(dave, world, sourced, frozen_clock):
    draft = begin(dave)
    row = db.session.query(Draft).one()
    row.expires_at = clock.now()
    db.session.commit()

    for answer in (dave.get(f"{draft}/review"), dave.submit(f"{draft}/create")):
        assert answer.status_code == 404
        assert "Begin anew" in answer.text
    frozen_clock.advance(1)
    upkeep.forget()
    assert db.session.query(Draft).count() == 0


def test_a_cancelled_draft_is_gone(dave, world, sourced):
    draft = begin(dave)

    gone = dave.submit(f"{draft}/delete")

    assert gone.headers["Location"].endswith("/projects/shop/stacks/web/workspaces/staging")
    assert dave.get(f"{draft}/review").status_code == 404


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("task", {"command": "  "}, "Say which command to run."),
        ("apply", {"priority": "many"}, "Priority is a number"),
        ("apply", {"targets": "rm -rf; x"}, "Give resource addresses"),
        ("preview", {"message": "x" * 3000}, "A message has at most"),
        ("preview", {"variables-0-name": "a b", "variables-0-value": "1"}, "A variable’s name has"),
        ("apply", {"refresh_only": "1", "replace": "a.b"}, "Refresh only goes with"),
    ],
)
def test_what_does_not_hold_is_said_beside_its_field_and_nothing_is_lost(
    dave, world, sourced, kind, typed, sentence
):
    draft = begin(dave, type=kind)

    answer = dave.submit(f"{draft}/options", {"message": "Kept words", **typed})

    assert answer.status_code == 422
    assert sentence.replace("’", "'") in answer.text.replace("’", "'").replace("&#39;", "'")
    if "message" not in typed:
        assert "Kept words" in answer.text
        assert "Kept words" in dave.get(f"{draft}/options").text
    dave.submit(f"{draft}/create")
    assert db.session.query(Run).count() == 0


def test_a_secret_typed_beside_a_mistake_is_not_echoed_and_not_lost(dave, world, sourced):
    draft = begin(dave)
    answer = dave.submit(
        f"{draft}/options",
        {
            "priority": "x",
            "variables-0-name": "TOKEN",
            "variables-0-value": SECRET,
            "variables-0-secret": "1",
            "variables-0-category": "environment",
        },
    )

    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert db.session.query(Draft).one().data["variables"][0]["sealed"]


def test_an_upload_becomes_the_source_and_need_not_be_sent_again(dave, world):
    draft = begin(dave, source="upload", file=(archive(), "mine.tar.gz"))

    again = dave.get(f"{draft}/source").text
    dave.submit(f"{draft}/source", {"source": "upload"})
    made = dave.submit(f"{draft}/create")

    assert "mine.tar.gz" in again
    assert made.status_code == 303
    assert db.session.query(Run).one().source["filename"] == "mine.tar.gz"


def test_code_that_was_uploaded_before_can_be_chosen(dave, world, sourced):
    shown = dave.get("/runs/new?stack=shop/web&workspace=staging").text
    draft = begin(dave, source="earlier", earlier=sourced.id)
    dave.submit(f"{draft}/create")

    assert sourced.digest[:12] in shown
    assert db.session.query(Run).one().source["id"] == sourced.id


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"source": "stack"}, "The stack has no source of its own"),
        ({"source": "upload"}, "Choose a .tar.gz archive"),
        ({"source": "upload", "file": (io.BytesIO(b"no archive"), "x.tar.gz")}, ""),
        ({"source": "git", "url": "ext::sh -c id"}, ""),
        ({"source": "git", "url": ""}, ""),
        ({"source": "earlier", "earlier": "../../etc"}, "no configuration version"),
    ],
)
def test_a_source_that_does_not_hold_keeps_one_at_its_step(dave, world, typed, sentence):
    answer = dave.submit("/runs/new", {**PRESET, "type": "preview", **typed})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.query(Run).count() == 0


def test_where_to_run_is_asked_when_it_is_not_preset(browse, world):
    shown = browse("dave").get("/runs/new")

    assert 'value="shop/web"' in shown.text
    assert 'value="staging"' in shown.text
    assert "nothing you may run yet" in browse("vera").get("/runs/new").text


@pytest.mark.parametrize(
    ("name", "status"), [("alice", 200), ("dave", 200), ("ada", 200), ("vera", 403), ("sam", 404)]
)
def test_who_may_begin(browse, world, name, status):
    url = "/runs/new?project=shop&stack=web&workspace=staging"

    assert browse(name).get(url).status_code == status
    posted = browse(name).submit("/runs/new", {**PRESET, "type": "task", "source": "stack"})
    assert posted.status_code == (303 if status == 200 else status)


def test_strangers_are_asked_to_sign_in(browse, world):
    assert browse("").get("/runs/new").status_code == 303


def test_a_protected_workspace_is_not_destroyed(browse, world, sourced):
    alice = browse("alice")
    draft = begin(alice, workspace="prod")

    answer = alice.submit(f"{draft}/type", {"type": "destroy"})
    alice.submit(f"{draft}/create")

    assert answer.status_code == 422
    assert "protected from being destroyed" in answer.text
    assert db.session.query(Run).count() == 0


def test_review_says_who_locked_the_deployment(browse, world, sourced):
    deployment = world.deployment()
    deployment.blocked_reason, deployment.blocked_at = "A worker was lost.", clock.now()
    db.session.commit()
    locks.lock(world.alice, deployment, "migrating")
    dave = browse("dave")
    draft = begin(dave, type="apply")

    shown = dave.get(f"{draft}/review").text

    assert "Alice has locked the deployment (“migrating”)" in shown
    assert "A worker was lost." in shown


def test_a_role_that_was_taken_away_meanwhile_counts_at_the_last_step(browse, world, sourced):
    dave = browse("dave")
    draft = begin(dave)
    db.session.query(factories.Member).filter_by(user_id=world.people["dave"].id).delete()
    db.session.commit()

    assert dave.submit(f"{draft}/create").status_code == 404
    assert db.session.query(Run).count() == 0


def test_no_step_puts_what_was_typed_into_an_address(dave, world, sourced):
    draft = begin(dave)

    onward = dave.submit(f"{draft}/options", {"message": "hush"}).headers["Location"]

    assert re.fullmatch(r"/runs/drafts/\w{20}/review", onward)
