"""Lists of runs: they live without disturbing anybody, and keep their filter in the URL."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import check


@pytest.fixture(scope="module")
def many(house):
    """A place whose deployment is locked by Alice, so that its thirty applies wait."""
    place = house.place("many")
    house.alice.post(f"{place.url}/lock", {"note": "keep them waiting"})
    place_runs = [house.dave.run(place, message=f"Change {number}") for number in range(30)]
    return place, place_runs


def test_a_list_that_lives_keeps_ticks_place_and_focus(house, page_as, many):
    place, runs = many
    page = page_as("dave", viewport={"width": 1200, "height": 600})
    page.goto(f"{place.stack_url}/runs")
    rows = page.locator("table.list tbody tr[data-row]")
    expect(page.locator("[data-live-indicator][data-live=on]")).to_be_visible()
    for run in runs[10:13]:
        page.get_by_label(f"Select run {run['number']}", exact=True).check()
    page.locator(f"#run-{runs[8]['id']}").scroll_into_view_if_needed()
    page.get_by_role("searchbox").first.evaluate("field => field.focus({ preventScroll: true })")
    page.keyboard.type("half a wo")
    at, seen = page.evaluate("scrollY"), rows.count()
    assert at > 0

    house.dave.post("/runs/bulk", {"action": "discard", "runs": [one["id"] for one in runs[5:25]]})

    expect(page.locator(f"#run-{runs[12]['id']}")).to_contain_text("Discarded")
    expect(page.locator(f"#run-{runs[5]['id']}")).to_contain_text("Discarded")
    ticked = page.locator("[data-pick]:checked").evaluate_all("all => all.map((b) => b.value)")
    assert sorted(ticked) == sorted(run["id"] for run in runs[10:13])
    assert page.evaluate("scrollY") == at
    assert page.evaluate("document.activeElement.value") == "half a wo"
    assert rows.count() == seen
    check(page)


def test_new_runs_announce_themselves(house, page_as, many):
    place, _runs = many
    page = page_as("dave", viewport={"width": 1200, "height": 600})
    page.goto(f"{place.stack_url}/runs")
    expect(page.locator("[data-live-indicator][data-live=on]")).to_be_visible()
    page.evaluate("scrollTo(0, 400)")

    house.dave.run(place, "preview", message="A late one")

    button = page.get_by_role("button", name="1 new run")
    expect(button).to_be_visible()
    expect(page.get_by_text("A late one")).to_have_count(0)
    button.click()
    expect(page.get_by_text("A late one")).to_be_visible()


def test_many_are_asked_about_before_they_are_discarded(house, page_as, many):
    place, runs = many
    page = page_as("dave")
    page.goto(f"{place.stack_url}/runs")
    chosen = runs[26:28]
    for run in chosen:
        page.get_by_label(f"Select run {run['number']}", exact=True).check()
    expect(page.locator("[data-bulk-count]")).to_have_text("2 selected")

    page.locator("[data-bulk-action=discard]").click()
    check(page)
    page.get_by_role("button", name=re.compile("Discard")).click()

    assert {house.dave.get(f"/runs/{run['id']}")["state"] for run in chosen} == {"discarded"}
    check(page)


@pytest.fixture(scope="module")
def assorted(house):
    place = house.place("assorted")
    done = house.applied(place, message="The first")
    house.dave.until(house.dave.run(place, "preview", message="A look"), "finished")
    house.dave.until(house.dave.run(place, "task", command="exit 3", message="A task"), "failed")
    shelved = house.dave.until(house.alice.run(place, "preview", message="Shelved"), "finished")
    house.alice.post(f"/runs/{shelved['id']}/archive")
    return place, done


FILTERS = [
    ("type=apply", {"The first"}),
    ("type=task", {"A task"}),
    ("state=failed", {"A task"}),
    ("status=succeeded", {"The first", "A look"}),
    ("stack=assorted/web", {"The first", "A look", "A task"}),
    ("stack=other/web", set()),
    ("workspace=assorted-staging", {"The first", "A look", "A task"}),
    ("workspace=nowhere", set()),
    ("trigger=api", {"The first", "A look", "A task"}),
    ("trigger=schedule", set()),
    ("created_by=dave@example.com", {"The first", "A look", "A task"}),
    ("created_by=alice@example.com", set()),
    ("branch=main", set()),
    ("since=1h", {"The first", "A look", "A task"}),
    ("until=2020-01-01", set()),
    ("archived=true", {"Shelved"}),
    ("archived=any", {"The first", "A look", "A task", "Shelved"}),
    ("drift=true", set()),
    ("q=look", {"A look"}),
    ("type=preview&status=succeeded&q=a", {"A look"}),
]


@pytest.fixture(scope="module")
def listed(browser, portal_url, keys_of):
    """One page for all filters: what is asked is what stands in the URL."""
    context = browser.new_context(base_url=portal_url, storage_state=keys_of("dave"))
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("query", "messages"), FILTERS)
def test_a_filter_stands_in_the_url(listed, assorted, query, messages):
    place, _done = assorted

    listed.goto(f"{place.project_url}/runs?{query}")

    titles = listed.locator("tr[data-row] .row-title").all_inner_texts()
    assert {re.sub(r"#\d+\s*", "", title).strip() for title in titles} == messages


def test_filters_survive_a_reload_and_can_be_taken_away(page_as, assorted, shot):
    place, _done = assorted
    page = page_as("dave")
    page.goto(f"{place.project_url}/runs")

    page.locator("summary", has_text="Filter").click()
    shot(page, "filters")
    page.locator("#filter-type").select_option("task")
    page.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(re.compile("type=task"))
    page.reload()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Remove filter")).click()

    expect(page.locator("tr[data-row]")).to_have_count(3)
