"""What people do when a run must not go on, fails, or destroys."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import check

FAILING = {
    "main.tf": 'resource "terraform_data" "server" {\n  input = var.sise\n}\n\nvariable "size" {}\n'
}


def test_a_run_is_cancelled_while_it_plans(house, page_as, gate):
    place = house.place("cancelled", gate.code)
    run = house.dave.run(place)
    house.dave.until(run, "planning")
    page = page_as("dave")
    page.goto(f"/runs/{run['id']}")

    page.get_by_role("link", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()

    expect(page.get_by_text(re.compile("Cancelling since"))).to_be_visible()
    gate.open()
    expect(page.locator("main .page-title")).to_contain_text("Stopped")
    assert house.dave.get(f"/runs/{run['id']}")["state"] == "stopped"
    check(page)


def test_a_task_is_cancelled_while_it_sleeps(house, page_as):
    place = house.place("sleeper")
    run = house.dave.run(place, "task", command="echo begun; sleep 60; echo over", init=False)
    house.dave.until(run, "performing")
    page = page_as("dave")
    page.goto(f"/runs/{run['id']}")
    expect(page.locator(".log-line", has_text=re.compile("begun$"))).to_be_visible()

    page.get_by_role("link", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()

    expect(page.locator("main .page-title")).to_contain_text("Stopped")


def test_the_error_of_a_failing_configuration_can_be_read_on_its_page(house, page_as, shot):
    place = house.place("failing", FAILING)
    run = house.dave.run(place, variables={"size": "small"})
    house.dave.until(run, "failed")
    page = page_as("dave")

    page.goto(f"/runs/{run['id']}")

    expect(page.locator("main .page-title")).to_contain_text("Failed")
    complaint = page.locator(".run-complaints")
    expect(complaint).to_contain_text("Reference to undeclared input variable")
    expect(complaint).to_contain_text("main.tf:2")
    expect(complaint).to_contain_text("input = var.sise")
    shot(page, "failed")
    check(page)
    complaint.get_by_role("link").first.click()
    expect(page.locator(".log-line[data-lit]")).to_contain_text("Error")


def test_destroying_what_is_protected_asks_for_the_workspaces_name(house, page_as, shot):
    place = house.place("guarded")
    house.applied(place)
    house.ada.patch(f"/workspaces/{place.workspace}", {"protected": False})
    run = house.waiting(place, message="All of it", replace=["terraform_data.server"])
    house.ada.patch(f"/workspaces/{place.workspace}", {"protected": True})
    page = page_as("dave")
    page.goto(f"/runs/{run['id']}")

    page.get_by_role("link", name=re.compile("Confirm")).click()
    dialog = page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name=re.compile("Confirm"))

    expect(confirm).to_be_disabled()
    dialog.get_by_label(re.compile("Type")).fill(place.workspace)
    shot(page, "confirm-typed")
    confirm.click()
    expect(page.locator("main .page-title")).to_contain_text("Finished")


def test_a_destroy_says_what_goes_and_takes_it_away(house, page_as):
    place = house.place("leaving")
    house.applied(place)
    run = house.dave.run(place, "destroy")
    house.dave.until(run, "unconfirmed")
    page = page_as("dave")
    page.goto(f"/runs/{run['id']}")
    expect(page.locator(".run-notes")).to_contain_text("destroys 1 of 1")

    page.get_by_role("link", name="Confirm and destroy 1 resource").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Confirm and destroy")).click()

    expect(page.locator("main .page-title")).to_contain_text("Finished")
    page.goto(f"{place.url}/resources")
    expect(page.locator("main")).to_contain_text("No resources")
    check(page)


@pytest.mark.parametrize("action", ["confirm", "discard", "cancel", "rerun", "archive", "comments"])
def test_a_viewer_sees_no_button_and_is_refused(house, page_as, viewed, action):
    page = page_as("vera")
    page.goto(f"/runs/{viewed['id']}")

    assert page.locator(f"main form[action$='/{action}'], main a[href$='/{action}']").count() == 0
    assert _post(page, f"/runs/{viewed['id']}/{action}", text="hello").status == 403


def test_a_viewer_reads_all_of_a_run_but_values(house, page_as, viewed):
    page = page_as("vera")

    for tab in ("", "/changes", "/variables", "/outputs", "/result", "/log"):
        page.goto(f"/runs/{viewed['id']}{tab}")
        check(page)

    page.goto(f"/runs/{viewed['id']}/variables")
    expect(page.locator("main")).to_contain_text("size")
    expect(page.locator("main")).not_to_contain_text("enormous")


def test_a_stranger_finds_nothing(page_as, viewed):
    page = page_as("sam")

    answer = page.goto(f"/runs/{viewed['id']}")

    assert answer.status == 404
    assert _post(page, f"/runs/{viewed['id']}/confirm").status == 404
    check(page)


@pytest.fixture(scope="module")
def viewed(house):
    place = house.place("viewed")
    return house.waiting(place, variables={"size": "enormous"})


def _post(page, url, **form):
    """What a forged form would get: with a good token and cookies, past the page."""
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    return page.request.post(
        url, form={"csrf_token": token, **form}, max_redirects=0,
        headers={"Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
