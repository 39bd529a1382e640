"""A real portal and a real browser, one of each for all journeys of a process."""

import contextlib
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys import eyes
from tests.journeys.gate import Gate
from tests.journeys.house import House
from tests.journeys.portal import PASSWORD, ROOT, served

HERE = Path(__file__).parent
SHOTS = os.environ.get("GANTRY_SCREENSHOTS")
WIDE = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items):
    """All journeys share one portal, so they share a process of xdist."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest.fixture(scope="session")
def portal_url(tmp_path_factory):
    """The address of a portal as it ships, which must not have stumbled in the end."""
    folder = tmp_path_factory.mktemp("portal")
    with served(folder) as url:
        yield url
    said = (folder / "serve.log").read_text()
    assert "Traceback" not in said, said[max(0, said.find("Traceback") - 2000) :][:20_000]


@pytest.fixture(scope="session")
def house(portal_url):
    """The portal with its people; `house.place("name")` makes somewhere to work."""
    return House(portal_url).settle()


@pytest.fixture(scope="session")
def keys_of(browser, portal_url):
    """`keys_of("dave")`: the cookies of somebody who has signed in, once in a session."""
    known = {}

    def of(name):
        if name not in known:
            context = browser.new_context(base_url=portal_url)
            sign_in(context.new_page(), name)
            known[name] = context.storage_state()
            context.close()
        return known[name]

    return of


def sign_in(page, name, password=PASSWORD):
    """Sign in by the form, as people do."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture
def opened(browser, portal_url, keys_of):
    """`opened("dave", java_script_enabled=False)`: a page of a browser of somebody's own."""
    with contextlib.ExitStack() as stack:

        def open_page(name="", **options):
            usual = {"viewport": WIDE, "reduced_motion": "reduce", "timezone_id": "UTC"}
            state = {"storage_state": keys_of(name)} if name else {}
            context = browser.new_context(base_url=portal_url, **usual | state | options)
            context.set_default_timeout(30_000)
            expect.set_options(timeout=10_000)
            stack.callback(context.close)
            return eyes.listen(context.new_page())

        yield open_page


@pytest.fixture
def page_as(opened):
    """`page_as("dave")`: a page, signed in."""
    return opened


@pytest.fixture
def no_script_page_as(opened):
    """`no_script_page_as("dave")`: the same, with JavaScript off."""

    def without_script(name, **options):
        return opened(name, java_script_enabled=False, **options)

    return without_script


@pytest.fixture
def gate():
    """A server that keeps whoever asks it waiting until `gate.open()`: a plan can be held."""
    with Gate() as found:
        yield found


@pytest.fixture
def shot(request):
    """`shot(page, "run")` takes a picture when GANTRY_SCREENSHOTS is set: to a folder of that name,
    or if it is "docs" to docs/screenshots, where only what the gallery shows belongs.
    """
    is_docs = SHOTS == "docs"
    is_wanted = bool(SHOTS) and (not is_docs or request.module.__name__.endswith("gallery"))
    folder = ROOT / "docs" / "screenshots" if is_docs else Path(SHOTS or ".")

    def take(page, name):
        if is_wanted:
            folder.mkdir(parents=True, exist_ok=True)
            page.wait_for_timeout(200)  # A picture is of what stands still.
            page.screenshot(path=folder / f"{name}.png")

    return take
