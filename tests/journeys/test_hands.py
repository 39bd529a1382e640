"""Keys, double clicks, two tabs, a session that ended: what hands do."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import check
from tests.journeys.portal import PASSWORD


@pytest.fixture(scope="module")
def place(house):
    place = house.place("hands")
    house.applied(place, message="First release")
    house.dave.until(house.dave.run(place, "preview", message="Second look"), "finished")
    return place


def test_control_k_finds_a_place_and_enter_opens_it(page_as, place):
    page = page_as("dave")
    page.goto("/")

    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type("hands")
    expect(page.locator("#palette-list a").first).to_contain_text("hands")
    check(page)
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("hands"))


def test_a_question_mark_lists_the_keys(page_as, place):
    page = page_as("dave")
    page.goto("/runs")

    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name=re.compile("hortcuts"))).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_g_r_goes_to_the_runs_and_a_slash_filters_them(page_as, place):
    page = page_as("dave")
    page.goto("/projects")

    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.locator("h1")).to_have_text("Runs")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).to_be_focused()
    page.keyboard.type("Second look")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("q=Second"))
    expect(page.locator("tr[data-row]")).to_have_count(1)


def test_rows_are_walked_ticked_and_opened_by_keys(page_as, place):
    page = page_as("dave")
    page.goto(f"{place.project_url}/runs")

    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")

    expect(page.locator("[data-bulk-count]")).to_have_text("1 selected")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-z]{20}$"))


def test_c_creates_a_run_here(page_as, place):
    page = page_as("dave")
    page.goto(place.url)

    page.keyboard.press("c")

    expect(page).to_have_url(re.compile(r"/runs/new\?.*hands"))


def test_two_clicks_make_one_run_and_confirm_once(house, page_as, place):
    page = page_as("dave")
    before = len(house.dave.get(f"/runs?project={place.project}")["items"])
    page.goto(f"/runs/new?project=hands&stack=web&workspace={place.workspace}&type=apply")
    page.locator("[name=go][value=review]").click()

    page.get_by_role("button", name="Create apply").dblclick()

    page.wait_for_url(re.compile(r"/runs/[0-9a-z]{20}$"))
    made = house.dave.get(f"/runs?project={place.project}")["items"]
    assert len(made) == before + 1
    house.dave.until(made[0])


def test_a_draft_that_is_sent_twice_makes_one_run(house, page_as, place):
    page = page_as("dave")
    page.goto(f"/runs/new?project=hands&stack=web&workspace={place.workspace}&type=preview")
    page.locator("[name=go][value=review]").click()
    expect(page.get_by_role("button", name="Create preview")).to_be_visible()
    token = page.locator("main [name=csrf_token]").first.get_attribute("value")
    url = page.url.replace("/review", "/create")

    answers = [
        page.request.post(url, form={"csrf_token": token}, max_redirects=0) for _ in range(2)
    ]

    assert [answer.status for answer in answers] == [303, 303]
    assert len({answer.headers["location"] for answer in answers}) == 1


def test_two_tabs_confirm_one_plan_once(house, page_as, place):
    run = house.waiting(place, variables={"size": "double"})
    one, other = page_as("dave"), page_as("alice")
    for page in (one, other):
        page.goto(f"/runs/{run['id']}/confirm")

    for page in (one, other):
        page.locator("main form.ask button[type=submit]").dblclick()

    house.dave.until(run, "finished")
    history = house.dave.get(f"/runs/{run['id']}/history")["items"]
    assert [row["state"] for row in history].count("confirmed") == 1
    assert not [line for page in (one, other) for line in page.problems]


def test_back_and_forward_return_to_where_one_was(page_as, place):
    page = page_as("dave")
    page.goto(f"{place.project_url}/runs?type=preview")
    page.locator("tr[data-row] .row-title").first.click()
    expect(page.locator("h1")).to_contain_text("Preview of web")
    page.get_by_role("link", name=re.compile("^Variables")).click()
    expect(page).to_have_url(re.compile("/variables$"))

    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(r"type=preview"))
    expect(page.locator("tr[data-row]")).not_to_have_count(0)
    page.go_forward()

    expect(page.locator("h1")).to_contain_text("Preview of web")
    check(page)


def test_what_was_typed_survives_the_end_of_the_session(page_as, place):
    page = page_as("dave")
    page.goto(f"/runs/new?project=hands&stack=web&workspace={place.workspace}&type=apply")
    page.get_by_role("button", name="Next: type").click()
    page.get_by_role("button", name="Next: options").click()
    page.get_by_label("Message").fill("Long and well considered")
    options = page.url
    page.context.clear_cookies()

    page.get_by_role("button", name="Next: review").click()
    page.get_by_label("E-mail address").fill("dave@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(options)
    expect(page.get_by_label("Message")).to_have_value("Long and well considered")
    check(page)


def test_one_can_sign_in_again_and_is_where_one_was(opened, place):
    page = opened("")
    page.goto(place.url)
    expect(page.get_by_label("E-mail address")).to_be_visible()

    page.get_by_label("E-mail address").fill("vera@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(re.compile(f"{place.url}$"))


def test_less_motion_means_none(house, page_as, place, gate):
    page = page_as("dave")
    slow = house.place("hands-slow", gate.code)
    run = house.dave.run(slow)
    house.dave.until(run, "planning")

    page.goto(f"/runs/{run['id']}")

    moving = "document.getAnimations().filter((a) => a.playState === 'running').length"
    page.wait_for_function(f"{moving} === 0")
    gate.open()


def test_a_choice_of_theme_lasts(page_as, place):
    page = page_as("sam")
    page.goto("/")

    page.locator("summary[aria-label=Theme]").click()
    page.get_by_role("button", name="Dark").click()
    page.goto("/projects")

    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    check(page)


def test_a_run_is_confirmed_on_a_phone(house, page_as, place, shot):
    run = house.waiting(place, variables={"size": "phone"}, message="From the train")
    page = page_as("dave", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(f"/runs/{run['id']}")
    shot(page, "run-phone")

    page.get_by_role("link", name="Confirm and apply 1 change").tap()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Confirm")).tap()

    expect(page.locator("main .page-title")).to_contain_text("Finished")
