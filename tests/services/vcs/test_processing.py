"""What a push or a tag starts, once, and with whose rights."""

import pytest

from models.base import db
from models.member import Member
from models.outbox import OutboxMessage
from models.run import Run
from models.run_state import RunState, RunType
from models.user import User
from services import publishing
from services.errors import Invalid
from services.vcs import integrations, processing
from tests import factories
from tests.integrations.vcs import payloads
from tests.services.vcs.hub import A, B, C, D, FakeGit, Hub


def test_a_push_that_touches_the_path_starts_an_apply_with_the_rights_of_the_links_owner(
    hub, world
):
    line = hub.link()

    delivery = hub.push(modified=["web/a.tf"])

    [run] = hub.runs()
    assert (run.type, run.state, run.branch) == (RunType.APPLY, RunState.READY, "main")
    assert (run.trigger_kind, run.trigger_id) == ("vcs", line.link.id)
    assert run.trigger_name == "team/infra, push to main"
    assert (run.created_by_id, run.message) == (world.alice.id, "Raise the limits")
    assert run.source["commit"] == B
    assert (run.pin["commit"], run.pin["author_name"]) == (B, "Grace")
    assert (delivery.verdict, delivery.reason) == ("processed", "1 run started.")
    assert hub.git.asked == []


def test_deleted_files_count_and_files_elsewhere_do_not(hub, world):
    hub.link()

    hub.push(before=A, after=B, modified=["db/a.tf"])
    hub.push(before=B, after=C, removed=["web/a.tf"])

    assert [each.verdict for each in hub.outcomes()] == ["skipped", "started"]
    assert hub.reasons()[0] == "No file below web changed."
    assert [run.source["commit"] for run in hub.runs()] == [C]


def test_globs_add_to_the_path(hub):
    hub.link(globs=["modules/**/*.tf"])

    hub.push(modified=["modules/vpc/main.tf"])

    assert len(hub.runs()) == 1


def test_other_branches_and_repositories_start_nothing(hub):
    hub.link()

    elsewhere = hub.push(name="team/other", modified=["web/a.tf"])
    branch = hub.push(ref="refs/heads/feature", modified=["web/a.tf"])

    assert (elsewhere.verdict, "team/other" in elsewhere.reason) == ("ignored", True)
    assert branch.verdict == "processed"
    assert hub.reasons() == ["It follows main; this is feature."]
    assert hub.runs() == []


def test_an_empty_branch_is_the_repositorys_default(hub):
    hub.link(branch="")

    hub.push(modified=["web/a.tf"])

    assert len(hub.runs()) == 1


def test_a_forced_push_is_compared_by_git_and_runs_when_that_cannot_say(hub):
    hub.link()
    hub.git = FakeGit(tips={"refs/heads/main": B}, changed={(A, B): ("db/x.tf",)})

    hub.push(before=A, after=B, forced=True, modified=["db/x.tf"])
    assert hub.runs() == []
    hub.git = FakeGit(tips={"refs/heads/main": C})
    hub.push(before=B, after=C, forced=True, modified=["db/x.tf"])

    assert [run.source["commit"] for run in hub.runs()] == [C]


def test_a_new_branch_runs(hub):
    hub.link()

    hub.push(before=payloads.NOUGHT, after=B, modified=["db/x.tf"])

    assert len(hub.runs()) == 1


def test_more_commits_than_are_listed_are_compared_by_git(hub):
    hub.link()
    hub.git = FakeGit(changed={(A, B): ("db/x.tf", "web/deep/a.tf")})
    sent = payloads.push(modified=["db/x.tf"])
    sent["commits"] = sent["commits"] * 20

    hub.send(sent)
    hub.work()

    assert hub.git.asked == [("changed", A, B)]
    assert len(hub.runs()) == 1


def test_when_git_is_away_the_delivery_waits_and_is_given_up_in_the_end(hub, frozen_clock):
    hub.link()
    hub.git.is_down = True

    delivery = hub.push(forced=True)
    assert (delivery.verdict, delivery.reason) == ("pending", "git.example.com does not answer.")

    for _ in range(8):
        frozen_clock.advance(3600)
        hub.work()
    delivery = hub.delivery(delivery.id)
    assert (delivery.verdict, delivery.reason) == ("failed", "git.example.com does not answer.")


def test_what_was_missed_in_between_counts(hub):
    # The push that touched the path never came; the next one did not touch it.
    hub.link()
    hub.push(before=A, after=B, modified=["web/a.tf"])
    hub.git = FakeGit(tips={"refs/heads/main": D}, changed={(B, D): ("web/b.tf", "db/x.tf")})

    hub.push(before=C, after=D, modified=["db/x.tf"])

    assert [run.source["commit"] for run in hub.runs()] == [B, D]


def test_an_older_push_that_comes_late_starts_nothing(hub):
    hub.link()
    hub.push(before=B, after=C, modified=["web/a.tf"])
    hub.git = FakeGit(tips={"refs/heads/main": C})

    hub.push(before=A, after=B, modified=["web/a.tf"])

    assert [run.source["commit"] for run in hub.runs()] == [C]
    assert hub.reasons()[-1] == "A newer commit is on the branch by now."


def test_one_commit_told_twice_starts_one_run(hub):
    hub.link()

    hub.push(delivery="one", modified=["web/a.tf"])
    sent = payloads.push(modified=["web/a.tf"]) | {"told": "by a second webhook"}
    hub.send(sent, delivery="two")
    hub.work()

    assert len(hub.runs()) == 1
    assert hub.reasons() == ["", "This commit was dealt with already."]


def test_a_branch_set_back_runs_again(hub):
    hub.link()
    hub.push(before=A, after=B, modified=["web/a.tf"])
    hub.git = FakeGit(tips={"refs/heads/main": A}, changed={(B, A): ("web/a.tf",)})

    hub.push(before=B, after=A, forced=True)

    assert [run.source["commit"] for run in hub.runs()] == [B, A]


def test_a_link_may_preview_pushes_and_newer_ones_end_older_previews(hub):
    hub.link(on_push="preview")

    hub.push(before=A, after=B, modified=["web/a.tf"])
    hub.push(before=B, after=C, modified=["web/a.tf"])

    assert [run.state for run in hub.runs()] == [RunState.DISCARDED, RunState.READY]
    assert "a newer commit of main" in hub.runs()[0].result


def test_a_newer_push_leaves_applies_alone(hub):
    hub.link()

    hub.push(before=A, after=B, modified=["web/a.tf"])
    hub.push(before=B, after=C, modified=["web/a.tf"])

    assert [run.state for run in hub.runs()] == [RunState.READY, RunState.QUEUED]


def test_tags_by_pattern_start_an_apply_once(hub, world):
    hub.link(on_push="nothing", tags="v*")

    for number, tag in enumerate(["v1", "w1", "v1"]):
        sent = payloads.push(ref=f"refs/tags/{tag}", before=payloads.NOUGHT) | {"nr": number}
        hub.send(sent)
        hub.work()

    [run] = hub.runs()
    assert (run.type, run.branch, run.trigger_name) == (RunType.APPLY, "v1", "team/infra, tag v1")
    assert hub.reasons() == [
        "",
        "It takes tags like v*.",
        "Run 1 was started for this already.",
    ]


def test_above_the_limit_nothing_is_created_and_the_commit_says_why(world):
    hub = Hub(world, max_runs=1)
    hub.link()
    hub.link(world.prod)

    delivery = hub.push(modified=["web/a.tf"])

    assert hub.runs() == []
    assert delivery.reason == "This would start 2 runs; one event may start 1."
    assert [each.verdict for each in hub.outcomes()] == ["refused", "refused"]
    [message] = db.session.scalars(db.select(OutboxMessage)).all()
    assert (message.kind, message.payload["reason"]) == ("vcs_status", delivery.reason)


def test_the_limit_is_500_at_most(world):
    with pytest.raises(Invalid, match="500"):
        Hub(world, max_runs=501)


def test_a_draft_is_previewed_for_pull_requests_and_started_by_nothing_else(hub, world):
    hub.link()
    publishing.unpublish(world.alice, world.stack)
    hub.git = FakeGit(merged=["web/a.tf"])

    hub.push(modified=["web/a.tf"])
    hub.pull("opened")

    assert [run.type for run in hub.runs()] == [RunType.PREVIEW]
    assert "is a draft" in hub.reasons()[0]


def test_an_owner_who_may_no_longer_starts_nothing(hub, world):
    hub.link()
    db.session.execute(
        db.delete(Member).where(
            Member.user_id == world.people["alice"].id, Member.workspace_id == world.staging.id
        )
    )
    db.session.commit()

    hub.push(modified=["web/a.tf"])

    assert hub.runs() == []
    assert [each.verdict for each in hub.outcomes()] == ["refused"]


def test_an_owner_who_is_gone_starts_nothing(hub, world):
    hub.link()
    db.session.get(User, world.alice.id).is_active = False
    db.session.commit()

    hub.push(modified=["web/a.tf"])

    assert hub.runs() == []
    assert "is not here any more" in hub.reasons()[0]


def test_what_was_started_is_not_started_again_when_dealing_with_it_broke_off(hub, world):
    hub.link()
    hub.link(world.prod)
    accepted = hub.send(payloads.push(modified=["web/a.tf"]))
    processing.take()
    processing.process(accepted.delivery_id, hub.git)
    row = hub.delivery(accepted.delivery_id)
    row.verdict = "pending"
    db.session.commit()
    last = hub.outcomes()[-1]
    db.session.execute(db.delete(Run).where(Run.id == last.run_id))
    db.session.delete(last)
    db.session.commit()
    for link in hub.links():
        if link.workspace_id == world.prod.id:
            link.seen_sha = A
    db.session.commit()

    processing.process(accepted.delivery_id, hub.git)

    assert [run.workspace_name for run in hub.runs()] == ["staging", "prod"]


def test_a_stack_elsewhere_is_not_concerned(hub, world):
    other = factories.stack(world.project, "other")
    db.session.commit()
    hub.link(stack=other, path="other")

    hub.push(modified=["web/a.tf"])

    assert hub.runs() == []
    assert integrations.get(world.vera, hub.integration.id).name == "github"
