"""From a push and a pull request to finished runs: a running portal, real git, a real engine.

The repository is served by http behind a password, as a service would.
"""

import pytest
from sqlalchemy import select

from models.base import db
from models.run import Run
from models.vcs import VcsDelivery
from services import deployments, stacks, workspaces
from services.access import SYSTEM, person
from services.transaction import transaction
from services.vcs import deliveries, integrations, links
from tests import factories
from tests.integrations.git.conftest import Repository, over_http
from tests.integrations.vcs import payloads
from tests.scheduler.waiting import eventually

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("portal-repositories")]

HELLO = 'output "hello" {\n  value = "%s"\n}\n'
TOKEN = "a-token-that-nobody-may-see"


@pytest.fixture(scope="module")
def portal_settings():
    return {"allowed_hosts": ("http://127.0.0.1",)}


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path)
    made.write("web/main.tf", HELLO % "one")
    made.commit("Begin")
    team = made.bare.parent / "team"
    team.mkdir()
    made.bare = made.bare.rename(team / "infra.git")
    return made


@pytest.fixture
def server(repository):
    with over_http(repository.bare.parent.parent, f"x-access-token:{TOKEN}") as http:
        yield http


@pytest.fixture
def linked(portal, server):
    """An integration whose repository is linked to a new stack in staging; (it, the stack)."""
    with transaction():
        stack = portal.stack(auto_apply=True)
        olga = factories.user(f"olga-of-{stack}", is_admin=True)
    owner = person(olga)
    made = integrations.create(
        owner,
        None,
        name=f"hub-of-{stack}",
        kind="github",
        base_url=server.url,
        token=TOKEN,
        webhook_secret=payloads.SECRET,
    )
    place = deployments.ensure(stacks.get(SYSTEM, "shop", stack), workspaces.get(SYSTEM, "staging"))
    db.session.commit()
    link = {"repository": "team/infra", "path": "web", "branch": "main"}
    links.put(owner, place, integration=made.integration.id, **link)
    return made.integration, stack


def run_of(integration, name, sent):
    """The run that a delivery starts, once the portal has dealt with it."""
    headers, body = payloads.github(name, sent)
    lower = {key.lower(): value for key, value in headers.items()}
    delivery_id = deliveries.accept(integration.id, lower, body).delivery_id

    def dealt_with():
        db.session.rollback()
        row = db.session.get_one(VcsDelivery, delivery_id, populate_existing=True)
        assert not row.reason or row.processed_at, row.reason
        return row.processed_at

    eventually(dealt_with, within_s=30)
    newest = select(Run).where(Run.trigger_kind == "vcs").order_by(Run.id.desc()).limit(1)
    return db.session.scalars(newest).one()


def test_a_push_applies_and_a_pull_request_previews_the_merge(portal, linked, repository):
    integration, _ = linked
    before = repository.git("rev-parse", "HEAD")
    repository.write("web/main.tf", HELLO % "two")
    after = repository.commit("Say two")

    push = payloads.push(before=before, after=after, modified=["web/main.tf"])
    applied = portal.settled(run_of(integration, "push", push))

    assert applied.state == "finished", (applied.error_text, portal.log(applied))
    assert portal.outputs(applied) == {"hello": "two"}
    assert (applied.pin["commit"], applied.pin["author_name"]) == (after, "Ada Lovelace")
    assert applied.created_by_name.startswith("Olga")

    repository.git("checkout", "--quiet", "-b", "feature", before)
    repository.write("web/more.tf", 'output "more" {\n  value = "yes"\n}\n')
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=Say more")
    head = repository.git("rev-parse", "HEAD")
    repository.push("feature")
    asked = payloads.pull_request("opened", head=head)
    preview = portal.settled(run_of(integration, "pull_request", asked))

    # Of the branch alone, the output would go back to what it was.
    assert preview.state == "finished", (preview.error_text, portal.log(preview))
    assert preview.changes["outputs"] == 1
    assert preview.pin["merge"]["base"] == after
    assert f"merged into main at {after[:12]}" in portal.log(preview)
    assert portal.traces_of(TOKEN) == []


def test_a_pull_request_that_conflicts_names_the_file(portal, linked, repository):
    integration, _ = linked
    repository.git("checkout", "--quiet", "-b", "other")
    repository.write("web/main.tf", HELLO % "theirs")
    repository.git("commit", "--quiet", "--all", "--message=Say theirs")
    head = repository.git("rev-parse", "HEAD")
    repository.push("other")
    repository.git("checkout", "--quiet", "main")
    repository.write("web/main.tf", HELLO % "ours")
    repository.commit("Say ours")

    asked = payloads.pull_request("opened", head=head, branch="other", number=8)
    run = portal.settled(run_of(integration, "pull_request", asked))

    assert (run.state, run.error_kind) == ("failed", "configuration")
    assert "conflict in “web/main.tf”" in run.error_text
