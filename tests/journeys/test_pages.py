"""Every main page: with data, with long names and without, in light and dark, wide and narrow."""

import datetime as dt
import re

import pytest

from lib import clock
from tests.journeys.eyes import wrong_with

LONG = "a-name-that-is-as-long-as-a-name-may-be-in-this-portal-so-there"
WORDS = "Everything that the payments team runs for its customers in all of its regions and zones "


@pytest.fixture(scope="module")
def full(house):
    """A place with a past, and one with long names."""
    place = house.place("pages")
    house.applied(place, message="First release")
    house.waiting(place, message="Larger servers", variables={"size": "large"})
    house.ada.post("/projects", {"name": LONG, "title": WORDS, "description": WORDS * 3})
    house.ada.post("/workspaces", {"name": LONG, "title": WORDS, "description": WORDS})
    house.ada.post(f"/projects/{LONG}/stacks", {"name": LONG, "title": WORDS})
    variable = {"value": "v" * 300, "category": "terraform"}
    house.ada.put(f"/projects/{LONG}/variables/{'n' * 60}", variable)
    secret = {"value": "0123456789abcdef", "category": "environment", "secret": True}
    house.ada.put("/projects/pages/variables/TOKEN", secret)
    _people_and_programs(house)
    return place


def _people_and_programs(house):
    """A team with a role, and a service account with tokens, one of which expires soon."""
    house.ada.post("/teams", {"name": LONG, "title": WORDS[:110]})
    house.ada.post("/service-accounts", {"name": LONG, "description": WORDS})
    house.ada.put(f"/teams/{LONG}/members", [{"service_account": LONG}])
    house.ada.put(f"/projects/{LONG}/members", [{"team": LONG, "role": "owner"}])
    token = {"name": WORDS[:110], "service_account": LONG, "stack": f"{LONG}/{LONG}"}
    soon = (clock.now() + dt.timedelta(days=3)).isoformat()
    house.ada.post("/tokens", token | {"workspace": LONG, "expires_at": soon})


FULL = """
/ /projects /projects/new /projects/pages /projects/pages/runs /projects/pages/variables
/projects/pages/members /projects/pages/settings /projects/pages/delete /projects/pages/stacks/new
/projects/pages/stacks/web /projects/pages/stacks/web/settings
/workspaces /workspaces/pages-staging /workspaces/pages-staging/settings
/projects/pages/stacks/web/workspaces/pages-staging
/projects/pages/stacks/web/workspaces/pages-staging/variables
/projects/pages/stacks/web/workspaces/pages-staging/resources
/projects/pages/stacks/web/workspaces/pages-staging/state-versions
/projects/pages/stacks/web/workspaces/pages-staging/outputs
/audit /administration /administration/users /administration/settings /queue
/administration/teams /administration/service-accounts /administration/tokens /account/teams
/account /account/password /account/sessions /account/tokens /search?q=pages
""".split()
"""One page of each template: runs, members and variables look alike wherever they stand."""

LONG_PAGES = f"""
/ /projects /projects/{LONG} /projects/{LONG}/variables /projects/{LONG}/stacks/{LONG}
/projects/{LONG}/stacks/{LONG}/settings /workspaces /workspaces/{LONG}
/projects/{LONG}/stacks/{LONG}/workspaces/{LONG} /projects/{LONG}/members
/administration/teams/{LONG} /administration/service-accounts/{LONG}
""".split()

EMPTY = "/ /projects /workspaces /runs /audit /account/tokens /search?q=nothing".split()


def test_pages_with_data_are_whole(page_as, full, shot):
    page = page_as("ada")

    wrong = _wrong(page, FULL, shot, "full")

    assert wrong == [], "\n".join(wrong)


def test_pages_with_long_names_hold_them(page_as, full, shot):
    page = page_as("ada")

    wrong = _wrong(page, LONG_PAGES, shot, "long")

    assert wrong == [], "\n".join(wrong)


def test_pages_without_data_are_whole(page_as, shot):
    page = page_as("sam")

    wrong = _wrong(page, EMPTY, shot, "empty")

    assert wrong == [], "\n".join(wrong)


def _wrong(page, paths, shot, kind):
    wrong = []
    for path in paths:
        page.problems.clear()
        answer = page.goto(path)
        name = re.sub(r"\W+", "-", path.replace(LONG, "long"))
        shot(page, f"check/{kind}{name}")
        wrong += wrong_with(page) if answer.ok else [f"{path}: {answer.status}"]
    return wrong
