"""A programmer reads the documentation of the API, and tries it, without signing in."""

from tests.journeys import eyes
from tests.journeys.portal import ADMIN_TOKEN

CALL = "[id='/run/runs_index']"


def test_a_deep_link_opens_a_call_and_it_is_tried_with_a_token(opened, house, shot):
    house.place("docs")
    page = opened()
    page.goto("/docs/index.html#/run/runs_index")
    page.wait_for_selector(f"{CALL} > summary:focus")
    assert page.locator(f"{CALL}[open]").count() == 1

    page.locator("#docs-token").fill(ADMIN_TOKEN)
    page.locator(f"{CALL} [name=limit]").fill("1")
    page.locator(CALL).get_by_role("button", name="Send GET").click()
    page.wait_for_selector(f"{CALL} [data-status][data-kind=good]")
    shot(page, "docs")

    assert page.locator(f"{CALL} [data-status]").inner_text().startswith("200")
    assert '"items"' in page.locator(f"{CALL} [data-answer]").inner_text()
    assert page.problems == [], "the strict CSP has nothing to complain of"


def test_the_group_of_a_link_is_in_sight_and_calls_are_found_by_keyboard(opened, house):
    page = opened()
    page.goto("/docs/index.html#/run")
    page.wait_for_selector("#tag-run:focus")

    page.keyboard.press("/")
    page.keyboard.type("confirm")

    assert page.locator("[data-call]:visible").count() == 1
    assert page.get_by_role("status").filter(has_text="of").first.is_visible()


def test_without_a_script_every_call_can_still_be_read(no_script_page_as):
    page = no_script_page_as("")
    page.goto("/docs/index.html#/run")

    page.locator("[id='/run/runs_create'] > summary").click()

    assert page.locator("[id='/run/runs_create'] .prose").first.is_visible()
    assert not page.get_by_role("button", name="Send POST").first.is_visible()


def test_the_pages_of_refusals_are_well_made(opened, house):
    page = opened()
    page.goto("/docs/problems")
    eyes.check(page)

    page.get_by_role("link", name="This key is taken").click()

    eyes.check(page)


def test_the_documentation_fits_a_phone(opened, house, shot):
    page = opened(viewport=eyes.PHONE)
    page.goto("/docs/index.html#/run")
    shot(page, "docs-phone")

    assert page.evaluate("document.documentElement.scrollWidth") <= eyes.PHONE["width"]
