"""The log: followed, searched, linked, downloaded, in colour, and fifty thousand lines long."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import check

LINES = 50_000
LONG = f'i=1; while [ $i -le {LINES} ]; do echo "line $i of many"; i=$((i+1)); done'
COLOURED = r"printf '\033[31mred words\033[0m and \033[1;32mgreen ones\033[0m\n'; echo plain"


@pytest.fixture(scope="module")
def place(house):
    return house.place("logs")


def _task(house, place, command):
    return house.dave.run(place, "task", command=command, init=False)


@pytest.fixture(scope="module")
def long(house, place):
    return house.dave.until(_task(house, place, LONG), "finished")


def test_colours_are_kept_and_controls_are_harmless(house, page_as, place):
    run = house.dave.until(_task(house, place, COLOURED), "finished")
    page = page_as("vera")

    page.goto(f"/runs/{run['id']}")

    red = page.locator(".log-line span", has_text=re.compile("^red words$")).last
    plain = page.locator(".log-line > span", has_text=re.compile("plain$")).last
    colour = "element => getComputedStyle(element).color"
    assert red.evaluate(colour) != plain.evaluate(colour)
    assert "\x1b" not in page.content()
    check(page)


def test_a_live_log_is_followed_until_one_scrolls_up(house, page_as, place):
    command = "i=1; while [ $i -le 400 ]; do echo step $i; i=$((i+1)); sleep 0.002; done; sleep 60"
    run = _task(house, place, command)
    house.dave.until(run, "performing")
    page = page_as("dave")
    page.goto(f"/runs/{run['id']}")
    body = page.locator("[data-log-body]").first

    page.get_by_role("button", name="Follow").click()

    expect(_line(page, "step 400")).to_be_in_viewport()
    body.hover()
    page.mouse.wheel(0, -300)
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
    check(page)
    house.dave.post(f"/runs/{run['id']}/cancel")
    expect(page.locator("main .page-title")).to_contain_text("Stopped")
    texts = page.locator(".log-line").all_text_contents()
    steps = [re.search(r"step (\d+)$", text.strip()) for text in texts]
    numbers = [int(step.group(1)) for step in steps if step]
    assert numbers == list(range(numbers[0], 401))


def test_a_long_log_opens_at_once_at_its_end_and_anywhere(page_as, long):
    page = page_as("vera")

    begun = time.monotonic()
    page.goto(f"/runs/{long['id']}")
    expect(_line(page, f"line {LINES} of many")).to_be_attached()

    assert time.monotonic() - begun < 3
    page.goto(f"/runs/{long['id']}/log?line=25000#L25000")
    expect(page.locator("#L25000")).to_be_in_viewport()
    assert page.locator(".log-line").count() < 2000
    check(page)


def test_a_search_looks_through_the_whole_log(page_as, long):
    page = page_as("vera")
    page.goto(f"/runs/{long['id']}/log")

    page.get_by_role("searchbox").first.fill("line 31415 of")
    page.keyboard.press("Enter")

    found = page.locator(".log-line", has_text="line 31415 of many")
    expect(found).to_have_count(1)
    check(page)
    found.get_by_role("link").click()
    expect(page.locator(".log-line[data-lit]")).to_contain_text("line 31415 of many")
    expect(page.locator(".log-line[data-lit]")).to_be_in_viewport()


def test_a_link_to_a_line_opens_the_page_that_has_it(page_as, long):
    page = page_as("vera")

    page.goto(f"/runs/{long['id']}#L17")

    lit = page.locator(".log-line[data-lit]")
    expect(lit).to_be_in_viewport()
    expect(lit.get_by_role("link")).to_have_text("17")


def test_the_log_is_downloaded_whole(page_as, long):
    page = page_as("vera")
    page.goto(f"/runs/{long['id']}")

    with page.expect_download() as started:
        page.get_by_role("link", name="Download the whole log").first.click()

    lines = started.value.path().read_bytes().decode().splitlines()
    printed = [line for line in lines if line.endswith("of many")]
    assert printed == [f"line {number} of many" for number in range(1, LINES + 1)]


def _line(page, text):
    """The line that ends in this text; it begins with its number, and maybe with its time."""
    return page.locator(".log-line", has_text=re.compile(f"{text}$"))
