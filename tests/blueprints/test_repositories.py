"""Pages of repositories: integrations, a deployment's link, deliveries, and where they show."""

import re

import pytest

from models.base import db
from models.vcs import VcsIntegration, VcsLink
from services import stacks
from services.vcs import integrations
from tests.integrations.vcs import payloads
from tests.services.vcs.hub import TOKEN, FakeGit, Hub

FORM = {
    "project": "shop",
    "kind": "gitea",
    "name": "code",
    "base_url": "https://8.8.8.8",
    "token": TOKEN,
    "max_runs": "50",
}
PLACE = "/projects/shop/stacks/web/workspaces/staging"


@pytest.fixture
def alice(browse):
    return browse("alice")


@pytest.fixture
def hub(world):
    return Hub(world)


def only(table):
    db.session.expire_all()
    return db.session.scalars(db.select(table)).one()


@pytest.mark.parametrize("kind", ["github", "gitlab", "gitea", "git"])
def test_each_kind_has_its_form_and_its_page_with_how_it_is_set_up(alice, kind):
    form = alice.get(f"/integrations/new?project=shop&kind={kind}")
    made = alice.submit("/integrations/new", {**FORM, "kind": kind})

    assert "Token" in form.text
    row = only(VcsIntegration)
    assert TOKEN not in made.text
    assert (f"/hooks/vcs/{row.id}" in made.text) is (kind != "git")
    assert ("Copy the webhook secret now" in made.text) is (kind != "git")
    assert "Copy the webhook secret now" not in alice.get(f"/integrations/{row.id}").text


def test_a_refused_form_keeps_what_was_typed_but_never_a_secret(alice):
    page = alice.submit("/integrations/new", {**FORM, "base_url": "https://10.0.0.7"})

    assert page.status_code == 422
    assert "GANTRY_ALLOWED_HOSTS" in page.text
    assert 'value="code"' in page.text
    assert TOKEN not in page.text


def test_an_edit_keeps_secrets_that_are_left_empty_and_takes_away_what_is_ticked(alice, hub):
    url = f"/integrations/{hub.integration.id}"

    alice.submit(f"{url}/edit", {"max_runs": "7", "version": "1"})
    assert "token" in only(VcsIntegration).holds
    alice.submit(f"{url}/edit", {"max_runs": "7", "drop_token": "1", "version": "2"})
    assert "token" not in only(VcsIntegration).holds
    stale = alice.submit(f"{url}/edit", {"max_runs": "8", "version": "1"})
    assert (stale.status_code, "Look again" in stale.text) == (409, True)


def test_a_test_that_waits_asks_again_by_itself_and_shows_what_came(alice, hub):
    url = f"/integrations/{hub.integration.id}"

    waiting = alice.submit(f"{url}/test", {"repository": "team/infra"}, follow_redirects=True)
    assert f'hx-get="{url}/check"' in waiting.text
    integrations.checked(hub.integration.id, passed=False, text="The token is no good.")

    shown = alice.get(f"{url}/check").text
    assert "It does not work" in shown
    assert "hx-get" not in shown
    assert _timeless(shown).strip() in _timeless(alice.get(url).text)


def _timeless(text):
    return re.sub(r"<time.*?</time>", "", text)


def test_deleting_takes_the_typed_name_and_says_what_goes(alice, hub):
    hub.link()
    url = f"/integrations/{hub.integration.id}"

    assert "web in staging" in alice.get(f"{url}/delete").text
    assert alice.submit(f"{url}/delete", {"confirm": "wrong"}).status_code == 422
    assert alice.submit(f"{url}/delete", {"confirm": "github"}).status_code == 303
    assert db.session.scalars(db.select(VcsLink)).all() == []


def test_a_deployment_is_linked_and_unlinked_on_its_page(alice, hub):
    form = alice.get(f"{PLACE}/repository").text
    asked = {
        "integration": re.search(r'<option value="(\w{20})"', form)[1],
        "repository": "team/infra",
        "path": "web",
        "globs": "modules/**\n\n*.tfvars",
        "on_push": "preview",
        "on_pull_request": "1",
    }

    linked = alice.submit(f"{PLACE}/repository", asked, follow_redirects=True)

    link = only(VcsLink)
    assert (link.on_push, link.globs, link.allow_forks) == (
        "preview",
        ["modules/**", "*.tfvars"],
        False,
    )
    assert "Linked to team/infra" in linked.text
    assert "team/infra" in alice.get("/projects/shop/stacks/web").text
    wrong = alice.submit(f"{PLACE}/repository", {**asked, "repository": "infra"})
    assert (wrong.status_code, "called something like" in wrong.text) == (422, True)
    assert alice.submit(f"{PLACE}/repository/delete").status_code == 303
    assert db.session.scalars(db.select(VcsLink)).all() == []


def test_who_may_not_link_sees_the_link_and_no_form(browse, hub):
    empty = browse("dave").get(f"{PLACE}/repository").text
    hub.link(allow_forks=True)
    shown = browse("dave").get(f"{PLACE}/repository").text

    assert "Not linked to a repository" in empty
    assert "Linked to team/infra" in shown
    assert "Forks are previewed" in shown
    assert "Link repository" not in shown
    assert 'name="repository"' not in shown


def test_without_an_integration_the_way_on_is_offered(alice):
    assert "/integrations/new?project=shop" in alice.get(f"{PLACE}/repository").text


def test_deliveries_are_listed_with_what_came_of_them_and_run_anyway(alice, browse, hub):
    hub.link()
    assert "Nothing was delivered yet" in alice.get("/deliveries").text
    hub.push(modified=["web/a.tf"])
    hub.push(before=payloads.B, after=payloads.C, modified=["db/a.tf"])
    [run] = hub.runs()

    listed = alice.get(f"/deliveries?integration={hub.integration.id}&verdict=processed").text
    assert f"/runs/{run.id}" in listed
    assert listed.index("/deliveries/") > 0
    delivery = hub.outcomes()[-1].delivery_id
    page = browse("dave").get(f"/deliveries/{delivery}").text
    assert "No file below web changed." in page
    assert "Run it anyway" in page
    assert "Run it anyway" not in browse("vera").get(f"/deliveries/{delivery}").text

    place = {"project": "shop", "stack": "web", "workspace": "staging"}
    started = browse("dave").submit(f"/deliveries/{delivery}/run-anyway", place)
    assert started.status_code == 303
    assert "Run it anyway" not in browse("dave").get(f"/deliveries/{delivery}").text


def test_the_page_of_a_run_links_its_commit_and_its_pull_request(alice, hub):
    hub.link()
    hub.git = FakeGit(merged=["web/a.tf"])
    hub.pull("opened")
    [run] = hub.runs()

    page = alice.get(f"/runs/{run.id}").text

    assert "https://git.example.com/team/infra/commit/" + payloads.B in page
    assert 'href="https://git.example.com/team/infra/pull/7"' in page
    assert "from the repository team/infra, pull request #7" in page


def test_the_wizard_offers_the_link_and_takes_another_branch(alice, hub):
    hub.link()
    new = "/runs/new?project=shop&stack=web&workspace=staging"
    assert "Linked repository" in alice.get(new).text
    asked = {
        "project": "shop",
        "stack": "web",
        "workspace": "staging",
        "type": "preview",
        "source": "link",
        "link_ref": "feature",
        "go": "review",
    }

    review = alice.submit("/runs/new", asked)
    where = review.headers["Location"].replace("/review", "/create")
    assert "feature" in alice.get(review.headers["Location"]).text
    alice.submit(where)

    [run] = hub.runs()
    assert (run.source["kind"], run.source["ref"]) == ("vcs_link", "feature")
    assert run.source["url"] == "https://8.8.8.8/team/infra.git"


def test_the_wizard_does_not_offer_what_is_not_there(alice, hub):
    page = alice.get("/runs/new?project=shop&stack=web&workspace=staging").text

    assert "Linked repository" not in page


def test_a_stack_may_take_its_code_from_what_its_deployments_are_linked_to(alice, hub, world):
    row = world.stack
    form = {"engine": "terraform", "source": "link", "published": "1", "version": "1"}
    form |= {"cancel_grace_s": "30 m", "max_duration_s": "12 h", "silence_notice_s": "10 m"}

    saved = alice.submit("/projects/shop/stacks/web/settings", form)

    assert saved.status_code == 303, saved.text
    db.session.expire_all()
    assert stacks.get(world.alice, "shop", row.name).source == {"kind": "vcs_link", "ref": None}
    assert "what each deployment is linked to" in alice.get("/projects/shop/stacks/web").text
