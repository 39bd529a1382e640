"""Every component in its states: readable to everyone, inside the window, within the policy."""

import re

import pytest

from tests.ui import shots
from tests.ui.kitchen_sink import PAGES, create_app

LOOKS = [("wide", "light"), ("phone", "dark"), ("wide", "dark"), ("phone", "light")]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("size", "theme"), LOOKS[:2])
def test_a_page_has_no_violation_and_no_sideways_scroll(look, name, size, theme):
    with look(name, size, theme) as (page, problems):
        found = shots.violations(page)

        assert found == []
        assert problems == []
        assert shots.overflow(page) == 0


@pytest.mark.parametrize(("size", "theme"), LOOKS[2:])
def test_states_and_buttons_keep_their_contrast_in_the_other_looks(look, size, theme):
    with look("parts", size, theme) as (page, _):
        assert shots.violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_h1_and_unique_ids(name):
    html = create_app().test_client().get(f"/{name}").text

    ids = re.findall(r'\sid="([^"]+)"', html)

    assert len(re.findall(r"<h1\b", html)) == 1
    assert sorted(ids) == sorted(set(ids))


def test_the_theme_of_the_system_is_followed_and_a_choice_wins_over_it(look):
    with look("parts", theme="dark") as (page, _):
        followed = page.evaluate("document.documentElement.dataset.bsTheme")

        page.click("summary[aria-label=Theme]")
        page.click("[data-theme-set=light]")
        page.reload()

        assert followed == "dark"
        assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"


def test_without_a_script_what_needs_one_is_not_drawn(look):
    with look("runs", script=False) as (page, _):
        assert page.locator("[data-bulk-clear]").is_hidden()
        assert page.locator("[data-bulk]").is_visible()


def test_a_choice_that_nobody_has_made_looks_like_none(look):
    with look("wizard") as (page, _):
        radios = page.locator("input[type=radio][name=type]")
        paint = "(all) => all.map((one) => getComputedStyle(one).backgroundColor)"
        chosen = radios.evaluate_all(paint)

        page.evaluate("document.querySelector('input[name=type]:checked').checked = false")
        unchosen = radios.evaluate_all(paint)

        assert len(set(chosen)) > 1
        assert len(set(unchosen) & {chosen[1]}) == 0, "not one is painted like a chosen one"
