"""What a person makes of an event that started nothing, and links as the source of runs."""

import pytest

from models.base import db
from models.run_state import RunState, RunType
from models.vcs import VcsRun
from services import runs
from services.errors import Conflict, Forbidden, Invalid
from services.vcs import links, starting
from tests.services.vcs.hub import B, C, D, FakeGit


def test_a_skipped_event_is_run_anyway_by_a_person_once(hub, world):
    hub.link()
    delivery = hub.push(modified=["db/a.tf"])
    deployment = world.deployment()

    with pytest.raises(Forbidden):
        starting.run_anyway(world.vera, delivery.id, deployment)
    run = starting.run_anyway(world.dave, delivery.id, deployment)

    assert (run.created_by_name, run.trigger_kind, run.source["commit"]) == ("Dave", "manual", B)
    [outcome] = hub.outcomes()
    assert (outcome.verdict, outcome.run_id, outcome.by_name) == ("run_anyway", run.id, "Dave")
    with pytest.raises(Conflict):
        starting.run_anyway(world.dave, delivery.id, deployment)


def test_a_refused_fork_is_run_anyway_against_the_branch_as_it_is_then(hub, world):
    hub.link()
    delivery = hub.pull("opened", fork="mallory/infra")

    run = starting.run_anyway(world.dave, delivery.id, world.deployment())

    assert run.type is RunType.PREVIEW
    assert run.source["merge"]["base"] == ""


def test_a_run_repeats_with_the_merge_it_was_pinned_to(hub, world):
    hub.link()
    hub.git = FakeGit(merged=["web/a.tf"], base=D)
    hub.pull("opened")
    [run] = hub.runs()
    run.state = RunState.FINISHED
    run.pin = {**run.pin, "merge": {**run.source["merge"], "base": C}}
    db.session.commit()

    again = runs.rerun(world.dave, run.id)

    assert again.source["merge"]["base"] == C
    assert again.source["commit"] == B
    assert db.session.get_one(VcsRun, again.id).pull == 7


def test_runs_of_a_link_as_source_are_placed_when_they_are_made(hub, world):
    hub.link(branch="trunk")
    request = runs.NewRun(
        project="shop",
        stack="web",
        workspace="staging",
        type=RunType.PREVIEW,
        source={"kind": "vcs_link"},
    )
    run = runs.create(world.dave, request)

    assert run.source["url"] == "https://8.8.8.8/team/infra.git"
    assert (run.source["ref"], run.source["path"]) == ("trunk", "web")
    links.remove(world.alice, world.deployment())
    assert run.source["ref"] == "trunk"


def test_a_link_as_source_is_refused_where_there_is_none(world):
    request = runs.NewRun(
        project="shop",
        stack="web",
        workspace="staging",
        type=RunType.PREVIEW,
        source={"kind": "vcs_link"},
    )

    with pytest.raises(Invalid, match="not linked to a repository"):
        runs.create(world.dave, request)
    assert "source.kind" in runs.objections(world.dave, request)


def test_nobody_slips_an_address_of_their_own_into_a_link(hub, world):
    hub.link()
    source = {"kind": "vcs_link", "integration": hub.integration.id, "url": "https://8.8.8.8/x"}
    request = runs.NewRun(
        project="shop", stack="web", workspace="staging", type=RunType.PREVIEW, source=source
    )

    with pytest.raises(Invalid, match="no such field"):
        runs.create(world.dave, request)
