"""An owner makes an integration, tests it and links a deployment; pushes come, and pages tell."""

import contextlib
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.integrations.git.conftest import Repository, over_http
from tests.integrations.vcs import payloads
from tests.journeys import eyes
from tests.scheduler import forge as forges


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A Gitea on the loopback, with team/infra of which `web` is the code of a stack."""
    made = Repository(tmp_path_factory.mktemp("hub"))
    made.write("web/main.tf", 'output "hello" {\n  value = "one"\n}\n')
    made.commit("Begin")
    team = made.bare.parent / "team"
    team.mkdir()
    made.bare = made.bare.rename(team / "infra.git")
    with contextlib.ExitStack() as stack:
        forge = stack.enter_context(forges.serve("gitea"))
        git = stack.enter_context(over_http(team.parent, f"gantry:{forges.TOKEN}"))
        yield Hub(made, forge, git)
        assert forge.problems == []


class Hub:
    """The service, and somebody who pushes to it."""

    def __init__(self, repository, forge, git):
        self.repository, self.forge, self.git = repository, forge, git
        self.hook = self.secret = ""

    def push(self, path, text, message):
        """Commit a file, push, and tell the portal as Gitea would."""
        before = self.repository.git("rev-parse", "HEAD")
        self.repository.write(path, text)
        after = self.repository.commit(message)
        sent = payloads.push(before=before, after=after, modified=[path], message=message)
        headers, body = payloads.gitea("push", sent, secret=self.secret)
        request = urllib.request.Request(self.hook, data=body, headers=headers)  # noqa: S310 - the portal of this test
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            assert answer.status == 202


def test_pushes_start_runs_and_their_page_tells_which_and_why_not(page_as, house, hub, shot):
    place = house.place("pushed", published=True, auto_apply=True)
    page = page_as("alice")
    _make_integration(page, place, hub, shot)
    _link(page, place, hub, shot)

    hub.push("web/main.tf", 'output "hello" {\n  value = "two"\n}\n', "Say two")

    started = _delivery(page, "Say two")
    expect(started).to_contain_text("started", timeout=30_000)
    expect(started).to_contain_text("Finished", timeout=60_000)
    shot(page, "delivery")
    eyes.check(page)
    assert [status[2] for status in hub.forge.statuses][-1] == "success"
    page.goto(place.url)
    expect(page.locator("main")).to_contain_text("team/infra: a push to main starts an apply")
    eyes.check(page)

    hub.push("db/main.tf", "# nothing of the web\n", "Elsewhere")

    skipped = _delivery(page, "Elsewhere")
    expect(skipped).to_contain_text("No file below web changed", timeout=30_000)
    shot(page, "delivery-skipped")
    page.get_by_role("button", name="Run it anyway").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Apply of web in pushed")
    expect(page.locator("main")).to_contain_text("Elsewhere")
    page.goto("/deliveries")
    expect(page.locator("#deliveries tbody tr")).to_have_count(2)
    shot(page, "deliveries")
    eyes.check(page)


def _make_integration(page, place, hub, shot):
    page.goto(f"{place.project_url}/integrations")
    expect(page.locator("main")).to_contain_text("No integration")
    shot(page, "integrations-empty")
    eyes.check(page)
    page.get_by_role("link", name="New integration").first.click()
    page.get_by_role("link", name="Gitea or Forgejo").click()
    page.get_by_role("textbox", name="Name").fill("forge")
    page.get_by_label("Address", exact=True).fill(hub.forge.url)
    page.get_by_label("Token").fill(forges.TOKEN)
    page.locator("summary", has_text="Another address for git").click()
    page.get_by_label("Address for git").fill(hub.git.url)
    shot(page, "integration-form")
    eyes.check(page)
    page.get_by_role("button", name="Create integration").click()
    expect(page.get_by_text("Copy the webhook secret now")).to_be_visible()
    shot(page, "integration-new")
    eyes.check(page)
    hub.secret = page.locator(".callout .code-line code").inner_text()
    hub.hook = page.locator(".setup .code-line code").first.inner_text()

    page.get_by_label("Repository to look at, too").fill("team/infra")
    page.get_by_role("button", name="Test", exact=True).click()

    expect(page.locator("#check")).to_contain_text("knows the token as gantry-bot", timeout=30_000)
    expect(page.locator("#check")).to_contain_text("git reads team/infra: 1 branch")
    shot(page, "integration-tested")
    eyes.check(page)


def _link(page, place, hub, shot):
    page.goto(f"{place.url}/repository")
    page.get_by_role("textbox", name="Repository").fill("team/infra")
    page.get_by_role("textbox", name="Branch").fill("main")
    page.get_by_role("textbox", name="Directory").fill("web")
    page.get_by_role("button", name="Link repository").click()
    expect(page.locator("main")).to_contain_text("Linked to team/infra")
    shot(page, "repository-linked")
    eyes.check(page)


def _delivery(page, title):
    """The page of a delivery; gives the table of what came of it."""
    page.goto("/deliveries")
    page.get_by_role("link", name=title).click()
    return page.locator("main")
