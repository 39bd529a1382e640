"""The portal's own pages, full of long names and empty: readable to everyone, inside the window."""

import contextlib
import datetime as dt
import re
import threading

import pytest
from werkzeug.serving import make_server

from lib import clock
from models.base import db
from models.run_state import RunState
from services import house, schema
from tests import databases, factories, run_stories
from tests.ui import shots

PAGES = [
    "/",
    "/audit",
    "/audit?who=nobody",
    "/administration",
    "/administration/users",
    "/administration/settings",
    "/account",
    "/account/password",
    "/account/sessions",
    "/account/tokens",
    "/search?q=web",
    "/search?q=nothing",
    "/no-such-page",
]
LONG = "a-name-that-goes-on-until-it-is-exactly-sixty-three-letters-lng"
SAID = "A message that nobody should have written, because it fills more than one line anywhere"
LOOKS = [("wide", "light"), ("phone", "dark")]


@contextlib.contextmanager
def served(folder, furnish):
    """A portal on a free port with what `furnish` makes; gives its address."""
    app = databases.make_app(folder)
    with app.app_context():
        schema.upgrade()
        house.move_in(app.extensions["gantry_house"])
        factories.user("ada", is_admin=True)
        furnish()
        db.session.commit()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


def much():
    """Long names, and each kind of line that the pages have."""
    somebody = factories.user("w" * 40)
    somebody.name = "Wolfeschlegelsteinhausenbergerdorff the Third"
    stack = factories.stack(factories.project(LONG), LONG)
    place = factories.deployment(stack, factories.workspace(LONG))
    stories = (run_stories.UNCONFIRMED, run_stories.APPLYING, run_stories.FAILED_PLAN)
    for path in stories:
        run = run_stories.told(place, path, message=SAID, created_by_name=somebody.name)
        run.finished_at = clock.now() if run.state is RunState.FAILED else None
        run.error_text = f"Unsupported attribute {LONG}" if run.finished_at else None
    place.blocked_reason, place.blocked_at = "The worker was lost.", clock.now()
    for hours in range(30):
        factories.audit_event(
            actor_name=somebody.name,
            at=clock.now() - dt.timedelta(hours=hours),
            target_name=LONG,
            before={"auto_apply": False, "source": {"url": LONG * 3}},
            after={"auto_apply": True, "source": {"url": LONG * 3, "ref": LONG}},
        )


@pytest.fixture(scope="module", params=[much, lambda: None], ids=["much", "nothing"])
def ada(request, browser, tmp_path_factory):
    """`ada("/audit", "phone", "dark")` opens a page of a full or an empty portal, signed in."""
    with served(tmp_path_factory.mktemp("portal"), request.param) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{url}/sign-in")
        page.get_by_label("E-mail address").fill("ada@example.com")
        page.get_by_label("Password").fill(factories.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{url}/")
        keys = context.storage_state()
        context.close()

        def opened(path, size="wide", theme="light"):
            return shots.opened(browser, url + path, size, theme, storage_state=keys)

        yield opened


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("size", "theme"), LOOKS)
def test_a_page_has_no_violation_and_no_sideways_scroll(ada, path, size, theme):
    with ada(path, size, theme) as (page, problems):
        found = shots.violations(page)

        assert found == []
        assert [line for line in problems if "404" not in line] == []
        assert shots.overflow(page) == 0


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_words_of_a_chart_are_as_large_at_every_width(ada, size):
    with ada("/", size) as (page, _):
        sizes = page.evaluate(
            """[...document.querySelectorAll(".chart-scale li, .chart-days span")].map(
                 (one) => parseFloat(getComputedStyle(one).fontSize))"""
        )

        assert {round(each) for each in sizes} <= {11, 12}


def test_the_keyboard_goes_through_the_page_in_the_order_it_is_read(ada):
    with ada("/audit") as (page, _):
        tops = []
        page.locator("h1").focus()
        for _ in range(20):
            page.keyboard.press("Tab")
            tops += page.evaluate(
                """(() => { const at = document.activeElement;
                     return at.closest("#main") ? [at.getBoundingClientRect().top + scrollY] : [];
                   })()"""
            )

        rows = [round(top / 40) for top in tops]
        assert len(tops) > 5
        assert rows == sorted(rows)


def test_an_open_change_shows_each_value_before_and_after(ada, request):
    if "nothing" in request.node.name:
        pytest.skip("there are no events in an empty portal")
    with ada("/audit", "phone") as (page, _):
        page.locator(".audit-change > summary").first.click()

        assert page.locator(".audit-values").first.is_visible()
        assert re.search(r"auto_apply\s+no\s+yes", page.locator(".audit-values").first.inner_text())
        assert shots.overflow(page) == 0
