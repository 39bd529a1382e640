"""The main job, end to end, by somebody who uses nothing but the pages."""

import re

from playwright.sync_api import expect

from tests.journeys.conftest import sign_in
from tests.journeys.eyes import check


def test_from_signing_in_to_an_applied_run_in_every_history(house, opened, gate, shot):
    place = house.place("story", gate.code)
    page = opened()

    sign_in(page, "dave")
    check(page)
    _walk_to_the_deployment(page, place)
    run_url = _create_an_apply(page, shot)
    _watch_it_plan(page, gate)
    _read_the_comparison(page, shot)
    _confirm_and_watch_it_apply(page, shot)

    for history in (place.project_url, place.stack_url, place.workspace_url, place.url):
        page.goto(history)
        page.locator("nav.tabs, .tabs").get_by_role("link", name=re.compile("^Runs")).click()
        row = page.locator("table.list tbody tr", has=page.get_by_text("First release"))
        expect(row).to_contain_text("Finished")
        expect(row.get_by_role("link").first).to_have_attribute("href", run_url)
        check(page)


def _walk_to_the_deployment(page, place):
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Projects").first.click()
    page.locator("main").get_by_role("link", name="story", exact=True).click()
    page.locator("main").get_by_role("link", name="web", exact=True).click()
    expect(page.locator("h1")).to_have_text("web")
    page.locator("main").get_by_role("link", name="Create run").click()
    page.get_by_label("Workspace", exact=True).select_option(place.workspace)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Next: type")).to_be_visible()


def _create_an_apply(page, shot):
    check(page)
    shot(page, "wizard-source")
    page.get_by_role("button", name="Next: type").click()
    page.get_by_role("radio", name=re.compile("^Apply")).check(force=True)
    check(page)
    page.get_by_role("button", name="Next: options").click()
    page.get_by_label("Message").fill("First release")
    check(page)
    page.get_by_role("button", name="Next: review").click()
    expect(page.locator("main")).to_contain_text("First release")
    check(page)
    shot(page, "wizard-review")
    page.reload()
    page.get_by_role("button", name="Create apply").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-z]{20}$"))
    return re.search(r"/runs/.*", page.url).group()


def _watch_it_plan(page, gate):
    page.evaluate("window.sameDocument = true")
    expect(_state(page)).to_contain_text("Planning")
    check(page)
    expect(page).to_have_title(re.compile("^[^#]*#1|Planning"))
    gate.open()
    expect(_state(page)).to_contain_text("Unconfirmed")
    expect(_lines(page, "planning")).to_contain_text("3 to add")


def _read_the_comparison(page, shot):
    page.get_by_role("link", name=re.compile("^Changes")).click()
    expect(page.locator(".changes .change-address").first).to_have_text("terraform_data.server[0]")
    page.locator("details.change summary").first.click()
    row = page.locator("table.compare tr", has=page.get_by_role("rowheader", name="size")).first
    expect(row.locator("td.after")).to_have_text('"large"')
    expect(row.locator("td.before")).to_have_text("")
    check(page)


def _confirm_and_watch_it_apply(page, shot):
    page.get_by_role("link", name=re.compile("^History")).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-z]{20}$"))
    page.evaluate("window.sameDocument = true")
    shot(page, "run-unconfirmed")
    page.get_by_role("link", name="Confirm and apply 3 changes").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("creates 3")
    shot(page, "confirm")
    dialog.get_by_role("button", name="Confirm and apply 3 changes").click()
    expect(_state(page)).to_contain_text("Applying")
    shot(page, "live-log")
    expect(_lines(page, "applying")).to_contain_text("is up")
    expect(_state(page)).to_contain_text("Finished")
    check(page)
    shot(page, "run-finished")


def _state(page):
    return page.locator("main .page-title")


def _lines(page, state):
    return page.locator(f"section.log[aria-label='Log of {state}']")
