"""The demo, page by page: what a first visitor sees. With GANTRY_SCREENSHOTS=docs, the pictures of
the documentation: python -m pytest tests/journeys/test_gallery.py
"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import check

STAGING = "/projects/demo/stacks/web/workspaces/staging"


@pytest.fixture
def page_as(opened):
    """Pages as wide as a picture in the documentation."""

    def of(name, **options):
        return opened(name, **{"viewport": {"width": 1280, "height": 800}} | options)

    return of


@pytest.fixture(scope="module")
def demo(house):
    """The demo's runs, newest first, once they rest; Dave may deploy it."""
    members = [{"user": "dave@example.com", "role": "deployer"}]
    owner = [{"user": "alice@example.com", "role": "owner"}]
    for place in ("projects/demo", "workspaces/staging", "workspaces/prod"):
        house.ada.put(f"/{place}/members", members + owner)
    runs = house.ada.get("/runs?project=demo")["items"]
    return [house.ada.until(run, "unconfirmed", "finished") for run in runs]


PAGES = [
    ("dashboard", "/", "Needs you"),
    ("project", "/projects/demo", "Web service"),
    ("stack", "/projects/demo/stacks/web", "staging"),
    ("deployment", STAGING, "Unconfirmed"),
    ("runs", "/projects/demo/runs", "First release"),
    ("resources", f"{STAGING}/resources", "module.network"),
]


@pytest.mark.parametrize(("name", "url", "words"), PAGES)
def test_a_page_of_the_demo_has_something_to_show(page_as, demo, shot, name, url, words):
    page = page_as("dave")

    page.goto(url)

    expect(page.locator("main")).to_contain_text(words)
    shot(page, name)
    check(page)


def test_the_demo_waits_for_somebody_to_confirm(page_as, demo, shot):
    waiting = next(run for run in demo if run["state"] == "unconfirmed")
    page = page_as("dave")
    page.goto(f"/runs/{waiting['id']}")
    expect(page.locator("main .page-title")).to_contain_text("Unconfirmed")
    shot(page, "run")
    page.goto(f"/runs/{waiting['id']}/changes")
    box = page.locator("details.change[data-action=update]").first
    box.locator("summary").first.click()
    expect(box.locator("table.compare").first).to_be_visible()
    box.scroll_into_view_if_needed()
    shot(page, "comparison")
    check(page)

    page.emulate_media(color_scheme="dark")
    page.goto(f"/runs/{waiting['id']}")
    shot(page, "run-dark")


def test_the_demo_is_read_on_a_phone(page_as, demo, shot):
    waiting = next(run for run in demo if run["state"] == "unconfirmed")
    page = page_as("dave", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)

    page.goto(f"/runs/{waiting['id']}")

    expect(page.get_by_role("link", name=re.compile("Confirm and apply"))).to_be_in_viewport()
    shot(page, "run-phone")
    page.goto("/projects/demo/runs")
    shot(page, "runs-phone")
    check(page)


def test_the_demo_is_changed_through_the_wizard_and_watched(house, page_as, demo, shot):
    waiting = next(run for run in demo if run["state"] == "unconfirmed")
    page = page_as("dave")
    page.goto("/runs/new?project=demo&stack=web&workspace=prod&type=apply")
    page.locator("[name=go][value=review]").click()
    expect(page.get_by_role("button", name="Create apply")).to_be_visible()
    shot(page, "wizard")
    check(page)

    page.goto(f"/runs/{waiting['id']}")
    page.get_by_role("link", name=re.compile("Confirm and apply")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("Confirm and apply")).click()

    expect(page.locator(".log-line", has_text="answers its health check").first).to_be_visible()
    shot(page, "live-log")
    expect(page.locator("main .page-title")).to_contain_text("Finished")
    check(page)
