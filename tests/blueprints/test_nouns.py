"""The pages of the nouns: forms need no script, nothing typed is lost, buttons are rights."""

import io
import re

import pytest

from models.base import db
from models.project import Deployment, Project, Stack
from models.run_content import Resource, RunOutput
from models.run_state import RunState, RunType
from models.variable import Variable
from services import locks, variables
from services.variables import NewValue
from tests import factories
from tests.api.test_nouns import archive

WEB = "/projects/shop/stacks/web"
STAGING = f"{WEB}/workspaces/staging"
TABS = [
    "/projects",
    "/projects/shop",
    "/projects/shop/runs",
    "/projects/shop/members",
    "/projects/shop/variables",
    WEB,
    f"{WEB}/runs",
    f"{WEB}/variables",
    "/workspaces",
    "/workspaces/staging",
    "/workspaces/staging/runs",
    "/workspaces/staging/members",
    "/workspaces/staging/variables",
    STAGING,
    f"{STAGING}/runs",
    f"{STAGING}/resources",
    f"{STAGING}/variables",
    f"{STAGING}/outputs",
]
OWNERS_ONLY = [
    "/projects/shop/settings",
    "/projects/shop/delete",
    "/projects/shop/stacks/new",
    f"{WEB}/settings",
    f"{WEB}/delete",
    "/workspaces/staging/settings",
    "/workspaces/staging/delete",
]


@pytest.fixture
def full(world):
    """The world with something in every table that a page of a noun shows."""
    deployment = world.deployment()
    applied = factories.run(
        deployment,
        type=RunType.APPLY,
        state=RunState.FINISHED,
        pin={"commit": "4f2c1e9" + "0" * 33},
        branch="main",
    )
    factories.run(
        deployment, type=RunType.APPLY, state=RunState.UNCONFIRMED, message="Add <b>x</b>"
    )
    deployment.applied_run_id = deployment.outputs_run_id = applied.id
    deployment.resource_count = 1
    db.session.add(
        Resource(
            deployment_id=deployment.id, address='x.y["<z>"]', type="x", made_run_id=applied.id
        )
    )
    db.session.add(RunOutput(run_id=applied.id, name="url", value={"a": "<b>"}))
    db.session.add(RunOutput(run_id=applied.id, name="key", ciphertext=b"sealed", sensitive=True))
    db.session.commit()
    for place in (world.project, world.stack, world.staging, deployment):
        variables.put(world.dave, place, "size", NewValue({"it": "<script>alert(1)</script>"}))
        variables.put(world.dave, place, "TOKEN", NewValue("xK9-very-secret", secret=True))
    locks.lock(world.dave, deployment, "hands <off>")
    return world


@pytest.mark.parametrize("url", TABS)
def test_every_tab_is_there_for_members_and_for_nobody_else(browse, full, url):
    seen = browse("vera").get(url)
    hidden = browse("sam").get(url)

    assert seen.status_code == 200
    assert "xK9-very-secret" not in seen.text
    assert "<script>alert" not in seen.text
    assert hidden.status_code == (200 if url in {"/projects", "/workspaces"} else 404)
    assert browse("").get(url).status_code == 303


@pytest.mark.parametrize("url", TABS)
def test_every_tab_is_there_before_anything_happened(browse, url):
    assert browse("alice").get(url.replace("staging", "prod")).status_code == 200


@pytest.mark.parametrize("url", OWNERS_ONLY)
def test_settings_are_for_owners(browse, url):
    assert browse("alice").get(url).status_code == 200
    assert browse("dave").get(url).status_code == 403
    assert browse("sam").get(url).status_code == 404


@pytest.mark.parametrize("url", ["/projects/shop", WEB, "/workspaces/staging", STAGING])
def test_a_viewer_sees_no_button_of_what_they_may_not_do(browse, full, url):
    owner, viewer = browse("alice").get(url).text, browse("vera").get(url).text

    assert "Create run" in owner
    for words in ("Create run", "Settings", "New stack", "Unlock", "Force open", "Lock this"):
        assert f">{words}<" not in viewer
        assert words not in viewer.partition("<main")[2]


def test_a_viewers_variables_have_names_and_no_values(browse, full):
    shown = browse("vera").get(f"{STAGING}/variables").text

    assert "size" in shown
    assert "hidden from viewers" in shown
    assert "alert(1)" not in shown
    assert "Set variable" not in shown


def test_a_project_is_made_shown_changed_and_deleted_without_a_script(browse):
    ada = browse("ada")

    made = ada.submit("/projects", {"name": "pay", "title": "Payments"}, follow_redirects=True)
    changed = ada.submit(
        "/projects/pay/settings", {"title": "Pay", "version": "1"}, follow_redirects=True
    )
    untyped = ada.submit("/projects/pay/delete", {"confirm": "paj"})
    gone = ada.submit("/projects/pay/delete", {"confirm": "pay"}, follow_redirects=True)

    assert "Project pay is there." in made.text
    assert ">Pay<" in changed.text
    assert (untyped.status_code, 'value="paj"' in untyped.text) == (422, True)
    assert "Project pay is deleted." in gone.text


def test_a_refused_form_says_why_beside_the_field_and_keeps_what_was_typed(browse):
    refused = browse("ada").submit(
        "/projects", {"name": "Not A Slug", "title": "Kept", "description": "also kept"}
    )

    assert refused.status_code == 422
    assert re.search(r'id="name-error".*lower-case letters', refused.text, re.DOTALL)
    assert 'value="Not A Slug"' in refused.text
    assert 'value="Kept"' in refused.text
    assert "also kept" in refused.text


@pytest.mark.parametrize("noun", ["projects", "workspaces"])
def test_a_taken_name_is_told_beside_the_field(browse, noun):
    name = "shop" if noun == "projects" else "staging"

    refused = browse("ada").submit(f"/{noun}", {"name": name})

    assert refused.status_code == 422
    assert re.search(r'id="name-error".*already', refused.text, re.DOTALL)


@pytest.mark.parametrize("url", ["/projects", "/workspaces"])
def test_who_may_not_create_is_forbidden(browse, url):
    assert browse("alice").submit(url, {"name": "mine"}).status_code == 403
    assert "New project" not in browse("alice").get(url).text


def stack_form(**fields):
    usual = {"engine": "terraform", "source": "none", "published": "1"}
    limits = {"cancel_grace_s": "30 min", "max_duration_s": "12 h", "silence_notice_s": "10 min"}
    return usual | limits | fields


def test_a_stack_is_made_from_an_upload(browse):
    file = (io.BytesIO(archive()), "code.tar.gz")

    made = browse("alice").submit(
        "/projects/shop/stacks",
        stack_form(name="db", source="upload", file=file),
        follow_redirects=True,
    )

    assert "Stack db is there." in made.text
    assert "code.tar.gz" in made.text
    stack = db.session.query(Stack).filter_by(name="db").one()
    assert (stack.source["kind"], stack.cancel_grace_s) == ("configuration_version", 1800)


def test_an_upload_need_not_be_chosen_again_when_something_else_was_wrong(browse):
    alice = browse("alice")
    file = (io.BytesIO(archive()), "code.tar.gz")

    refused = alice.submit(
        "/projects/shop/stacks", stack_form(name="Bad Name", source="upload", file=file)
    )
    kept = re.search(r'name="version_id" value="(\w+)"', refused.text)[1]
    made = alice.submit(
        "/projects/shop/stacks", stack_form(name="db", source="upload", version_id=kept)
    )

    assert (refused.status_code, made.status_code) == (422, 303)
    assert db.session.query(Stack).filter_by(name="db").one().source["id"] == kept


def test_a_stack_is_made_from_git_and_a_hostile_address_is_told_beside_its_field(browse):
    alice, url = browse("alice"), "/projects/shop/stacks"
    git = {"source": "git", "ref": "main", "path": "web"}

    refused = alice.submit(url, stack_form(name="db", url="file:///etc", **git))
    made = alice.submit(url, stack_form(name="db", url="https://9.9.9.9/a.git", **git))

    assert refused.status_code == 422
    assert re.search(r'id="url-error".*GANTRY_ALLOWED_HOSTS', refused.text, re.DOTALL)
    assert 'value="file:///etc"' in refused.text
    assert made.status_code == 303
    assert db.session.query(Stack).filter_by(name="db").one().source["path"] == "web"


def test_lengths_of_time_are_read_as_people_write_them(browse):
    alice = browse("alice")

    refused = alice.submit(f"{WEB}/settings", stack_form(max_duration_s="soon"))
    saved = alice.submit(
        f"{WEB}/settings", stack_form(max_duration_s="2 d", plan_expires_s="90 min", version="1")
    )

    assert re.search(r'id="max_duration_s-error".*30 min', refused.text, re.DOTALL)
    assert saved.status_code == 303
    stack = db.session.query(Stack).filter_by(name="web").one()
    assert (stack.max_duration_s, stack.plan_expires_s) == (172_800, 5_400)
    assert 'value="90 min"' in alice.get(f"{WEB}/settings").text


def test_a_change_made_meanwhile_is_shown_and_saved_only_when_said_again(browse):
    alice = browse("alice")
    alice.submit("/projects/shop/settings", {"title": "Theirs", "version": "1"})

    told = alice.submit("/projects/shop/settings", {"title": "Mine", "version": "1"})
    version = re.search(r'name="version" value="(\d+)"', told.text)[1]
    alice.submit("/projects/shop/settings", {"title": "Mine", "version": version})

    assert told.status_code == 409
    assert "title is now “Theirs”" in told.text
    assert 'value="Mine"' in told.text
    assert db.session.query(Project).one().title == "Mine"


def test_resources_are_narrowed_by_type_and_module_and_widened_again(browse, full):
    deployment = full.deployment()
    for name in ("one", "two"):
        address = f"module.front.vm.{name}"
        db.session.add(
            Resource(deployment_id=deployment.id, address=address, type="vm", module="module.front")
        )
    db.session.commit()
    vera = browse("vera")

    all_of_them = vera.get(f"{STAGING}/resources").text
    some = vera.get(f"{STAGING}/resources?type=vm&q=two").text
    none = vera.get(f"{STAGING}/resources?type=vm&module=root").text

    assert "vm · 2" in all_of_them
    assert "module.front · 2" in all_of_them
    assert "module.front.vm.two" in some
    assert "module.front.vm.one" not in some
    assert "Remove filter Type: vm" in some
    assert f'href="{STAGING}/resources?q=two"' in some
    assert "Nothing here is like that" in none


def test_deleting_says_what_goes_and_resources_have_to_be_given_up(browse, full):
    alice = browse("alice")

    asked = alice.get(f"{WEB}/delete")
    refused = alice.submit(f"{WEB}/delete", {"confirm": "web"})
    gone = alice.submit(f"{WEB}/delete", {"confirm": "web", "abandon_resources": "1"})

    assert "shop / web / staging" in asked.text
    assert (refused.status_code, gone.status_code) == (409, 303)
    assert db.session.query(Deployment).count() == 0


def test_a_member_is_added_changed_and_removed(browse, world):
    alice, url = browse("alice"), "/projects/shop/members"
    sam = world.people["sam"].id

    unknown = alice.submit(url, {"who": "nobody@example.com", "role": "viewer"})
    added = alice.submit(url, {"who": "sam@example.com", "role": "viewer"}, follow_redirects=True)
    alice.submit(url, {"who": sam, "role": "deployer"})
    seen = browse("sam").get("/projects/shop").status_code
    alice.submit(f"{url}/{sam}/delete")

    assert unknown.status_code == 422
    assert 'value="nobody@example.com"' in unknown.text
    assert "sam@example.com" in added.text
    assert (seen, browse("sam").get("/projects/shop").status_code) == (200, 404)


def test_the_last_owner_is_told_why_they_stay(browse, world):
    alice, me = browse("alice"), world.people["alice"].id

    refused = alice.submit(f"/projects/shop/members/{me}/delete")

    assert refused.status_code == 403
    assert "Somebody has to stay owner" in refused.text


@pytest.mark.parametrize("place", ["/projects/shop", "/workspaces/staging", WEB, STAGING])
def test_a_variable_is_set_changed_and_removed_in_each_place(browse, place):
    dave, url = browse("dave"), f"{place}/variables"
    new = {"name": "tags", "value": '{"a": [1, null]}', "category": "terraform"}

    made = dave.submit(url, new, follow_redirects=True)
    again = dave.submit(url, new)
    form = dave.get(f"{url}/tags")
    dave.submit(f"{url}/tags", {"value": "plain text", "category": "terraform", "version": "1"})
    stale = dave.submit(f"{url}/tags", {"value": "x", "category": "terraform", "version": "1"})

    assert "tags is set." in made.text
    assert (again.status_code, stale.status_code) == (422, 409)
    assert "&#34;a&#34;" in form.text
    assert db.session.query(Variable).one().value == "plain text"
    dave.submit(f"{url}/tags/delete")
    assert db.session.query(Variable).count() == 0


def test_saving_a_form_unchanged_changes_no_value(browse, world):
    dave = browse("dave")
    values = ["5", 5, "true", True, None, "null", '"quoted"', "", " spaced ", {"a": ["1", 1]}, 1.5]
    for number, value in enumerate(values):
        variables.put(world.dave, world.stack, f"v{number}", NewValue(value))

    for number in range(len(values)):
        form = dave.get(f"{WEB}/variables/v{number}").text
        shown = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", form, re.DOTALL)[1]
        text = shown.replace("&#34;", '"').replace("&amp;", "&")
        dave.submit(
            f"{WEB}/variables/v{number}", {"value": text, "category": "terraform", "version": "1"}
        )

    kept = [line.value for line in variables.of(world.dave, world.stack)]
    assert sorted(map(repr, kept)) == sorted(map(repr, values))


def test_a_secret_is_never_in_its_form_and_is_kept_when_nothing_is_typed(browse, world):
    dave, url = browse("dave"), f"{WEB}/variables"
    new = {"name": "TOKEN", "value": "0123456789", "category": "terraform", "secret": "1"}
    dave.submit(url, new)

    form = dave.get(f"{url}/TOKEN")
    dave.submit(f"{url}/TOKEN", {"value": "", "category": "terraform", "secret": "1"})
    plain = dave.submit(f"{url}/TOKEN", {"value": "", "category": "terraform"})

    assert "0123456789" not in form.text
    row = db.session.query(Variable).one()
    assert variables.unseal(row.value_id, row.ciphertext) == "0123456789"
    assert plain.status_code == 422
    assert "together with a new value" in plain.text


def test_a_refused_secret_is_not_sent_back(browse):
    refused = browse("dave").submit(
        f"{WEB}/variables",
        {"name": "1st", "value": "xK9-very-secret", "category": "terraform", "secret": "1"},
    )

    assert refused.status_code == 422
    assert "xK9-very-secret" not in refused.text


def test_the_stacks_grid_says_how_each_workspace_stands(browse, full):
    shown = browse("vera").get(WEB).text

    for words in ("staging", "main@4f2c1e9", "locked by Dave", "Unconfirmed"):
        assert words in shown


def test_a_variables_page_says_where_a_value_is_from_and_what_it_hides(browse, full):
    shown = browse("dave").get(f"{STAGING}/variables").text

    assert "stack, workspace, project" in shown
    assert 'href="/projects/shop/stacks/web/workspaces/staging/variables"' in shown
