"""The pages of schedules as a browser without a script uses them."""

import io
import re

import html5lib
import pytest
from sqlalchemy import select

from models.base import db
from models.schedule import Schedule
from services import schedules, variables
from tests.journeys.portal import packed
from tests.queries import queries  # noqa: F401 - a fixture
from tests.rules.matrix.schedules import sourced
from tests.services.schedules.calendar import come, hours, make

pytestmark = pytest.mark.usefixtures("frozen_clock")  # Saturday, 21 November 2026, noon
NEW = "/schedules/new?project=shop&stack=web&workspace=staging"


@pytest.fixture(autouse=True)
def _source(world):
    sourced(world)


def fields_of(page, action):
    """What a browser would send of a form: every field with its present value."""
    tree = html5lib.parse(page.text, namespaceHTMLElements=False)
    form = next(each for each in tree.iter("form") if each.get("action") == action)
    found = {}
    for each in form.iter():
        name, kind = each.get("name"), each.get("type")
        if not name or kind == "submit":
            continue
        if each.tag == "select":
            chosen = [o for o in each.iter("option") if o.get("selected") is not None]
            found[name] = (chosen or list(each.iter("option")))[0].get("value")
        elif each.tag == "textarea":
            found[name] = each.text or ""
        elif kind not in {"radio", "checkbox"} or each.get("checked") is not None:
            found[name] = each.get("value", "")
    return found


def one():
    db.session.rollback()
    return db.session.scalars(select(Schedule)).one()


def filled(visitor, **typed):
    return fields_of(visitor.get(NEW), "/schedules/new") | {"name": "nightly"} | typed


def errors(page):
    return re.findall(r'field-error"[^>]*>.*?<span>(.*?)</span>', page.text, re.DOTALL)


def test_the_form_as_it_comes_makes_a_schedule(browse):
    dave = browse("dave")

    answer = dave.post("/schedules/new", data=filled(dave))

    assert answer.status_code == 303, errors(answer)
    assert answer.location == f"/schedules/{one().id}"
    assert (one().cron, one().timezone, one().active) == ("0 3 * * *", "UTC", None)


def test_every_field_of_it_is_kept(browse):
    dave = browse("dave")
    typed = {
        "type": "apply", "way": "every", "every_number": "2", "every_unit": "weeks",
        "timezone": "Europe/Berlin", "start": "2026-12-01T09:00", "ends": "after",
        "end_after": "5", "active": "1", "active_from": "08:00", "active_until": "18:00",
        "overlap": "queue", "missed": "one", "max_delay": "2 h", "message": "hello",
        "auto_apply": "yes", "targets": "a.b\nc.d", "priority": "7",
        "variables-0-name": "size", "variables-0-value": "3", "variables-0-category": "terraform",
    }  # fmt: skip
    form = filled(dave, **typed)
    form.pop("day-sun")

    answer = dave.post("/schedules/new", data=form)

    assert answer.status_code == 303, errors(answer)
    row = one()
    assert (row.every, row.end_after, row.max_delay_s) == ("2 weeks", 5, 7200)
    assert (row.overlap, row.missed, row.type) == ("queue", "one", "apply")
    assert row.active["days"] == ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert row.inputs["auto_apply"] is True
    assert (row.inputs["targets"], row.inputs["priority"]) == (["a.b", "c.d"], 7)
    assert schedules.variables_of(row)[0].value == 3


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(browse):
    dave = browse("dave")
    form = filled(dave, cron="99 * * * *", timezone="Mars/Olympus", max_delay="long")

    answer = dave.post("/schedules/new", data=form | {"max_delay": ""})

    assert answer.status_code == 422
    assert len(errors(answer)) >= 2
    assert 'value="Mars/Olympus"' in answer.text
    assert dave.post("/schedules/new", data=form).status_code == 422


def test_a_button_shows_the_next_times_and_makes_nothing(browse):
    dave = browse("dave")

    answer = dave.post("/schedules/new", data=filled(dave, cron="15 6 * * *", look="1"))

    assert answer.status_code == 200
    assert "06:15 UTC" in answer.text
    assert db.session.scalars(select(Schedule)).all() == []


def test_the_fragment_is_the_same_as_in_the_page(browse):
    dave = browse("dave")
    fragment = dave.get("/schedules/times?way=cron&cron=0+3+*+*+*&timezone=UTC").text

    assert fragment.strip() in dave.get(NEW).text


def test_an_edit_shows_what_is_there_and_keeps_a_secret_that_is_left_empty(browse, world):
    secret = {"value": "hush hush", "category": "environment", "secret": True}
    row = make(world.dave, variables=variables.run_inputs({"size": "small", "password": secret}))
    dave = browse("dave")
    url = f"/schedules/{row.id}/edit"
    page = dave.get(url)

    answer = dave.post(url, data=fields_of(page, url) | {"name": "renamed"})

    assert "hush" not in page.text
    assert answer.status_code == 303, errors(answer)
    kept = {item.name: item for item in schedules.variables_of(one())}
    assert one().name == "renamed"
    assert one().next_fire_at == row.next_fire_at
    assert kept["size"].value == "small"
    password = kept["password"]
    assert variables.unseal(password.value_id, password.ciphertext) == "hush hush"


def test_an_edit_of_an_older_version_says_what_changed_and_keeps_what_was_typed(browse, world):
    row = make(world.dave)
    dave = browse("dave")
    url = f"/schedules/{row.id}/edit"
    form = fields_of(dave.get(url), url) | {"cron": "0 5 * * *"}
    schedules.edit(world.alice, row, {"cron": "0 4 * * *"})

    answer = dave.post(url, data=form)

    assert answer.status_code == 409
    assert "cron is now “0 4 * * *”" in answer.text
    assert 'value="0 5 * * *"' in answer.text


GIT = {"source": "git", "url": "https://8.8.8.8/infra.git", "ref": "main", "path": "web"}


def test_its_runs_get_a_source_of_their_own_and_an_edit_keeps_it(browse):
    dave = browse("dave")
    made = dave.post("/schedules/new", data=filled(dave, **GIT))
    url = f"{made.location}/edit"
    before = one().inputs["source"]

    form = fields_of(dave.get(url), url)
    answer = dave.post(url, data=form | {"name": "renamed"})

    assert before == {"kind": "git", "url": GIT["url"], "ref": "main", "path": "web"}
    assert answer.status_code == 303, errors(answer)
    assert (one().name, one().inputs["source"]) == ("renamed", before)
    assert f"{GIT['url']} at main in web" in dave.get(made.location).text
    dave.post(url, data=form | {"source": "stack", "version": str(one().version)})
    assert one().inputs["source"] is None


def test_a_commit_that_was_set_by_the_api_outlives_an_edit_of_something_else(browse, world):
    source = {"kind": "git", "url": GIT["url"], "ref": None, "path": "", "commit": "a" * 40}
    row = make(world.dave, source=source)
    dave = browse("dave")
    url = f"/schedules/{row.id}/edit"

    dave.post(url, data=fields_of(dave.get(url), url) | {"name": "renamed"})
    assert one().inputs["source"] == source
    dave.post(url, data=fields_of(dave.get(url), url) | {"ref": "main"})

    assert "commit" not in one().inputs["source"]


def test_an_upload_is_kept_while_the_rest_of_the_form_is_put_right(browse):
    dave = browse("dave")
    file = (io.BytesIO(packed({"main.tf": ""})), "nightly.tar.gz")

    look = dave.post("/schedules/new", data=filled(dave, source="upload", look="1", file=file))
    answer = dave.post("/schedules/new", data=fields_of(look, "/schedules/new"))

    assert "In use: nightly.tar.gz" in look.text
    assert answer.status_code == 303, errors(answer)
    assert one().inputs["source"]["filename"] == "nightly.tar.gz"
    edit = dave.get(f"{answer.location}/edit").text
    assert "In use: nightly.tar.gz" in edit
    assert "Earlier upload" in edit


def test_what_is_wrong_with_its_source_stands_beside_it(browse):
    dave = browse("dave")

    bad = dave.post("/schedules/new", data=filled(dave, **GIT | {"ref": "--upload-pack=x"}))
    none = dave.post("/schedules/new", data=filled(dave, source="upload"))

    assert (bad.status_code, none.status_code) == (422, 422)
    assert errors(bad) == ["This is not a branch, a tag or a commit that git would have."]
    assert errors(none) == ["Choose a .tar.gz archive of the code."]


def test_the_page_tells_what_came_of_each_time(browse, world, frozen_clock):
    row = make(world.dave, cron="0 * * * *", timezone="Europe/Berlin")
    frozen_clock.advance(hours(3))
    come()

    page = browse("vera").get(f"/schedules/{row.id}").text
    missed = browse("vera").get(f"/schedules/{row.id}?outcome=missed").text

    assert page.count("outcome-missed") == 2
    assert "16:00 CET" in page
    assert "Run now" not in page
    assert missed.count("<tr data-row") == 2


def test_the_number_of_queries_does_not_grow_with_the_schedules(browse, world, queries):  # noqa: F811 - the fixture
    for number in range(2):
        make(world.dave, name=f"number {number}")
    dave = browse("dave")
    dave.get("/schedules")
    with queries() as few:
        dave.get("/schedules")
    for number in range(2, 12):
        make(world.dave, name=f"number {number}")

    with queries() as many:
        dave.get("/schedules")

    assert len(many) == len(few)
