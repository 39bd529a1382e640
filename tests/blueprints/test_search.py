"""Search: a page, and the list of the palette, of what one may see and do."""

import re

import pytest

PALETTE = {"Sec-Fetch-Dest": "empty"}


def found(visitor, q):
    """The labels that the palette lists for these letters."""
    text = visitor.get(f"/search?q={q}", headers=PALETTE).text
    return re.findall(r'role="option">.*?<span>([^<]+)</span>', text)


def test_the_palette_finds_places_and_pages(browse, world):
    assert "web" in found(browse("dave"), "web")
    assert "Workspaces" in found(browse("dave"), "workspaces")


def test_a_stranger_finds_no_place(browse, world):
    assert found(browse("sam"), "web") == []


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("ada", ["Create a run", "Create a project", "Create a workspace"]),
        ("dave", ["Create a run"]),
    ],
)
def test_the_palette_offers_what_one_may_do(browse, name, actions):
    assert found(browse(name), "create") == actions


def test_only_administrators_are_led_to_administration(browse):
    assert "Manage users" in found(browse("ada"), "users")
    assert "Manage users" not in found(browse("alice"), "users")
    assert "Manage teams" not in found(browse("alice"), "teams")
    assert "Manage teams" in found(browse("ada"), "teams")


def test_an_empty_palette_says_that_nothing_was_found(browse):
    text = browse("dave").get("/search?q=<zzz>", headers=PALETTE).text

    assert "is called “&lt;zzz&gt;”" in text


def test_the_page_without_a_script_lists_the_same(browse):
    text = browse("dave").get("/search?q=web").text

    assert 'href="/projects/shop/stacks/web"' in text
