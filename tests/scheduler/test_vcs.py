"""Repositories by those who ask git and services: real repositories, and fakes of the services."""

from dataclasses import replace

import pytest

from integrations.git import Git
from lib import clock, net
from models.base import db
from models.outbox import OutboxMessage
from models.run_state import RunState
from models.vcs import VcsComment, VcsIntegration, VcsRepository, VcsRun
from scheduler import outbox as post
from scheduler import vcs
from scheduler.execution.site import Site
from services import house, outbox
from services.access import SYSTEM
from services.runs import moves
from services.transaction import transaction
from services.vcs import deliveries, integrations, links
from tests.integrations.git.conftest import Repository
from tests.integrations.vcs import payloads
from tests.scheduler import forge as forges
from tests.services.vcs.hub import B, FakeGit, Hub

KINDS = ("github", "gitlab", "gitea")


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path)
    made.write("web/main.tf", "# web\n")
    made.write("db/main.tf", "# db\n")
    made.commit("Begin")
    return made


@pytest.fixture
def allowed(app, tmp_path):
    """A house that may ask the loopback, and read the test's repositories."""
    before = house.house()
    hosts = ("http://127.0.0.1", f"file://{tmp_path / 'served'}")
    house.move_in(replace(before, allowed_hosts=hosts))
    yield hosts
    house.move_in(before)


@pytest.fixture
def site(app, tmp_path, allowed):
    git = Git(allowed=net.AllowedHosts.parse(allowed), timeout_s=20)
    return Site(data_dir=tmp_path, engines={}, spawner=None, unit=app.app_context, git=git)


@pytest.fixture(params=KINDS)
def forge(request, allowed):
    with forges.serve(request.param) as serving:
        yield serving
        assert serving.problems == []


@pytest.fixture
def github(allowed):
    with forges.serve("github") as serving:
        yield serving
        assert serving.problems == []


def hub_of(world, forge, **settings):
    hub = Hub(world, forge.kind, base_url=forge.url, **settings)
    hub.git = FakeGit(merged=["web/a.tf"])
    return hub


def previewed(world, forge):
    """A pull request's preview, as its hub has started it."""
    hub = hub_of(world, forge)
    hub.link()
    sent = {
        "github": lambda: hub.pull("opened"),
        "gitea": lambda: hub.pull("opened"),
        "gitlab": lambda: _merge_request(hub),
    }
    sent[forge.kind]()
    [run] = hub.runs()
    return hub, run


def _merge_request(hub):
    headers, body = payloads.gitlab(payloads.merge_request("open"))
    deliveries.accept(hub.integration.id, {k.lower(): v for k, v in headers.items()}, body)
    hub.work()


def deliver(site):
    while post.deliver(site):
        pass
    db.session.rollback()


def ended(run, state=RunState.FINISHED, **facts):
    """Take a run to an end as its worker would."""
    with transaction():
        held = moves.for_update(run.id)
        held.state = RunState.PLANNING
        for name, value in facts.items():
            setattr(held, name, value)
        moves.move(held, state, SYSTEM.mark("done"))


def test_a_commit_is_marked_and_a_pull_request_gets_one_comment(world, site, forge):
    _, run = previewed(world, forge)

    deliver(site)

    [status] = forge.statuses
    assert status[:3] == (B, "gantry/shop/web/staging", "pending")
    assert status[4].endswith(f"/runs/{run.id}")
    [text] = forge.comments.values()
    assert "shop/web in staging" in text
    assert f"/runs/{run.id}" in text

    counts = {"add": 1, "change": 2, "destroy": 0}
    ended(run, changes=counts)
    deliver(site)

    assert forge.statuses[-1][2:4] == ("success", "Preview: 1 to add, 2 to change.")
    [text] = forge.comments.values()
    assert "1 to add, 2 to change" in text
    assert db.session.get_one(VcsRun, run.id).told.startswith("success")


def test_a_failure_is_told_with_its_sentence_and_without_markup(world, site, github):
    _, run = previewed(world, github)

    ended(run, RunState.FAILED, error_text="No <b>image</b> | @team `x`", error_kind="engine")
    deliver(site)

    assert github.statuses[-1][2] == "failure"
    [text] = github.comments.values()
    assert "<b>" not in text
    assert "@team" not in text
    assert text.count("|") - text.count("\\|") == 15


@pytest.mark.both_databases
def test_nothing_is_told_twice(world, site, github):
    previewed(world, github)
    deliver(site)
    calls = len(github.calls)
    db.session.execute(db.update(OutboxMessage).values(delivered_at=None))
    db.session.commit()

    deliver(site)

    assert len(github.calls) == calls


def test_a_comment_written_before_a_crash_is_found_again_by_its_marker(world, site, github):
    previewed(world, github)
    github.comments["999"] = "something of somebody else's"
    deliver(site)
    db.session.execute(db.delete(VcsComment))
    db.session.execute(db.update(OutboxMessage).values(delivered_at=None))
    db.session.commit()

    deliver(site)

    assert len(github.comments) == 2


def test_a_comment_that_somebody_deleted_is_written_again(world, site, github):
    _, run = previewed(world, github)
    deliver(site)
    github.comments.clear()

    ended(run, changes={"add": 1})
    deliver(site)

    assert len(github.comments) == 1


def test_a_service_that_fails_is_asked_again_and_that_is_seen(world, site, github, frozen_clock):
    hub, run = previewed(world, github)
    github.refuse = 401

    deliver(site)

    assert "the token is not (or no longer) good" in db.session.get_one(VcsRun, run.id).problem
    integration = db.session.get_one(VcsIntegration, hub.integration.id)
    assert "GitHub did not take" in integration.report_problem

    github.refuse = 0
    frozen_clock.advance(60)
    deliver(site)

    db.session.expire_all()
    assert [status[2] for status in github.statuses] == ["pending"]
    assert db.session.get_one(VcsRun, run.id).problem == ""
    assert integration.report_problem == ""


def test_the_newest_state_wins_whatever_message_comes_last(world, site, github):
    _, run = previewed(world, github)
    ended(run, changes={"add": 1})

    deliver(site)

    assert [status[2] for status in github.statuses] == ["success"]


def test_above_the_limit_the_commit_says_why(world, site, github):
    hub = hub_of(world, github, max_runs=1)
    hub.link()
    hub.link(world.prod)

    hub.push(modified=["web/a.tf"])
    deliver(site)

    [status] = github.statuses
    assert status[:3] == (B, "gantry", "error")
    assert "would start 2 runs" in status[3]


def test_a_test_of_an_integration_really_asks(world, site, github, repository):
    hub = hub_of(world, github, clone_url=f"file://{repository.bare.parent}")
    row = hub.integration
    (repository.bare.parent / "team").mkdir()
    repository.bare.rename(repository.bare.parent / "team" / "infra.git")
    db.session.commit()

    integrations.want_check(world.alice, row, "team/infra")
    assert vcs.attend(site)

    row = db.session.get_one(VcsIntegration, row.id, populate_existing=True)
    assert row.check_passed, row.check_text
    assert "GitHub knows the token as gantry-bot." in row.check_text
    assert "git reads team/infra: 1 branch, the default one is main." in row.check_text
    assert not vcs.attend(site)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"refuse": 401}, "the token is not (or no longer) good (401)"),
        ({"may_push": False}, "not set the status of its commits"),
    ],
)
def test_a_test_that_fails_says_what_to_do(world, site, github, trouble, said):
    hub = hub_of(world, github)
    for name, value in trouble.items():
        setattr(github, name, value)

    integrations.want_check(world.alice, hub.integration, "team/infra")
    vcs.attend(site)

    row = db.session.get_one(VcsIntegration, hub.integration.id, populate_existing=True)
    assert row.check_passed is False
    assert said in row.check_text


def test_a_service_that_does_not_answer_is_named(world, site, allowed):
    hub = Hub(world, base_url="http://127.0.0.1:9")

    integrations.want_check(world.alice, hub.integration)
    vcs.attend(site)

    row = db.session.get_one(VcsIntegration, hub.integration.id, populate_existing=True)
    assert "did not answer" in row.check_text


@pytest.fixture
def plain(world, repository, allowed):
    """Plain git, polled; the world's stack linked to its web directory."""
    made = integrations.create(
        world.alice,
        world.project,
        name="plain",
        kind="git",
        base_url=f"file://{repository.bare.parent}",
    )
    line = links.put(
        world.alice,
        world.deployment(),
        integration=made.integration.id,
        repository="stack.git",
        path="web",
        tags="v*",
    )
    return Plain(world, line)


class Plain(Hub):
    """A hub whose git is the real one, looked at by polling."""

    def __init__(self, world, line):
        self.world, self.line = world, line

    def poll(self, site):
        row = db.session.get_one(VcsRepository, self.line.repository.id, populate_existing=True)
        row.next_poll_at = row.polled_at or self.line.link.created_at
        db.session.commit()
        assert vcs.look_around(site)
        while vcs.attend(site):
            pass
        db.session.rollback()

    def repository(self):
        return db.session.get_one(VcsRepository, self.line.repository.id, populate_existing=True)


@pytest.mark.both_databases
def test_polling_learns_first_and_starts_what_changed_after(plain, site, repository):
    plain.poll(site)
    assert plain.runs() == []

    repository.write("db/main.tf", "# another\n")
    repository.commit("Elsewhere")
    plain.poll(site)
    repository.write("web/main.tf", "# another\n")
    sha = repository.commit("Raise the limits")
    plain.poll(site)
    plain.poll(site)

    [run] = plain.runs()
    assert (run.source["commit"], run.branch) == (sha, "main")
    assert run.source["url"] == repository.url
    assert [each.verdict for each in plain.outcomes()] == ["skipped", "started"]


def test_polling_finds_new_tags(plain, site, repository):
    plain.poll(site)
    repository.git("tag", "--annotate", "v1", "--message=one")
    repository.git("tag", "w1")
    repository.push("v1", "w1")

    plain.poll(site)

    [run] = plain.runs()
    assert (run.branch, run.source["commit"]) == ("v1", repository.git("rev-parse", "HEAD"))


def test_polling_backs_off_while_a_repository_is_away(frozen_clock, plain, site, repository):
    plain.poll(site)
    away = repository.bare.rename(repository.bare.with_name("away.git"))
    pauses = []
    for _ in range(4):
        plain.poll(site)
        pauses.append((plain.repository().next_poll_at - clock.now()).total_seconds())

    assert "no repository" in plain.repository().problem
    assert pauses == sorted(pauses)
    assert 90 < pauses[0] < 150
    assert pauses[-1] > 700
    away.rename(repository.bare)
    plain.poll(site)
    assert (plain.repository().problem, plain.repository().failures) == ("", 0)


def test_a_commit_that_a_webhook_told_of_starts_nothing_when_polled(
    world, site, repository, allowed
):
    (repository.bare.parent / "team").mkdir()
    hub = Hub(world, poll_every_s=60)
    hub.integration.clone_url = f"file://{repository.bare.parent}"
    db.session.commit()
    repository.bare = repository.bare.rename(repository.bare.parent / "team" / "infra.git")
    plain = Plain(world, hub.link())
    plain.poll(site)
    before = repository.git("rev-parse", "HEAD")
    repository.write("web/main.tf", "# another\n")
    after = repository.commit("Raise the limits")

    hub.push(before=before, after=after, modified=["web/main.tf"])
    plain.poll(site)

    [run] = hub.runs()
    assert run.source["commit"] == after
    assert [each.reason for each in hub.outcomes()] == [
        "",
        "This commit was dealt with already.",
    ]


def test_a_message_for_a_run_that_is_gone_is_no_trouble(world, site, github):
    with transaction():
        outbox.put("vcs_status", "gone", {"run": "0" * 20})
        outbox.put("vcs_comment", "gone", {"repository": "0" * 20, "number": 1})

    deliver(site)

    assert github.calls == []
