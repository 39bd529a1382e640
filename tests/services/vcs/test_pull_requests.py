"""What a pull request starts: previews of the merge, the newest one, forks by leave alone."""

from lib import ids
from models.base import db
from models.run_state import RunState, RunType
from models.vcs import VcsRun
from tests.services.vcs.hub import B, C, D, FakeGit


def test_a_pull_request_is_previewed_as_merged(hub):
    hub.link()
    hub.git = FakeGit(merged=["web/a.tf"], base=D)

    hub.pull("opened")

    [run] = hub.runs()
    assert (run.type, run.branch, run.message) == (
        RunType.PREVIEW,
        "feature",
        "#7 Raise the limits",
    )
    merge = {"base": D, "head": B, "branch": "main", "ref": "refs/pull/7/merge"}
    assert run.source["merge"] == merge
    assert run.source["pull_request"]["number"] == 7
    told = db.session.get_one(VcsRun, run.id)
    assert (told.pull, told.sha, told.base) == (7, B, "main")


def test_a_newer_commit_ends_the_older_preview_at_work_by_a_cancel(hub):
    hub.link()
    hub.git = FakeGit(merged=["web/a.tf"])
    hub.pull("opened", head=B)
    [run] = hub.runs()
    run.state, run.worker_id = RunState.PLANNING, ids.new_id()
    db.session.commit()

    hub.pull("synchronize", head=C)

    first, second = hub.runs()
    assert first.cancel_requested_at is not None
    assert "a newer commit of feature" in first.cancel_requested_by
    assert second.source["commit"] == C


def test_closing_ends_previews_and_reopening_begins_again(hub):
    hub.link()
    hub.git = FakeGit(merged=["web/a.tf"])
    hub.pull("opened")

    closed = hub.pull("closed")
    assert [run.state for run in hub.runs()] == [RunState.DISCARDED]
    assert closed.reason == "The pull request was closed. 1 preview was stopped."

    hub.pull("reopened")
    assert [run.state for run in hub.runs()] == [RunState.DISCARDED, RunState.READY]


def test_the_same_commit_of_a_pull_request_is_previewed_once(hub):
    hub.link()
    hub.git = FakeGit(merged=["web/a.tf"])

    hub.pull("opened")
    hub.pull("synchronize")

    assert len(hub.runs()) == 1
    assert hub.reasons()[-1] == "Run 1 was started for this commit already."


def test_an_older_commit_of_a_pull_request_that_comes_late_is_passed_over(hub):
    hub.link()
    hub.git = FakeGit(tips={"refs/pull/7/head": C}, merged=["web/a.tf"])

    hub.pull("synchronize", head=C)
    hub.pull("opened", head=B)

    assert [run.source["commit"] for run in hub.runs()] == [C]
    assert hub.reasons()[-1] == "A newer commit is in the pull request by now."


def test_forks_are_refused_unless_the_link_allows_them(hub, world):
    hub.link()
    hub.link(world.prod, allow_forks=True)
    hub.git = FakeGit(merged=["web/a.tf"])

    hub.pull("opened", fork="mallory/infra")

    assert [run.workspace_name for run in hub.runs()] == ["prod"]
    refused = [each for each in hub.outcomes() if each.verdict == "refused"]
    assert ["mallory/infra" in each.reason for each in refused] == [True]


def test_pull_requests_into_other_branches_or_elsewhere_start_nothing(hub, world):
    hub.link()
    hub.link(world.prod, on_pull_request=False)
    hub.git = FakeGit(merged=["db/a.tf"])

    hub.pull("opened", base="release")
    hub.pull("opened", number=8)

    assert hub.runs() == []
    assert set(hub.reasons()) == {
        "It is to go into release; it follows main.",
        "Pull requests start nothing here.",
        "No file below web changed.",
    }
