"""A person makes a schedule, sees its times while typing, pauses it, and reads its ledger."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import eyes


@pytest.fixture(scope="module")
def place(house):
    return house.place("calendar")


def shown_times(page):
    return page.locator("#times li > time")


def make(page, place, name):
    page.goto(f"{place.url}/schedules")
    page.get_by_role("link", name="New schedule").first.click()
    page.locator("#schedule-name").fill(name)
    return page


def test_somebody_makes_a_schedule_and_sees_its_times_while_typing(page_as, place, shot):
    page = make(page_as("dave"), place, "nightly preview")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    expect(shown_times(page)).to_have_count(10)

    page.get_by_label("Cron line").fill("30 4 * * MON")
    expect(shown_times(page).first).to_have_text(re.compile(r"Mon .* 04:30 CES?T"))
    page.get_by_label("Cron line").fill("99 4 * * MON")
    expect(page.locator("#times")).to_contain_text("The minute cannot be read")
    page.get_by_label("Cron line").fill("0 9 31 * *")
    expect(page.locator("#times")).to_contain_text("Months without that day are left out")
    shot(page, "schedule-form")
    eyes.check(page)
    page.get_by_text("Every so often").click()
    page.get_by_label("Unit").select_option("hours")
    expect(page.locator("#times")).to_contain_text("Every hour")

    page.get_by_role("button", name="Create schedule").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("nightly preview")
    expect(page.locator("main")).to_contain_text("Every hour, Europe/Berlin")
    expect(page.locator(".times-list li")).to_have_count(10)
    expect(page.locator("main")).to_contain_text("No time has come yet")
    shot(page, "schedule-new")
    eyes.check(page)


def test_it_is_paused_run_by_hand_skipped_and_its_ledger_read(page_as, house, place, shot):
    asked = {**place.names, "name": "weekly", "type": "preview", "cron": "0 3 * * 1"}
    made = house.dave.post("/schedules", asked)
    page = page_as("dave")
    page.goto(f"/schedules/{made['id']}")

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("main")).to_contain_text("Paused by Dave")
    expect(page.locator("main")).to_contain_text("None while it is paused.")
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Skip next").click()
    expect(page.locator("main")).to_contain_text("The next time was skipped beforehand.")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("main")).to_contain_text("by the schedule weekly")
    page.goto(f"/schedules/{made['id']}")

    ledger = page.locator("#ledger tbody tr")
    expect(ledger).to_have_count(2)
    expect(ledger.first).to_contain_text("Skipped beforehand by Dave.")
    expect(ledger.last).to_contain_text("Started by hand by Dave.")
    expect(ledger.last).to_contain_text("Finished", timeout=60_000)
    shot(page, "schedule")
    eyes.check(page)
    page.get_by_role("button", name="Take back").click()
    expect(ledger).to_have_count(1)


def test_a_run_that_ends_while_its_page_is_on_its_way_is_shown_as_ended(house, page_as, gate):
    place = house.place("overtaken", gate.code)
    run = house.dave.run(place, "preview")
    house.dave.until(run, "planning")
    page = page_as("dave")

    def late(route):
        gate.open()
        house.dave.until(run, "finished")
        route.continue_()

    page.route("**/events?*", late)
    page.goto(place.url)

    expect(page.locator("main")).to_contain_text("The last run, #1, has ended.")
    expect(page.locator("#page-subtitle")).not_to_contain_text("Planning")


def test_a_time_comes_and_the_ledger_says_that_it_fired(page_as, house, place, shot):
    asked = {**place.names, "name": "every minute", "type": "preview", "every": "1 minute"}
    made = house.dave.post("/schedules", asked)
    page = page_as("vera")

    page.goto(f"/schedules/{made['id']}")

    expect(page.locator("#ledger tbody tr").first).to_contain_text("fired", timeout=75_000)
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    house.dave.post(f"/schedules/{made['id']}/pause")
    page.goto("/schedules")
    expect(page.locator("#schedules tbody")).to_contain_text("every minute")
    shot(page, "schedules")
    eyes.check(page)


def test_without_a_script_a_button_shows_the_times(no_script_page_as, place):
    page = make(no_script_page_as("dave"), place, "without a script")
    page.get_by_label("Cron line").fill("15 6 * * *")

    page.get_by_role("button", name="Show the next times").click()

    expect(shown_times(page).first).to_have_text(re.compile("06:15"))
    expect(page.locator("#schedule-name")).to_have_value("without a script")
    page.get_by_role("button", name="Create schedule").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("without a script")
