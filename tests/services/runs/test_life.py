"""A run's life as its verbs tell it, on both databases, without any process."""

import pytest
from sqlalchemy import select

from models.base import db
from models.project import Deployment
from models.run_content import PlanUse
from models.run_history import RunHistory
from models.run_state import RunState, RunType
from services import runs
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.runs import work
from tests.services.runs.workshop import ask, claim, hire, holder, now, planned, states

S = RunState


def test_a_preview_is_ready_at_once_and_takes_no_lock(world):
    run = ask(world.dave, "preview")

    assert now(run).state is S.READY
    assert holder(run) is None


def test_an_apply_with_changes_waits_for_a_person_and_keeps_the_lock(world):
    run = ask(world.dave)

    planned(claim(hire()))

    assert now(run).state is S.UNCONFIRMED
    assert holder(run) == run.id
    assert now(run).worker_id is None


def test_an_apply_without_changes_finishes_and_frees_the_lock(world):
    run = ask(world.dave)

    planned(claim(hire()), has_changes=False)

    assert now(run).state is S.FINISHED
    assert "No changes" in now(run).result
    assert holder(run) is None


def test_a_confirmed_plan_is_burned_before_its_apply_and_only_once(world):
    run, worker = ask(world.dave), hire()
    planned(claim(worker))
    runs.confirm(world.dave, run.id, plan_sha256="ab" * 32)

    held = claim(worker, holds_directory=True)

    assert now(run).state is S.APPLYING
    use = db.session.scalars(select(PlanUse)).one()
    assert (use.run_id, use.epoch) == (run.id, held.epoch)
    with pytest.raises(Conflict):
        work.burn(held)


def test_a_confirmed_run_whose_directory_is_gone_is_prepared_again_and_then_burned(world):
    run, worker = ask(world.dave), hire()
    planned(claim(worker))
    runs.confirm(world.dave, run.id)

    held = claim(worker)
    work.enter(held, S.INITIALIZING)
    work.burn(held)

    assert states(run)[-4:] == [S.CONFIRMED, S.PREPARING, S.INITIALIZING, S.APPLYING]
    assert db.session.scalars(select(PlanUse)).one().run_id == run.id


def test_auto_apply_burns_its_plan_in_the_same_move(world):
    run = ask(world.dave, auto_apply=True)

    planned(claim(hire()))

    assert now(run).state is S.APPLYING
    assert db.session.scalars(select(PlanUse)).one().run_id == run.id


def test_a_report_of_a_worker_that_lost_the_run_is_refused(world):
    run, worker = ask(world.dave, "preview"), hire()
    late = claim(worker)
    work.lose(run.id)
    fresh = claim(hire("other"))

    with pytest.raises(work.Fenced):
        work.enter(late, S.INITIALIZING)

    assert now(run).claim_epoch == fresh.epoch
    assert now(run).state is S.PREPARING


def test_a_run_lost_before_it_changed_anything_starts_again_three_times(world):
    run = ask(world.dave, "preview")

    for _ in range(4):
        claim(hire())
        work.lose(run.id)

    assert now(run).state is S.FAILED
    assert states(run).count(S.READY) == 4


def test_a_run_lost_while_applying_fails_blocks_its_deployment_and_is_never_started_again(world):
    run, worker = ask(world.dave, auto_apply=True), hire()
    planned(claim(worker))
    waiting = ask(world.dave)

    work.lose(run.id)

    assert now(run).state is S.FAILED
    assert now(run).error_text == "Worker lost, state unknown."
    assert now(run).error_kind == "worker"
    assert holder(run) is None
    assert now(waiting).state is S.QUEUED
    assert runs.waiting_on(now(waiting)).kind == "blocked"
    assert claim(worker) is None


def test_previews_go_on_while_a_deployment_is_blocked(world):
    run, worker = ask(world.dave, auto_apply=True), hire()
    planned(claim(worker))
    work.lose(run.id)

    preview = ask(world.dave, "preview")

    assert now(preview).state is S.READY


def test_confirming_another_plan_than_the_one_seen_is_refused(world):
    run = ask(world.dave)
    planned(claim(hire()))

    with pytest.raises(Conflict, match="not this run's plan"):
        runs.confirm(world.dave, run.id, plan_sha256="cd" * 32)

    assert now(run).state is S.UNCONFIRMED


def test_confirming_an_outdated_plan_is_refused_and_plan_again_replaces_it(world):
    run = ask(world.dave)
    planned(claim(hire()))
    db.session.get_one(Deployment, run.deployment_id).current_state_id = "another"
    db.session.commit()

    with pytest.raises(Conflict, match="outdated"):
        runs.confirm(world.dave, run.id)
    again = runs.plan_again(world.dave, run.id)

    assert now(run).state is S.DISCARDED
    assert (now(again).state, again.rerun_of_id) == (S.READY, run.id)


def test_a_confirmed_run_that_became_outdated_is_discarded_instead_of_claimed(world):
    run, worker = ask(world.dave), hire()
    planned(claim(worker))
    runs.confirm(world.dave, run.id)
    db.session.get_one(Deployment, run.deployment_id).current_state_id = "another"
    db.session.commit()

    assert claim(worker, holds_directory=True) is None

    assert now(run).state is S.DISCARDED
    assert db.session.scalars(select(PlanUse)).first() is None


def test_the_same_draft_makes_one_run_however_often_it_is_sent(world):
    request = runs.NewRun(
        project="shop", stack="web", workspace="staging", type=RunType.TASK, command="true"
    )
    origin = runs.Origin(draft_id="d" * 20)

    first = runs.create(world.dave, request, origin)
    second = runs.create(world.dave, request, origin)

    assert first.id == second.id


def test_cancel_asks_once_and_a_second_time_is_a_conflict(world):
    run = ask(world.dave, "preview")
    claim(hire())

    runs.cancel(world.dave, run.id)

    assert now(run).cancel_requested_by == "Dave"
    with pytest.raises(Conflict, match="stopping since"):
        runs.cancel(world.dave, run.id)


def test_a_cancel_that_came_while_planning_stops_the_run_even_if_the_plan_was_done(world):
    run = ask(world.dave, auto_apply=True)
    held = claim(hire())
    runs.cancel(world.dave, run.id)

    planned(held)

    assert now(run).state is S.STOPPED
    assert db.session.scalars(select(PlanUse)).first() is None


def test_cancel_refuses_a_run_that_waits_and_discard_refuses_one_at_work(world):
    waiting, working = ask(world.dave), ask(world.dave, "preview", workspace="prod")
    claim(hire())

    with pytest.raises(Conflict, match="discard it instead"):
        runs.cancel(world.dave, working.id if now(waiting).worker_id else waiting.id)
    with pytest.raises(Conflict, match="cancel it instead"):
        runs.discard(world.dave, waiting.id if now(waiting).worker_id else working.id)


def test_force_cancel_is_refused_until_the_grace_period_is_over(world, frozen_clock):
    run = ask(world.dave, auto_apply=True)
    planned(claim(hire()))
    runs.cancel(world.dave, run.id)

    with pytest.raises(Conflict, match="not earlier"):
        runs.force_cancel(world.dave, run.id)
    frozen_clock.advance(1801)
    runs.force_cancel(world.dave, run.id)

    assert now(run).force_requested_at is not None


def test_a_kill_while_applying_ends_canceled_and_blocks(world):
    run = ask(world.dave, auto_apply=True)
    held = claim(hire())
    planned(held)

    work.interrupted(held, S.CANCELED, "Killed.", block="It was killed.")

    assert now(run).state is S.CANCELED
    assert db.session.get_one(Deployment, run.deployment_id).blocked_run_id == run.id


def test_rerun_keeps_the_commit_and_links_to_the_old_run(world):
    run = ask(world.dave, "preview")
    held = claim(hire())
    work.pin(held, {"kind": "git", "commit": "4f2c1e9", "branch": "main"})
    planned(held)

    again = runs.rerun(world.dave, run.id)

    assert again.rerun_of_id == run.id
    assert again.source["commit"] == "4f2c1e9"


def test_a_finished_preview_can_be_applied_with_the_same_pin(world):
    run = ask(world.dave, "preview")
    planned(claim(hire()))

    apply = runs.promote(world.dave, run.id)

    assert (apply.type, apply.promoted_from_id) == ("apply", run.id)


def test_a_protected_workspace_refuses_destroys_whoever_asks(world):
    with pytest.raises(Conflict, match="protected"):
        ask(world.ada, "destroy", workspace="prod")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"kind": "task", "command": "  "}, "command"),
        ({"kind": "apply", "command": "true"}, "command"),
        ({"kind": "apply", "destroy": True}, "destroy"),
        ({"kind": "preview", "auto_apply": True}, "auto_apply"),
        ({"kind": "destroy", "refresh_only": True}, "refresh_only"),
        ({"kind": "apply", "sourced": False}, "source"),
        ({"kind": "apply", "targets": ["-destroy\n"]}, "targets"),
        ({"kind": "apply", "priority": 101}, "priority"),
        ({"kind": "generate"}, "type"),
        ({"kind": "apply", "message": "x" * 2001}, "message"),
    ],
)
def test_what_does_not_hold_is_refused_by_field_and_makes_nothing(world, options, field):
    with pytest.raises(Invalid) as refusal:
        ask(world.dave, **options)

    assert field in refusal.value.fields
    assert holder(type("R", (), {"deployment_id": world.deployment().id})) is None


def test_a_viewer_may_do_nothing_to_runs_and_a_stranger_sees_none(world):
    run = ask(world.dave)

    assert runs.actions(world.vera, run) == []
    with pytest.raises(Forbidden):
        runs.discard(world.vera, run.id)
    with pytest.raises(NotFound):
        runs.discard(world.sam, run.id)
    with pytest.raises(Forbidden):
        ask(world.vera)
    with pytest.raises(NotFound):
        ask(world.sam)


def test_many_at_once_say_of_each_run_what_happened(world):
    first, second = ask(world.dave), ask(world.dave)

    results = runs.bulk(world.dave, "confirm", [first.id, second.id, "nothing"])

    assert [result.ok for result in results] == [False, False, False]
    results = runs.bulk(world.dave, "discard", [second.id, first.id])
    assert [result.ok for result in results] == [True, True]
    assert {now(first).state, now(second).state} == {S.DISCARDED}


def test_plans_expire_when_their_stack_says_so(world, frozen_clock):
    world.stack.plan_expires_s = 3600
    db.session.commit()
    run = ask(world.dave)
    planned(claim(hire()))

    before = runs.expire_plans()
    frozen_clock.advance(3601)
    after = runs.expire_plans()

    assert (before, after) == (0, 1)
    assert now(run).state is S.DISCARDED


def test_history_keeps_every_state_with_its_actor(world):
    run = ask(world.dave)
    planned(claim(hire()))
    runs.confirm(world.alice, run.id)

    rows = db.session.scalars(
        select(RunHistory).where(RunHistory.run_id == run.id).order_by(RunHistory.id)
    ).all()

    assert [row.state for row in rows][:3] == [S.QUEUED, S.READY, S.PREPARING]
    assert (rows[0].actor_name, rows[-1].actor_name) == ("Dave", "Alice")


def test_a_run_that_was_asked_to_stop_does_not_start_again_when_its_worker_is_lost(world):
    run = ask(world.dave)
    claim(hire())
    runs.cancel(world.dave, run.id)

    work.lose(run.id)

    assert now(run).state is S.STOPPED
    assert holder(run) is None


def test_a_confirmed_run_that_lost_its_worker_and_then_its_state_is_discarded(world):
    run, worker = ask(world.dave), hire()
    planned(claim(worker))
    runs.confirm(world.dave, run.id)
    claim(worker)
    work.lose(run.id)
    db.session.get_one(Deployment, run.deployment_id).current_state_id = "another"
    db.session.commit()

    assert claim(worker) is None

    assert now(run).state is S.DISCARDED
