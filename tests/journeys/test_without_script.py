"""Every mutation once more, with JavaScript off."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import sign_in
from tests.journeys.house import PLAIN
from tests.journeys.portal import PASSWORD, packed

SLOW = {
    "main.tf": 'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n'
    '    command = "sleep 20"\n  }\n}\n'
}


def _main(page):
    return page.locator("main")


def _press(page, name):
    _main(page).get_by_role("button", name=name, exact=True).click()


def _follow(page, name):
    _main(page).get_by_role("link", name=name, exact=True).click()


def _ask(page, link, button):
    """Follow a link to a question, and answer it."""
    _follow(page, link)
    _main(page).get_by_role("button", name=button).click()


def _settle(house, page, run, *states):
    """Look again once the run is in one of these states."""
    house.dave.until(run, *states)
    page.reload()


def _title(page):
    return page.locator("main .page-title")


@pytest.fixture
def code(tmp_path):
    path = tmp_path / "code.tar.gz"
    path.write_bytes(packed(PLAIN))
    return path


def test_a_project_a_stack_and_a_workspace_come_and_go(no_script_page_as, code):
    page = no_script_page_as("ada")

    page.goto("/projects/new")
    page.get_by_label("Name", exact=True).fill("plain")
    _press(page, "Create project")
    expect(page.locator("h1")).to_have_text("plain")

    page.goto("/projects/plain/stacks/new")
    page.get_by_label("Name", exact=True).fill("web")
    page.locator("input[type=file]").set_input_files(code)
    _press(page, "Create stack")
    expect(page.locator("h1")).to_have_text("web")

    page.goto("/projects/plain/stacks/web/settings")
    page.get_by_label("Description").fill("Servers")
    _press(page, "Save")
    page.goto("/projects/plain/stacks/web")
    expect(_main(page)).to_contain_text("Servers")

    page.goto("/workspaces/new")
    page.get_by_label("Name", exact=True).fill("plain-prod")
    _press(page, "Create workspace")
    expect(page.locator("h1")).to_have_text("plain-prod")

    for url, noun, name in (
        ("/projects/plain/stacks/web", "stack", "web"),
        ("/workspaces/plain-prod", "workspace", "plain-prod"),
        ("/projects/plain", "project", "plain"),
    ):
        page.goto(f"{url}/settings")
        _follow(page, f"Delete {noun} …")
        page.get_by_label(f"Type {name} to confirm").fill("something else")
        _press(page, f"Delete this {noun}")
        expect(page.locator("[aria-invalid=true]")).to_have_count(1)
        page.get_by_label(f"Type {name} to confirm").fill(name)
        _press(page, f"Delete this {noun}")
        assert page.goto(url).status == 404


@pytest.fixture(scope="module")
def place(house):
    return house.place("bare")


def test_variables_are_set_changed_and_removed(no_script_page_as, place):
    page = no_script_page_as("dave")
    page.goto(f"{place.stack_url}/variables")

    page.get_by_label("Name", exact=True).fill("size")
    page.get_by_label("Value").fill("medium")
    _press(page, "Set variable")
    row = page.locator("tr", has_text="size")
    expect(row).to_contain_text("medium")

    row.get_by_role("link", name="size").click()
    page.get_by_label("Value").fill("large")
    _press(page, "Save")
    row = page.locator("tr", has_text="size")
    expect(row).to_contain_text("large")

    row.get_by_role("button", name="Remove").click()
    expect(page.locator("tr", has_text="size")).to_have_count(0)


def test_a_secret_is_set_and_never_shown(no_script_page_as, place):
    page = no_script_page_as("dave")
    page.goto(f"{place.url}/variables")

    page.get_by_label("Name", exact=True).fill("TOKEN")
    page.get_by_label("Value").fill("hunter2-hunter2")
    page.get_by_role("radio", name=re.compile("Into the environment")).check(force=True)
    page.get_by_label(re.compile("^Secret")).check()
    _press(page, "Set variable")

    expect(_main(page)).to_contain_text("TOKEN")
    assert "hunter2" not in page.content()
    page.locator("tr", has_text="TOKEN").last.get_by_role("button", name="Remove").click()
    expect(page.locator("tr", has_text="TOKEN")).to_have_count(0)


def test_members_are_added_changed_and_removed(no_script_page_as, place):
    page = no_script_page_as("alice")
    page.goto(f"{place.project_url}/members")

    page.get_by_label("Address or name").fill("sam@example.com")
    page.get_by_label("Role", exact=True).select_option("viewer")
    _press(page, "Give role")
    row = page.locator("#members tr", has_text="sam@example.com")
    expect(row).to_be_visible()

    row.get_by_label("Role of Sam").select_option("deployer")
    row.get_by_role("button", name="Change").click()
    row = page.locator("#members tr", has_text="sam@example.com")
    expect(row.get_by_label("Role of Sam")).to_have_value("deployer")

    row.get_by_role("button", name="Remove").click()
    expect(page.locator("#members tr", has_text="sam@example.com")).to_have_count(0)


def test_a_deployment_is_locked_and_unlocked(house, no_script_page_as, place):
    house.applied(place)
    page = no_script_page_as("dave")
    page.goto(place.url)

    page.locator("summary", has_text="Lock this deployment").click()
    page.get_by_label("Why").fill("moving the database")
    _press(page, "Lock")
    expect(_main(page)).to_contain_text("Locked by you")

    _press(page, "Unlock")
    expect(_main(page)).not_to_contain_text("Locked by you")


def test_a_run_goes_through_the_wizard_and_is_confirmed(house, no_script_page_as, place, code):
    page = no_script_page_as("dave")
    page.goto(f"/runs/new?project=bare&stack=web&workspace={place.workspace}&type=apply")

    page.get_by_role("radio", name=re.compile("^Upload")).check(force=True)
    page.locator("input[type=file]").set_input_files(code)
    _press(page, "Next: type")
    _press(page, "Next: options")
    page.get_by_label("Message").fill("By hand")
    page.locator("[name='variables-0-name']").fill("size")
    page.locator("[name='variables-0-value']").fill("huge")
    _press(page, "Next: review")
    _press(page, "Create apply")
    expect(_title(page)).to_contain_text("#")
    run = {"id": page.url.rsplit("/", 1)[-1]}
    _settle(house, page, run, "unconfirmed")

    _ask(page, "Confirm and apply 1 change", "Confirm and apply 1 change")

    _settle(house, page, run, "finished")
    expect(_title(page)).to_contain_text("Finished")


def test_a_plan_is_discarded(house, no_script_page_as, place):
    page = no_script_page_as("dave")
    run = house.waiting(place, variables={"size": "tiny"})
    page.goto(f"/runs/{run['id']}")

    _ask(page, "Discard plan", "Discard")

    expect(_title(page)).to_contain_text("Discarded")


def test_an_apply_is_cancelled(house, no_script_page_as):
    place = house.place("bare-slow", SLOW)
    run = house.dave.run(place, "task", command="sleep 60", init=False)
    house.dave.until(run, "performing")
    page = no_script_page_as("dave")
    page.goto(f"/runs/{run['id']}")

    _ask(page, "Cancel run", "Cancel run")

    _settle(house, page, run, "stopped")
    expect(_title(page)).to_contain_text("Stopped")


def test_an_ended_run_is_said_something_about_run_again_and_archived(
    house, no_script_page_as, place
):
    ended = house.dave.until(house.dave.run(place, "preview"), "finished")
    page = no_script_page_as("dave")
    page.goto(f"/runs/{ended['id']}")

    page.get_by_label("Comment").fill("Looks right to me")
    _press(page, "Comment")
    expect(page.locator(".timeline")).to_contain_text("Looks right to me")

    _more(page, "Archive")
    _press(page, "Archive")
    expect(_title(page)).to_contain_text("archived")
    _main(page).get_by_text("More", exact=True).click()
    _press(page, "Unarchive")
    expect(_title(page)).not_to_contain_text("archived")

    _more(page, "Re-run")
    _press(page, "Re-run")
    expect(page).not_to_have_url(re.compile(ended["id"]))
    expect(_title(page)).to_contain_text("Preview of web")


def _more(page, name):
    _main(page).get_by_text("More", exact=True).click()
    _main(page).get_by_role("link", name=name, exact=True).click()


def test_many_runs_are_archived_at_once(house, no_script_page_as, place):
    runs = [house.dave.until(house.dave.run(place, "preview"), "finished") for _ in range(2)]
    page = no_script_page_as("dave")
    page.goto(f"{place.url}/runs")

    for run in runs:
        page.get_by_label(f"Select run {run['number']}", exact=True).check()
    page.get_by_role("button", name="Archive", exact=True).click()

    expect(_main(page)).to_contain_text("2")
    assert all(house.dave.get(f"/runs/{run['id']}")["archived"] for run in runs)


def test_an_account_is_changed(no_script_page_as, house):
    person = {"email": "nia@example.com", "name": "Nia", "password": PASSWORD}
    house.ada.post("/users", person)
    page = no_script_page_as("")
    sign_in(page, "nia")

    page.goto("/account")
    page.get_by_label("Name", exact=True).fill("Nia N.")
    _press(page, "Save")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Nia N.")

    page.goto("/account/tokens")
    page.get_by_label("Name", exact=True).fill("laptop")
    _press(page, "Make token")
    expect(_main(page)).to_contain_text("gty_")
    page.locator("tr", has_text="laptop").get_by_role("button", name="Revoke").click()
    expect(page.locator("tr", has_text="laptop")).to_have_count(0)

    page.goto("/account/password")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill("another long sentence")
    _press(page, "Change password")
    page.locator("summary[aria-label$=account]").click()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "nia", "another long sentence")


def test_a_user_is_created_reset_deactivated_and_let_in_again(no_script_page_as):
    page = no_script_page_as("ada")
    page.goto("/administration/users")

    page.locator("summary", has_text="New user").click()
    page.get_by_label("E-mail address").fill("otto@example.com")
    _press(page, "Create user")
    expect(_main(page)).to_contain_text("Password of otto@example.com")
    page.goto("/administration/users?q=otto")
    page.locator("table.list").get_by_role("link").first.click()

    _main(page).locator("summary", has_text="Reset password").click()
    _press(page, "Reset it")
    expect(_main(page)).to_contain_text("New password of otto@example.com")
    _main(page).locator("summary", has_text="Deactivate").click()
    _press(page, "Deactivate otto@example.com")
    expect(_main(page)).to_contain_text("shut out")
    _press(page, "Let in again")
    expect(_main(page)).not_to_contain_text("shut out")
