"""What is ahead of a deployment by itself, as its page says it."""

import pytest

from models.base import db
from services import ahead, drift, schedules, stacks, ttl
from tests.services.schedules.calendar import make
from tests.services.states.shelf import applied
from tests.services.vcs.hub import Hub

pytestmark = pytest.mark.usefixtures("frozen_clock")  # Saturday, 21 November 2026, noon
URL = "/projects/shop/stacks/web/workspaces/staging"


@pytest.fixture
def place(world):
    applied(world, 1)
    db.session.commit()
    return world.deployment()


def test_the_next_schedule_comes_first_and_paused_ones_last(world, place):
    make(world.dave, name="daily", cron="0 3 * * *")
    make(world.dave, name="hourly", cron="0 * * * *")
    schedules.pause(world.dave, make(world.dave, name="often", every="1 minute"))

    found = ahead.of(world.vera, place)

    assert [row.name for row in found.runs] == ["hourly", "daily", "often"]
    assert (found.check, found.destroy, found.link) == (None, None, None)


def test_the_page_of_a_deployment_says_all_of_it(world, place, browse):
    stacks.edit(world.alice, world.stack, {"published": True})
    make(world.dave, name="hourly", cron="0 * * * *")
    make(world.dave, name="daily", cron="0 3 * * *")
    drift.watch(world.dave, place, every="2 hours", reconcile=True)
    ttl.put(world.dave, place, at="2026-11-28T18:00", timezone="Europe/Berlin")
    Hub(world).link()

    text = browse("vera").get(URL).text

    assert "by <a href=" in text
    assert ">hourly</a>" in text
    assert "1 more schedule" in text
    assert "what has drifted is put right" in text
    assert "Sat 28 Nov 2026, 18:00 CET" in text
    assert "team/infra</a>: a push to main starts an apply, a pull request a preview" in text
    assert "The stack is a draft" not in text


def test_of_a_draft_it_says_that_nothing_of_it_starts(world, place, browse):
    make(world.dave, name="hourly", cron="0 * * * *")
    stacks.edit(world.alice, world.stack, {"published": False})

    assert "until it is published, nothing of this starts" in browse("vera").get(URL).text


def test_where_nothing_starts_by_itself_only_who_may_is_offered_to_change_that(
    world, place, browse
):
    viewer, owner = browse("vera").get(URL).text, browse("alice").get(URL).text

    assert "Nothing starts here by itself." in viewer
    assert "link a repository" not in viewer
    assert "add a schedule" in owner
    assert "link a repository" in owner
